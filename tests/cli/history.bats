# hart-ingest: the past. What changed, what was, and how to go back to it.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
}

# Whatever was done, the store is sound.
teardown() {
  hart-ingest fsck
}

# an instant between what was done before and what comes after, as --as-of reads it
instant() {
  sleep 0.01
  date -u +%Y-%m-%dT%H:%M:%S.%6NZ
  sleep 0.01
}

# two versions of a text, then none; $first and $second are instants when each was the newest
three_states() {
  echo first >a.txt
  hart-ingest add --version-tag one a.txt >/dev/null
  first=$(instant)
  echo second >a.txt
  hart-ingest add a.txt >/dev/null
  second=$(instant)
  hart-ingest rm a.txt@1 a.txt@2 >/dev/null
}

# model NAME NUMBER...: a SafeTensors file with one tensor of one F32 for each number
model() {
  python3 - "$@" <<'PY'
import json, struct, sys
name, numbers = sys.argv[1], [float(n) for n in sys.argv[2:]]
header = {f"blk.{i}.w": {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]}
          for i in range(len(numbers))}
text = json.dumps(header).encode()
with open(name, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + struct.pack(f"<{len(numbers)}f", *numbers))
PY
}

@test "--as-of: every read answers as of then, and the present is as it is" {
  three_states
  assert_equal "$(hart-ingest ls)" ""
  assert_equal "$(hart-ingest ls --as-of "$first" | jq -r '"\(.name)@\(.version)"')" a.txt@1
  assert_equal "$(hart-ingest ls --as-of "$second" | jq -r .version | paste -sd,)" 1,2
  assert_equal "$(hart-ingest cat --as-of "$first" a.txt)" first
  assert_equal "$(hart-ingest cat --as-of "$second" a.txt)" second
  assert_equal "$(hart-ingest cat --as-of "$second" a.txt@one)" first
  hart-ingest export --as-of "$first" -o out.txt a.txt >/dev/null
  assert_equal "$(cat out.txt)" first
  assert_equal "$(hart-ingest show --as-of "$first" a.txt | jq -r .type | head -n 1)" object
  assert_equal "$(hart-ingest tree --as-of "$first" a.txt |
    jq -r 'select(.depth == 2) | .value' | base64 -d)" first
  assert_equal "$(hart-ingest stat --as-of "$second" | jq 'select(.type == "summary").objects')" 2
  assert_equal "$(hart-ingest stat | jq 'select(.type == "summary").objects')" 0
  run --separate-stderr hart-ingest cat a.txt
  assert_failure 66
}

@test "--as-of: before the first there is nothing; what is to come is the present" {
  before=$(instant)
  echo here >b.txt
  hart-ingest add b.txt >/dev/null
  assert_equal "$(hart-ingest ls --as-of "$before")" ""
  run --separate-stderr hart-ingest show --as-of "$before" b.txt
  assert_failure 66
  assert_equal "$(hart-ingest ls --as-of 2999-01-01)" "$(hart-ingest ls)"
  assert_equal "$(hart-ingest ls --as-of 0 | jq -r .name)" b.txt
  assert_equal "$(hart-ingest ls --as-of 1d)" ""
  run --separate-stderr hart-ingest ls --as-of yesterday
  assert_failure 66
  assert_regex "$stderr" 'no such snapshot: yesterday'
}

@test "--as-of: another tenant's past does not show" {
  three_states
  hart-bill tenant add other >/dev/null
  assert_equal "$(hart-ingest ls -t other --as-of "$second")" ""
  run --separate-stderr hart-ingest cat -t other --as-of "$first" a.txt
  assert_failure 66
  run --separate-stderr hart-ingest history -t other a.txt
  assert_failure 66
}

@test "gc: what it took is named, in the past and in a rollback, and older versions do not stand in" {
  three_states
  hart-ingest gc --grace 0 >/dev/null
  run --separate-stderr hart-ingest cat --as-of "$second" a.txt
  assert_failure 66
  assert_regex "$stderr" 'a.txt@2: was removed at .* its content sha256:.* was collected since'
  run --separate-stderr hart-ingest ls --as-of "$second"
  assert_success
  assert_output ""
  assert_regex "$stderr" '2 objects of that time are left out'
  run --separate-stderr hart-ingest rollback a.txt --to "$first"
  assert_failure 66
  assert_regex "$stderr" "a.txt@1: its content sha256:$(printf 'first\n' | sha256sum | cut -d' ' -f1)"
}

@test "history: tells what happened, oldest first, and remembers names that are gone" {
  three_states
  run --separate-stderr hart-ingest history a.txt
  assert_success
  assert_equal "$(json '"\(.what) \(.version)"' | paste -sd,)" \
    'added 1,added 2,removed 1,removed 2'
  assert_equal "$(json .type | sort -u)" change
  assert_equal "$(json .time | sort -c && echo sorted)" sorted
  assert_equal "$(hart-ingest history a.txt@one | jq -r .what | paste -sd,)" added,removed
  assert_equal "$(hart-ingest history --as-of "$first" a.txt | jq -r .what)" added
  local word
  word=$(printf first | sha256sum | cut -c1-12)
  assert_equal "$(hart-ingest history "$word" | jq -r .what | paste -sd,)" held,released
  run --separate-stderr hart-ingest history nobody
  assert_failure 66
}

@test "history: a score shows as the importance of tensors and layers, and as of then" {
  hart-ingest add --name m "$HART_SOURCE/share/models/wordnet-llama.gguf" >/dev/null
  unscored=$(instant)
  hart-ingest score m >/dev/null
  run --separate-stderr hart-ingest history m
  assert_equal "$(json 'select(.tensor == "blk.0.attn_q.weight") | [.what, .method,
    .importance_before, .importance > 0] | tojson')" '["importance","magnitude",null,true]'
  assert_equal "$(json 'select(.layer == "blk.0") | .what')" importance
  local scored='select(.type == "tensor" or .type == "layer") | has("importance")'
  assert_equal "$(hart-ingest show m | jq "$scored" | sort -u)" true
  assert_equal "$(hart-ingest show m --as-of "$unscored" | jq "$scored" | sort -u)" false
}

@test "snapshot: keeps models through rm and gc until it is removed" {
  model m.safetensors 1 2 3
  model n.safetensors 4
  hart-ingest add m.safetensors n.safetensors >/dev/null
  echo text >t.txt
  hart-ingest add t.txt >/dev/null
  run --separate-stderr hart-ingest snapshot create s
  assert_success
  assert_equal "$(json '[.type, .name, .objects] | tojson')" '["snapshot","s",2]'
  run --separate-stderr hart-ingest snapshot create s
  assert_equal "$(json .unchanged)" true
  hart-ingest rm m.safetensors n.safetensors t.txt >/dev/null
  if hart-ingest gc --help >/dev/null 2>&1; then hart-ingest gc --grace 0 >/dev/null; fi
  assert_equal "$(hart-ingest ls --as-of s | jq -r .name | paste -sd,)" m.safetensors,n.safetensors
  hart-ingest cat --as-of s m.safetensors | cmp - m.safetensors
  hart-ingest snapshot remove --dry-run s >/dev/null
  assert_equal "$(hart-ingest snapshot list | jq -r .name)" s
  run --separate-stderr hart-ingest snapshot remove s
  assert_success
  assert_equal "$(json '.atoms_released > 0')" true
  assert_equal "$(hart-ingest snapshot list)" ""
  run --separate-stderr hart-ingest ls --as-of s
  assert_failure 66
}

@test "snapshot: names that read as times, unknown models and an empty store are refused" {
  run --separate-stderr hart-ingest snapshot create s
  assert_failure 66
  model m.safetensors 1
  hart-ingest add m.safetensors >/dev/null
  for name in 2026-01 7d 2026-01-31T09:30:00Z; do
    run --separate-stderr hart-ingest snapshot create "$name"
    assert_failure 2
  done
  run --separate-stderr hart-ingest snapshot create s nobody
  assert_failure 66
  hart-ingest snapshot create s >/dev/null
  model m.safetensors 2
  hart-ingest add m.safetensors >/dev/null
  run --separate-stderr hart-ingest snapshot create s
  assert_failure 73
  run --separate-stderr hart-ingest snapshot diff s nobody
  assert_failure 66
}

@test "snapshot diff and restore: what changed, tensor by tensor, and back again" {
  model m.safetensors 1 2 3
  model same.safetensors 7
  model gone.safetensors 8
  hart-ingest add m.safetensors same.safetensors gone.safetensors >/dev/null
  hart-ingest snapshot create s >/dev/null
  assert_equal "$(hart-ingest snapshot diff s)" ""
  cp m.safetensors old
  model m.safetensors 1 5 3 6
  model fresh.safetensors 9
  hart-ingest add m.safetensors fresh.safetensors >/dev/null
  hart-ingest rm gone.safetensors >/dev/null
  run --separate-stderr hart-ingest snapshot diff s
  assert_success
  assert_equal "$(json '"\(.what) \(.name)"' | paste -sd,)" \
    'added fresh.safetensors,removed gone.safetensors,changed m.safetensors'
  assert_equal "$(json 'select(.what == "changed") | [.tensors_shared, .tensors_changed,
    .tensors_added, .tensors_removed] | tojson')" '[2,1,1,0]'
  run --separate-stderr hart-ingest snapshot restore --dry-run s
  assert_equal "$(json '[.name, .version, .unchanged, .dry_run] | tojson' | paste -sd' ')" \
    '["gone.safetensors",1,null,true] ["m.safetensors",3,null,true] ["same.safetensors",1,true,true]'
  hart-ingest snapshot restore s m.safetensors >/dev/null
  hart-ingest cat m.safetensors | cmp - old
  run hart-ingest ls --kind model
  assert_equal "$(json 'select(.name == "gone.safetensors") | .name')" ""
  hart-ingest snapshot restore s >/dev/null
  assert_equal "$(hart-ingest snapshot diff s | jq -r .what)" added
  run --separate-stderr hart-ingest snapshot restore s nobody
  assert_failure 66
}

@test "rollback: to a time and to a snapshot, once, and the history says so" {
  model m.safetensors 1
  hart-ingest add --version-tag good m.safetensors >/dev/null
  good=$(instant)
  hart-ingest snapshot create s >/dev/null
  cp m.safetensors old
  model m.safetensors 2
  hart-ingest add m.safetensors >/dev/null
  run --separate-stderr hart-ingest rollback m.safetensors --to "$good" --dry-run
  assert_success
  assert_equal "$(json '[.version, .from_version, .dry_run] | tojson')" '[3,1,true]'
  assert_equal "$(hart-ingest ls | jq -s length)" 2
  run --separate-stderr hart-ingest rollback m.safetensors --to "$good"
  assert_equal "$(json '[.type, .version, .version_tag, .source] | tojson')" \
    '["restored",3,"good","rollback:m.safetensors@1"]'
  hart-ingest cat m.safetensors | cmp - old
  run --separate-stderr hart-ingest rollback m.safetensors --to "$good"
  assert_equal "$(json '[.version, .unchanged] | tojson')" '[3,true]'
  assert_equal "$(hart-ingest history m.safetensors | jq -r .what | paste -sd,)" \
    added,snapshot,added,restored
  hart-ingest rm m.safetensors@1 m.safetensors@2 m.safetensors@3 >/dev/null
  run --separate-stderr hart-ingest rollback m.safetensors --to s
  assert_success
  hart-ingest cat m.safetensors | cmp - old
  run --separate-stderr hart-ingest rollback m.safetensors --to 9y
  assert_failure 66
  assert_regex "$stderr" 'm.safetensors: was not there at '
}

@test "rollback: a text that comes back can be found again" {
  printf 'A quagga is no zebra.\n' >q.txt
  hart-ingest add q.txt >/dev/null
  there=$(instant)
  hart-ingest rm q.txt >/dev/null
  run hart-search query --strategy text quagga
  assert_equal "$(json 'select(.type == "hit") | .text')" ""
  hart-ingest rollback q.txt --to "$there" >/dev/null
  run hart-search query --strategy text quagga
  assert_equal "$(json 'select(.type == "hit") | .text')" 'A quagga is no zebra.'
}

@test "retention: policies are listed and set; prune forgets what they let go" {
  three_states
  run --separate-stderr hart-ingest retention
  assert_success
  assert_equal "$(json 'select(.table == "tenant_object_history") | .keep_days')" 365
  assert_equal "$(hart-ingest retention set tenant_object_history 2y | jq .keep_days)" 730
  assert_equal "$(hart-ingest retention prune | jq -s 'map(.rows) | add')" 0
  hart-ingest retention set tenant_object_history 0 >/dev/null
  local rows='select(.table == "tenant_object_history") | .rows'
  assert_equal "$(hart-ingest retention prune --dry-run | jq "$rows")" 2
  assert_equal "$(hart-ingest retention prune | jq "$rows")" 2
  assert_equal "$(hart-ingest ls --as-of "$second")" ""
  run --separate-stderr hart-ingest retention set tenant_object 1
  assert_failure 2
  run --separate-stderr hart-ingest retention set query_log 36h
  assert_failure 2
}

@test "tree: a model is layers of tensors, and no deeper or longer than asked" {
  model m.safetensors 1 2
  hart-ingest add m.safetensors >/dev/null
  run --separate-stderr hart-ingest tree m.safetensors
  assert_success
  assert_equal "$(json '"\(.depth) \(.kind) \(.name)"' | paste -sd,)" \
    '0 model m.safetensors,1 layer blk.0,2 tensor w,1 layer blk.1,2 tensor w'
  assert_equal "$(json 'select(.kind == "tensor") | [.dtype, .shape, .bytes] | tojson' | sort -u)" \
    '["f32",[1],4]'
  assert_equal "$(hart-ingest tree --depth 0 m.safetensors | jq -s length)" 1
  assert_equal "$(hart-ingest tree --depth 1 m.safetensors | jq -s length)" 3
  assert_equal "$(hart-ingest tree --limit 2 m.safetensors | jq -s length)" 2
  run hart-ingest tree --format human --limit 3 m.safetensors
  assert_line --index 1 --regexp '^├── blk.0  layer'
  assert_line --index 2 --regexp '^│   └── w  tensor f32 \[1\]  4 B'
  assert_line --index 3 '…'
}
