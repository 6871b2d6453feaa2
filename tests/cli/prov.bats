#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

# A store with one generation grounded in one passage; its UUID is in $id.
generation() {
  need_shared stories260K.gguf
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  hart-ingest add "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
  generate
  id=$(jq -r .inference <generated)
}

generate() {
  echo '{"type":"hit","rank":1,"atom":"sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b","score":1,"text":"a dog is an animal","name":"animals.md"}' |
    hart-infer generate -m stories260K.gguf --context - -n 8 --seed 7 \
      --temperature 0.8 --json "the secretprompt" >generated
}

@test "prov: why names what was asked, what was answered and on which evidence" {
  generation
  run -0 hart-prov why --json "$id"
  assert_equal "$(json .asked)" "the secretprompt"
  assert_equal "$(json .answered)" "$(jq -r .text <generated)"
  assert_equal "$(json '.evidence[0].name')" animals.md
  assert_equal "$(json '.evidence[0].text')" "a dog is an animal"
  assert_equal "$(json .seed)" 7
  run -0 hart-prov why --format human "$id"
  assert_output --partial "because of"
  assert_output --partial "animals.md: a dog is an animal"
}

@test "prov: why reads what generate wrote" {
  generation
  run -0 hart-prov why --json - <generated
  assert_equal "$(json .inference)" "$id"
}

@test "prov: a receipt holds no content, and its hash is that of its bytes" {
  generation
  hart-prov show --raw "$id" >receipt.bin
  run -1 grep -c -a -e secretprompt -e animals.md -e "a dog" receipt.bin
  run -0 hart-prov show --json "$id"
  assert_equal "$(json .receipt)" "sha256:$(sha256sum <receipt.bin | cut -d' ' -f1)"
}

@test "prov: an inclusion proof is checked without the store, a forged one is refused" {
  generation
  for _ in 1 2 3 4; do generate; done
  hart-prov log prove --json "$id" >proof.json
  hart-prov show --raw "$id" >receipt.bin
  root=$(hart-prov log root --json | jq -r .root)
  check=$HART_SOURCE/tests/conformance/verify_proof.py
  python3 "$check" --root "$root" --receipt receipt.bin <proof.json
  jq -c '.proof[0] = .leaf_hash' proof.json >forged
  run -1 python3 "$check" <forged
  jq -c '.leaf_index += 1' proof.json >forged
  run -1 python3 "$check" <forged
  printf x >>receipt.bin
  run -1 python3 "$check" --receipt receipt.bin <proof.json
}

@test "prov: an earlier tree head still contains what it contained" {
  generation
  early=$(hart-prov log root --json | jq -r .root)
  size=$(hart-prov log root --json | jq -r .size)
  generate
  run -0 hart-prov log root --json --size "$size"
  assert_equal "$(json .root)" "$early"
  hart-prov log prove --json --size "$size" "$id" >proof.json
  python3 "$HART_SOURCE/tests/conformance/verify_proof.py" --root "$early" <proof.json
  run -2 hart-prov log root --size $((size + 2))
}

@test "prov: verify accepts an untouched store and finds a changed receipt" {
  generation
  generate
  run -0 hart-prov verify --json "$id"
  assert_equal "$(json .ok)" true
  run -0 hart-prov verify --all --json
  # Two generations, and the ingest of the model.
  assert_equal "$(json .receipts)" 3
  sqlite3 "$HART_STORE/hart.db" \
    "DROP TRIGGER generation_stream_is_never_changed;
     UPDATE generation_stream SET finish_reason = 'changed' WHERE leaf_index = 1;"
  run -1 hart-prov verify --all --json
  assert_output --partial "finish reason"
  run -1 hart-prov verify "$id"
}

@test "prov: a generation of another tenant's does not exist" {
  generation
  hart-bill tenant add other >/dev/null
  for command in show why verify; do
    run -66 hart-prov "$command" -t other "$id"
  done
  run -66 hart-prov log prove -t other "$id"
  run -0 hart-prov log root -t other --json
  assert_equal "$(json .size)" 0
}

@test "prov: what is no id is bad data, what is unknown does not exist" {
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  run -65 hart-prov show xyz
  run -65 hart-prov show 01234
  run -66 hart-prov show 012345
  run -2 hart-prov verify
  run -2 hart-prov verify --all 012345
  run -66 hart-prov show -s nowhere 012345
}
