#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

# A store with two passages; the receipt of their ingest is in $ingest.
animals() {
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  printf 'a dog is an animal\n\na cat is a secretmammal\n' >animals.md
  hart-ingest add --json animals.md >added
  ingest=$(jq -r .receipt <added)
}

@test "receipts: an ingest's says what was added, the second time there is none" {
  animals
  run -0 hart-prov why --json "$ingest"
  assert_equal "$(json .operation)" ingest
  assert_equal "$(json '.subjects[0].atom')" "$(jq -r .atom <added)"
  assert_equal "$(json '.subjects[0].name')" animals.md
  assert_equal "$(json '.subjects[1].atom')" "$(jq -r .structure <added)"
  assert_equal "$(json '.usage[0].unit')" byte
  assert_equal "$(json '.usage[0].units')" "$(stat -c %s animals.md)"
  run -0 hart-ingest add --json animals.md
  assert_equal "$(json .receipt)" null
  run -0 hart-prov verify --all --json
  assert_equal "$(json .receipts)" 1
}

@test "receipts: records that become durable together share one" {
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  for i in 1 2 3; do echo "{\"text\":\"passage $i\"}"; done | hart-ingest add --jsonl - >added
  assert_equal "$(jq -s 'map(.receipt) | unique | length' added)" 1
  run -0 hart-prov why --json "$(jq -r .receipt added | head -n 1)"
  assert_equal "$(json '[.subjects[] | select(.role == "content")] | length')" 3
}

@test "receipts: a vector that is kept has one of its atom and its model, one that is not has none" {
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  printf cat >word.txt
  hart-ingest add --quiet word.txt >/dev/null
  assert_equal "$(hart-infer embed dog | jq 'has("receipt")')" false
  assert_equal "$(hart-infer embed --no-store cat | jq 'has("receipt")')" false
  run -0 hart-prov verify --all --json
  assert_equal "$(json .receipts)" 1
  hart-infer embed cat >embedding
  run -0 hart-prov why --json "$(jq -r .receipt embedding)"
  assert_equal "$(json .operation)" embed_text
  assert_equal "$(json '.subjects | map(.atom) | join(" ")')" "$(jq -r .atom embedding)"
  assert_equal "$(json '.subjects[0].bytes')" 3
  assert_equal "$(json '.models[0].name')" "$(jq -r .model embedding)"
  assert_equal "$(json .parameters.dims)" "$(jq .dims embedding)"
  run -0 hart-prov query --json \
    "MATCH (i:Inference)-[u:USED_ATOM]->(a) WHERE i.task_type = 'embed_text' RETURN a.atom_id AS atom"
  assert_equal "$(json .values.atom)" "$(jq -r .atom embedding)"
  run -0 hart-prov verify --all --json
  assert_equal "$(json .receipts)" 2
}

@test "receipts: a search's holds what was asked and what was found, in that order" {
  animals
  hart-search query --strategy text --json --explain --fields rank,atom,score,receipt dog >hits
  receipt=$(jq -r 'select(.type == "hit") | .receipt' hits | head -n 1)
  assert_equal "$(jq -r 'select(.type == "explain") | .receipt' hits)" "$receipt"
  run -0 hart-prov why --json "$receipt"
  assert_equal "$(json .operation)" search
  assert_equal "$(json .asked)" dog
  assert_equal "$(json .parameters.chosen)" text
  assert_equal "$(json '.evidence[0].atom')" \
    "$(jq -r 'select(.rank == 1) | .atom' hits)"
  assert_equal "$(json '.evidence[0].rank')" 1
  assert_equal "$(json '.usage[0] | [.operation, .unit, .units] | join(" ")')" \
    "search query 1"
  run -0 hart-prov verify --all
}

@test "receipts: a stream of searches has one, in which each query opens by itself" {
  animals
  for word in dog secretmammal nothingsuch; do echo "{\"text\":\"$word\"}"; done |
    hart-search query --strategy text --fields receipt - >hits
  receipt=$(jq -r .receipt hits | sort -u)
  run -0 hart-prov why --json "$receipt"
  assert_equal "$(json '[.queries[].asked] | join(" ")')" "dog secretmammal nothingsuch"
  assert_equal "$(json '[.queries[].hits | length] | join(" ")')" "1 1 0"
  assert_equal "$(json '.usage[0].units')" 3
  run -0 hart-prov verify --json "$receipt"
  assert_equal "$(json .ok)" true
  # The ledger's entry is known by the same UUID.
  assert_equal "$(sqlite3 "$HART_STORE/hart.db" "SELECT count(*) FROM generation_stream
    WHERE operation = 'search'")" 1
}

@test "receipts: none holds the words of a query or of a document" {
  animals
  hart-search query --strategy text secretmammal >/dev/null
  for id in $(sqlite3 "$HART_STORE/hart.db" 'SELECT hex(uuid) FROM generation_stream'); do
    hart-prov show --raw "$id" >receipt.bin
    run -1 grep -c -a -e secretmammal -e animals.md receipt.bin
  done
}

@test "receipts: a store that can only be read answers without one" {
  [ "$(id -u)" -ne 0 ] || skip "root may write everything"
  animals
  chmod -R a-w "$HART_STORE"
  run -0 --separate-stderr hart-search query --strategy text --fields receipt --json dog
  assert_equal "$(json .receipt)" null
  chmod -R u+w "$HART_STORE"
}

@test "receipts: generate signs them with a key outside the store, and says who computed" {
  need_shared stories260K.gguf
  animals
  hart-prov log keygen -o "$PWD/key" a.example >/dev/null
  run -0 hart-infer generate -m "$HART_SHARED_DATA/stories260K.gguf" -n 4 --json \
    --receipt-key "$PWD/key" "once"
  id=$(json .inference)
  run -0 hart-prov verify --all --json
  assert_equal "$(json .signatures)" 1
  run -0 hart-prov show --json "$id"
  assert_equal "$(json .version)" 2
  assert_equal "$(json .engine.name)" transformer
  assert_equal "$(json .engine.device)" cpu
  assert_equal "$(json '.models | length')" 1
  assert_equal "$(json '.models[0].tensors > 0')" true
  assert_equal "$(json '.usage[0].unit')" token
  cp key "$HART_STORE/key"
  run -77 hart-infer generate -m "$HART_SHARED_DATA/stories260K.gguf" -n 1 --json \
    --receipt-key "$HART_STORE/key" "once"
}

@test "receipts: a model's tensors have one root, from a file and from the store" {
  need_shared stories260K.gguf
  animals
  hart-ingest add "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
  for model in "$HART_SHARED_DATA/stories260K.gguf" stories260K.gguf; do
    id=$(hart-infer generate -m "$model" -n 1 --json --no-cache "once" | jq -r .inference)
    hart-prov show --json "$id" | jq -c '.models[0] | [.model, .tensors, .tensor_root]'
  done >roots
  assert_equal "$(sort -u roots | wc -l)" 1
}
