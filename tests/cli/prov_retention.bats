#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

# A store with a model and two documents, and an answer grounded in each of them.
grounded() {
  need_shared stories260K.gguf
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  hart-ingest add "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
  echo "Zanzibarella keeps seven quokkas in her attic." >secret.md
  echo "Plumbago is a flower that blooms in summer." >flower.md
  hart-ingest add secret.md flower.md >/dev/null
  for word in Zanzibarella Plumbago; do
    hart-search query "$word" --strategy text -k 1 --json |
      hart-infer generate -n 8 --temperature 0 --context - --json "askedabout$word"
  done >generated
}

files_with() { grep -l -r -a -F -e "$1" "$HART_STORE"; }

@test "retention: old openings go from every file, receipts stay and verify" {
  grounded
  size=$(hart-prov log root --json | jq .size)
  run -0 hart-prov retention --keep-days 0 --dry-run --json
  assert_equal "$(json .receipts)" "$size"
  openings=$(json .rows)
  run -0 files_with askedaboutPlumbago
  run -0 hart-prov retention --keep-days 0 --json
  assert_equal "$(json .rows)" "$openings"
  run -1 files_with askedaboutPlumbago
  run -1 files_with askedaboutZanzibarella
  run -0 hart-prov verify --all --json
  assert_equal "$(json .receipts)" "$size"
  assert_equal "$(json .erased)" "$openings"
  run -0 hart-prov why --json "$(jq -s -r '.[0].inference' generated)"
  assert_equal "$(json .asked)" null
  run -0 hart-prov retention --keep-days 0 --json
  assert_equal "$(json .rows)" 0
}

@test "retention: two years unless the store's policy was set, and what is younger stays" {
  grounded
  run -0 hart-prov retention --json
  assert_equal "$(json .keep_days)" 730
  assert_equal "$(json .rows)" 0
  hart-ingest retention set generation_stream_opening 30 >/dev/null
  run -0 hart-prov retention --json
  assert_equal "$(json .keep_days)" 30
  assert_equal "$(json .receipts)" 0
  run -0 hart-prov why --json "$(jq -s -r '.[0].inference' generated)"
  assert_equal "$(json .asked)" askedaboutZanzibarella
  run -0 hart-ingest retention prune --json
  refute_output --partial generation_stream_opening
}

@test "erase: an object's text goes from the receipts that it was evidence of, and no other" {
  grounded
  run -0 files_with "seven quokkas"
  run -0 hart-ingest erase secret.md --json
  assert [ "$(json .openings)" -ge 3 ]
  run -1 files_with "seven quokkas"
  run -1 files_with secret.md
  run -0 hart-prov verify --all --json
  run -0 hart-prov why --json "$(jq -s -r '.[0].inference' generated)"
  assert_equal "$(json .answered)" null
  assert_equal "$(jq -c .evidence <<<"$output")" '[]'
  assert_equal "$(json .asked)" askedaboutZanzibarella
  run -0 hart-prov why --json "$(jq -s -r '.[1].inference' generated)"
  assert_equal "$(json '.evidence[0].name')" flower.md
  assert_equal "$(json .erased)" 0
}

@test "erase: a tenant's prompts and answers go with all that it had, and no other tenant's" {
  grounded
  hart-bill tenant add other >/dev/null
  hart-infer generate -t other -m "$HART_SHARED_DATA/stories260K.gguf" -n 3 --json \
    "theotherprompt" >/dev/null
  size=$(hart-prov log root --json | jq .size)
  run -0 hart-ingest erase --all --json
  run -1 files_with askedabout
  run -0 files_with theotherprompt
  run -0 hart-prov verify --all --json
  assert_equal "$(json .receipts)" "$size"
  run -0 hart-prov verify --all -t other --json
  assert_equal "$(json .erased)" 0
}
