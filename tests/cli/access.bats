#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

# Two notes that share a paragraph, and what is known of them: vectors, an index, an edge, a
# snapshot, a receipt.
with_notes() {
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  printf 'Zanzibar lies off the coast.\n\nA dog barks at night.\n' >a.md
  printf 'A dog barks at night.\n\nQuicksilver is a metal.\n' >b.md
  hart-ingest add a.md b.md >/dev/null
  hart-ingest relate a.md b.md --type near --weight 0.5 >/dev/null
  hart-ingest snapshot create snap a.md >/dev/null
  hart-search index build --kind flat >/dev/null 2>&1 || true
  id=$(hart-ingest show a.md --json | jq -s -r '.[0].atom')
}

level() { hart-ingest access "$1" --level "$2" >/dev/null; }

texts() { hart-search query "$1" --strategy "${2:-text}" --json | jq -r .text; }

sound() {
  run -0 hart-ingest fsck --json
  assert_equal "$(jq -s -r '.[-1].findings' <<<"$output")" 0
}

# All that can be seen, to be compared.
seen() {
  hart-ingest ls --json
  hart-ingest ls --as-of snap --json
  hart-ingest stat --json | jq -c 'del(.catalog_bytes, .pack_bytes)'
  hart-ingest tree a.md --json
  hart-ingest cat a.md
  texts zanzibar
  texts dog
  hart-search query Zanzibar --strategy exact --json | jq -c '[.atom, .text]'
  hart-search walk a.md --hops 2 --json
}

@test "access none: no subcommand of any tool shows a hidden object" {
  with_notes
  now=$(date -u +%FT%TZ)
  level a.md none
  run -0 hart-ingest ls --json
  assert_equal "$(jq -r .name <<<"$output" | paste -sd,)" b.md
  for command in "hart-ingest show a.md" "hart-ingest show $id" "hart-ingest tree a.md" \
    "hart-ingest cat a.md" "hart-ingest cat ${id:7:12}" "hart-ingest export a.md -o out" \
    "hart-ingest history a.md" "hart-ingest history $id" "hart-ingest cat a.md --as-of $now" \
    "hart-ingest cat a.md --as-of snap" "hart-ingest diff a.md b.md" "hart-ingest rm a.md" \
    "hart-ingest erase a.md" "hart-ingest relate a.md b.md --type x" \
    "hart-search neighbors a.md" "hart-search walk a.md" "hart-search path a.md b.md" \
    "hart-prov trace a.md"; do
    # shellcheck disable=SC2086
    run -66 $command
  done
  run -65 hart-infer embed - --json <<<'{"atom":"a.md"}'
  assert_output --partial "no such atom: a.md"
  for as_of in "$now" snap; do
    run -0 hart-ingest ls --as-of "$as_of" --json
    refute_output --partial a.md
  done
  run hart-search query zanzibar --strategy text --json
  refute_output --partial Zanzibar
  run hart-search query zanzibar --strategy exact --json
  refute_output --partial Zanzibar
  run hart-search walk b.md --hops 3 --json
  refute_output --partial "$id"
  run hart-prov query 'MATCH (n) RETURN n'
  refute_output --partial a.md
  # What the other note says, too, is found there.
  assert_equal "$(texts dog)" "A dog barks at night."
  run -0 hart-ingest rm b.md
  run hart-search query dog --strategy text --json
  refute_output --partial dog
  hart-ingest gc >/dev/null
  sound
  level a.md write
  assert_equal "$(texts dog)" "A dog barks at night."
  assert_equal "$(hart-ingest cat a.md)" "$(cat a.md)"
  sound
}

@test "access none: raising the level brings everything back as it was" {
  with_notes
  seen >before
  level a.md none
  level b.md none
  run hart-search query dog --strategy text --json
  refute_output --partial dog
  level b.md write
  level a.md read
  level a.md write
  seen >after
  diff before after
  sound
}

@test "access read: what changes or removes an object is refused by name, and recorded" {
  with_notes
  level a.md read
  hart-ingest snapshot create other b.md >/dev/null
  echo "Another." >other.md
  for command in "hart-ingest rm a.md" "hart-ingest rm $id" "hart-ingest erase a.md" \
    "hart-ingest erase --all" "hart-ingest relate a.md b.md --type x" \
    "hart-ingest relate b.md a.md --type near --remove" \
    "hart-ingest add other.md --name a.md" "hart-ingest add a.md --version-tag t"; do
    # shellcheck disable=SC2086
    run -77 $command
    assert_output --partial "a.md@1: its access level is read"
  done
  run -0 hart-bill audit --refused --json
  assert_equal "${#lines[@]}" 8
  assert_equal "$(jq -s -r '.[0] | "\(.command): \(.tenant)"' <<<"$output")" \
    "hart-ingest rm: default"
  # Nothing has changed, and all may be read.
  for command in "hart-ingest ls" "hart-ingest show a.md" "hart-ingest tree a.md" \
    "hart-ingest cat a.md" "hart-ingest export a.md -o out" "hart-ingest history a.md" \
    "hart-ingest add a.md" "hart-search walk a.md" \
    "hart-ingest snapshot create third a.md" "hart-ingest rm b.md"; do
    # shellcheck disable=SC2086
    run -0 $command
  done
  assert_equal "$(texts zanzibar)" "Zanzibar lies off the coast."
  run -0 hart-ingest show a.md --json
  assert_equal "$(jq -s -r '.[0].access' <<<"$output")" read
  level a.md write
  run -0 hart-ingest rm a.md
  sound
}

@test "access: a model that may only be read runs, and is neither scored nor rolled back over" {
  need_shared stories260K.gguf
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  hart-ingest add "$HART_SHARED_DATA/stories260K.gguf" --name m >/dev/null
  hart-ingest snapshot create snap m >/dev/null
  hart-infer generate -m m -n 4 --seed 1 --temperature 0 --json Once | jq -r .text >before
  level m read
  run -77 hart-ingest score m
  run -77 hart-ingest extract m -o m --layers 0
  run -0 hart-ingest extract m -o student --layers 0
  hart-infer generate -m m -n 4 --seed 1 --temperature 0 --json Once | jq -r .text >reading
  diff before reading
  level m none
  run -66 hart-infer generate -m m -n 4 Once
  run -66 hart-ingest export m -o out
  run -66 hart-ingest rollback m --to snap
  run -0 hart-infer models --json
  refute_output --partial '"name":"m"'
  # The student has tensors of the hidden model's, and keeps them.
  run -0 hart-ingest export student -o out
  level m write
  hart-infer generate -m m -n 4 --seed 1 --temperature 0 --json Once | jq -r .text >after
  diff before after
  sound
}

@test "access: it is the owner's to set, takes no key, and stands in the audit log" {
  with_notes
  run -0 hart-ingest access a.md --level none --dry-run --json
  assert_equal "$(jq -s -r '.[0] | "\(.before) \(.access) \(.dry_run)"' <<<"$output")" \
    'write none true'
  run -0 hart-ingest access a.md --level none --json
  # The snapshot shows what it holds until it is hidden there, too.
  assert_equal "$(jq -s -c '[.[] | [.name, .version, .atoms_hidden > 0]]' <<<"$output")" \
    '[["a.md",1,false],["a.md",1,true]]'
  run -0 hart-ingest access --json
  assert_equal "$(jq -s -r '[.[] | "\(.name) \(.access) \(.in_snapshot)"] | join(",")' <<<"$output")" \
    'a.md none null,a.md none true'
  run -66 hart-ingest access nothing --level none
  run -2 hart-ingest access --level none
  run -2 hart-ingest access a.md --level some
  run -0 hart-bill audit --json
  assert_output --partial '"detail":"a.md@1 none, a.md@1 in a snapshot none"'
  key=$(hart-bill key issue --scope '*' --json 2>/dev/null | jq -r .key)
  HART_API_KEY=$key run -77 hart-ingest access a.md --level write
  run -0 hart-ingest access a.md --level write
  HART_API_KEY=$key run -0 hart-ingest cat a.md
}

# All that hart-prov tells of every receipt, in the file told; synced to a target of its own.
told() {
  rm -rf told synced-"$1"
  for id in $(hart-prov query --json 'MATCH (i:Inference) RETURN i.inference_id AS id' |
    jq -r .values.id); do
    hart-prov why "$id"
    hart-prov why --json "$id"
    hart-prov trace "$id" || true
    hart-prov export --as dot "$id"
  done >told
  hart-prov query --json 'MATCH (n)-[r]->(m) RETURN n, r, m' >>told
  for format in cypher prov-json prov-n graphml dot; do
    hart-prov export --as "$format" >>told
  done
  for format in csv neo4j-csv; do
    hart-prov export --as "$format" -o "told.$format" >/dev/null
    find "told.$format" -type f -exec cat {} + >>told
    rm -rf "told.$format"
  done
  hart-prov sync "synced-$1" >/dev/null
  find "synced-$1" -type f -exec cat {} + >>told
}

@test "access none: receipts withhold the names and texts of what is hidden, and verify" {
  with_notes
  hart-search query zanzibar --strategy text --json >hits
  hart-infer generate -m "$HART_SOURCE/share/models/wordnet-llama.gguf" -n 3 --seed 7 \
    --context hits --json "an island" >generated
  id=$(jq -r 'select(.inference) | .inference' generated | tail -1)
  told before
  for shown in a.md Zanzibar "an island"; do grep -q -F "$shown" told; done
  level a.md none
  told after
  for hidden in a.md Zanzibar; do
    run -1 grep -F "$hidden" told
  done
  # What was asked of it stays.
  for shown in "an island" zanzibar b.md; do grep -q -F "$shown" told; done
  run -0 hart-prov why "$id" --json
  assert_equal "$(json '[.asked, (.evidence | length), .erased] | @csv')" '"an island",0,1'
  run -0 hart-prov query --json 'MATCH (e:Evidence) RETURN e.content AS c, e.source AS s'
  assert_equal "$(jq -s -c 'map(.values | [.c, .s]) | unique' <<<"$output")" '[[null,null]]'
  run -0 hart-prov verify --all
  run -1 hart-prov verify "$id" --replay
  assert_output --partial "evidence 0 (erased)"
  level a.md write
  run -0 hart-prov why "$id" --json
  assert_equal "$(json '[.evidence[0].name, .erased] | @csv')" '"a.md",0'
  run -0 hart-prov verify --all
}
