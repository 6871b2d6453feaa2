# What becomes of a store over time: collecting, checking, copying, erasing, migrating.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
}

# text NAME: a file of words that no other has.
text() { seq -f "$1-%g" 2000 | paste -sd' ' >"$1"; }

add() { hart-ingest add --no-embed --compress none "$@" >/dev/null; }

# sound: the check finds nothing.
sound() {
  run --separate-stderr hart-ingest fsck
  assert_success
  assert_equal "${stderr:-}" ""
  assert_equal "$(json 'select(.type == "summary") | .findings')" 0
}

@test "lifecycle: gc gives back what was removed, and a dry run says how much" {
  text a
  text b
  add a b
  hart-ingest rm a >/dev/null
  local before
  before=$(du --block-size=1 "$HART_STORE/packs" | cut -f1)
  run --separate-stderr hart-ingest gc --dry-run
  assert_success
  local would=$output
  assert_equal "$(json .dry_run)" true
  assert_equal "$(json '.atoms > 2')" true
  run --separate-stderr hart-ingest gc
  assert_success
  assert_equal "$(json .type)" collection
  assert_equal "$(json .atoms)" "$(jq .atoms <<<"$would")"
  assert_equal "$(json .bytes_freed)" "$(jq .bytes <<<"$would")"
  assert_equal "$(json .bytes_waiting)" 0
  assert_equal "$(json .complete)" true
  assert [ "$(du --block-size=1 "$HART_STORE/packs" | cut -f1)" -lt "$before" ]
  run hart-ingest cat b
  assert_output "$(cat b)"
  run hart-ingest cat a
  assert_failure 66
  sound
}

@test "lifecycle: gc keeps what was dropped within the grace" {
  text a
  add a
  hart-ingest rm a >/dev/null
  run hart-ingest gc --grace 7d
  assert_equal "$(json .atoms)" 0
  run hart-ingest cat --as-of "$(date -u -d '-1 minute' +%FT%TZ)" a
  assert_failure 66
  run hart-ingest gc --grace 0
  assert_equal "$(json '.atoms > 2000')" true
}

@test "lifecycle: durations that are none are refused" {
  local bad
  for bad in 7 d -1d 1.5h '7 d' 7dd 99999999999999999999d ''; do
    run --separate-stderr hart-ingest gc --grace "$bad"
    assert_failure 2
    assert_equal "${#stderr_lines[@]}" 1
  done
}

@test "lifecycle: a reader holds bytes back only as long as it reads" {
  text a
  add a
  mkfifo out hold
  # The reader has opened the store, and waits for somebody to read its output.
  hart-ingest cat a >out &
  local reader=$!
  exec 7<out
  head -c 10 <&7 >/dev/null
  hart-ingest rm a >/dev/null
  run hart-ingest gc
  local waiting
  waiting=$(json .bytes_waiting)
  cat <&7 >rest
  exec 7<&-
  wait "$reader"
  run hart-ingest gc
  assert_equal "$(json .bytes_waiting)" 0
  # A fast reader may be done before the collection: then nothing waited.
  assert_equal "$(json ".bytes_freed + (if $waiting > 0 then 0 else 1 end) > 0")" true
  sound
}

@test "lifecycle: fsck names a changed byte, who needs it, and ends with 1" {
  text a
  add a
  sound
  printf X | dd of="$HART_STORE/packs/pack-00000001.hpk" bs=1 seek=500 conv=notrunc status=none
  run --separate-stderr hart-ingest fsck
  assert_failure 1
  assert_equal "$(json 'select(.type == "finding") | .where' | head -1)" 'extent 1 in pack 1 at offset 128'
  assert_equal "$(json 'select(.type == "finding") | .what' | head -1)" 'its checksum differs; needed by default/a@1'
  assert_equal "$(json 'select(.type == "finding") | keys_unsorted[0]' | sort -u)" type
  run --separate-stderr hart-ingest fsck --quick
  assert_failure 1
  run --separate-stderr hart-ingest fsck --repair
  assert_failure 1
}

@test "lifecycle: fsck compares structures with what they are made of" {
  command -v sqlite3 >/dev/null || skip "no sqlite3"
  cp "$HART_SOURCE/share/models/wordnet-llama.gguf" m
  add m
  text a
  add a
  sound
  # Two parts of a whole in another order: every row for itself is sound.
  sqlite3 "$HART_STORE/hart.db" "
    UPDATE atom_composition SET component_atom_id = (SELECT component_atom_id FROM atom_composition AS o
      WHERE o.parent_atom_id = atom_composition.parent_atom_id AND o.position = 2)
    WHERE position = 0 AND parent_atom_id = (SELECT structure_id FROM tenant_object WHERE name = 'm')
      AND EXISTS (SELECT 1 FROM atom_composition AS o WHERE o.parent_atom_id = atom_composition.parent_atom_id);
    UPDATE tensor_atom SET name = 'another' WHERE position = 0"
  run --separate-stderr hart-ingest fsck
  assert_failure 1
  assert_equal "$(json 'select(.type == "finding") | .what' | grep -c 'what it is made of has another id')" 1
}

@test "lifecycle: fsck --repair puts counts right, says so, and ends with 0" {
  command -v sqlite3 >/dev/null || skip "no sqlite3"
  text a
  add a
  sqlite3 "$HART_STORE/hart.db" 'UPDATE tenant_atom SET holders = 7 WHERE atom_id <= 2'
  run --separate-stderr hart-ingest fsck
  assert_failure 1
  run --separate-stderr hart-ingest fsck --repair
  assert_success
  assert_equal "$(json 'select(.type == "finding") | .repaired' | sort | uniq -c | tr -s ' ')" ' 2 true'
  sound
}

@test "lifecycle: a backup is a store of its own, made while another writes" {
  text a
  text b
  add a b
  hart-ingest rm b >/dev/null
  (for i in $(seq 20); do text "w$i" && add "w$i"; done) &
  run --separate-stderr hart-ingest backup copy.hart
  assert_success
  assert_equal "$(json .type)" backup
  assert_equal "$(json .findings)" 0
  wait
  HART_STORE=copy.hart run hart-ingest cat a
  assert_output "$(cat a)"
  HART_STORE=copy.hart sound
  run --separate-stderr hart-ingest backup copy.hart
  assert_failure 73
  assert [ ! -e copy.hart.partial ]
}

@test "lifecycle: nothing that was erased is left in any file of the store" {
  printf 'the secretword stands here\n\nand something else\n' >a
  printf 'something public\n' >b
  hart-ingest add a b >/dev/null
  hart-search query --json secretword >/dev/null
  printf 'an older secretword\n' >c
  hart-ingest add --name a c >/dev/null
  hart-ingest rm a@1 >/dev/null
  grep -rq secretword "$HART_STORE"
  run --separate-stderr hart-ingest erase --dry-run a
  assert_success
  assert_equal "$(json .objects)" 2
  grep -rq secretword "$HART_STORE"
  run --separate-stderr hart-ingest erase a
  assert_success
  assert_equal "$(json .type)" erasure
  assert_equal "$(json .objects)" 2
  assert_equal "$(json .complete)" true
  assert_equal "$(json '.commitment | length')" 64
  run grep -r secretword "$HART_STORE"
  assert_failure 1
  run hart-ingest cat b
  assert_output 'something public'
  run hart-ingest erase a
  assert_failure 66
  sound
}

@test "lifecycle: erase wants to know what, and --all takes one tenant's alone" {
  run hart-ingest erase
  assert_failure 2
  text a
  add a
  run hart-ingest erase --all a
  assert_failure 2
  hart-bill tenant add other >/dev/null
  text theirs
  hart-ingest add -t other --no-embed theirs >/dev/null
  run --separate-stderr hart-ingest erase --all -t other
  assert_success
  assert_equal "$(json .tenant)" other
  run grep -r theirs-17 "$HART_STORE"
  assert_failure 1
  run hart-ingest cat a
  assert_output "$(cat a)"
  sound
}

@test "lifecycle: stat says what each codec and modality takes, tenant by tenant" {
  text a
  add a
  cp a again
  add again
  hart-bill tenant add other >/dev/null
  hart-ingest add -t other --no-embed a >/dev/null
  run --separate-stderr hart-ingest stat
  assert_success
  assert_equal "$(json 'select(.type == "modality") | .dedup_ratio > 0.4 and .dedup_ratio < 0.6')" true
  assert_equal "$(json 'select(.type == "codec") | .codec')" raw
  run --separate-stderr hart-ingest stat --all-tenants
  assert_success
  assert_equal "$(json 'select(.type == "summary") | .tenant' | paste -sd,)" default,other
  assert_equal "$(json 'select(.type == "store_summary") | .objects')" 3
  hart-ingest rm a again >/dev/null
  hart-ingest rm -t other a >/dev/null
  hart-ingest gc >/dev/null
  run --separate-stderr hart-ingest stat --all-tenants
  assert_equal "$(json 'select(.type == "store_summary") | .extents')" 0
  assert_equal "$(json 'select(.type == "store_summary") | .bytes_free > 0')" true
}

# unpack_old: the store that version 1 of the schema wrote, in old.hart.
unpack_old() {
  tar --zstd -xf "$HART_SOURCE/tests/data/store-v1.tar.zst"
  export HART_STORE=$BATS_TEST_TMPDIR/old.hart
}

@test "lifecycle: an older store is refused until it is migrated, and then holds what it held" {
  unpack_old
  run --separate-stderr hart-ingest ls
  assert_failure 78
  assert_regex "$stderr" 'hart-ingest migrate'
  run --separate-stderr hart-ingest migrate --dry-run
  assert_success
  assert_equal "$(json '"\(.from) \(.to) \(.dry_run)"')" '1 6 true'
  assert [ ! -e "$HART_STORE/hart.db.schema-1" ]
  run --separate-stderr hart-ingest migrate
  assert_success
  assert_equal "$(json .type)" migration
  assert [ -s "$HART_STORE/hart.db.schema-1" ]
  sound
  local count=0 name version atom
  while read -r name version atom; do
    hart-ingest export -o out "$name@$version" >/dev/null
    assert_equal "sha256:$(sha256sum <out | cut -d' ' -f1)" "$atom"
    count=$((count + 1))
  done < <(hart-ingest ls | jq -r '"\(.name) \(.version) \(.atom)"')
  assert [ "$count" -gt 3 ]
  run --separate-stderr hart-ingest migrate
  assert_success
  assert_equal "$(json 'has("backup")')" false
  # What is added again is found as it was stored then.
  for name in $(hart-ingest ls | jq -r .name | sort -u); do
    hart-ingest export -o "again-$name" "$name" >/dev/null
    hart-ingest add --no-embed "again-$name" >/dev/null
    hart-ingest cat "again-$name" | cmp - "again-$name"
  done
  sound
  hart-ingest ls | jq -r '"\(.name)@\(.version)"' | xargs hart-ingest rm >/dev/null
  hart-ingest gc >/dev/null
  sound
  assert_equal "$(hart-ingest stat --all-tenants | jq 'select(.type == "store_summary") | .extents')" 0
}

@test "lifecycle: a migration that is killed leaves the old store or the new one" {
  local i
  for i in 1 2 3 4 5 6 8 10 14 20 30 50; do
    rm -rf old.hart
    unpack_old
    timeout -s KILL "0.0$(printf %02d "$i")" hart-ingest migrate >/dev/null 2>&1 || true
    if ! hart-ingest ls >/dev/null 2>&1; then
      run hart-ingest ls
      assert_failure 78
      hart-ingest migrate >/dev/null
    fi
    run hart-ingest fsck
    assert_success
  done
}
