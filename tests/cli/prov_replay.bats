#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

hit='{"type":"hit","rank":1,"atom":"sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b","score":1,"text":"a dog is an animal","name":"animals.md"}'

with_model() {
  need_shared stories260K.gguf
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  hart-ingest add "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
}

# generate OPTION…: adds a line to the file `generated`.
generate() {
  hart-infer generate -n 12 --json "$@" "Once upon a time" >>generated
}

@test "replay: what was sampled, penalised, grounded, quantised or cached comes out the same again" {
  with_model
  generate --seed 1
  generate --seed 1
  generate --seed 2 --temperature 1.3 --top-p 0.8 --min-p 0.1 --typical-p 0.9
  generate --seed 3 --mirostat 2 --mirostat-tau 3 --repeat-penalty 1.2 --repeat-last-n 8
  generate --seed 4 --xtc-probability 0.5 --xtc-threshold 0.05 --presence-penalty 0.3
  generate --seed 5 --kv-type q8_0 --context-length 9 --logprobs 7
  generate --seed 6 --stop day --stop girl
  generate --context - <<<"$hit"
  assert_equal "$(jq -s '.[1].cached' generated)" true
  run -0 hart-prov verify --replay --json - <generated
  assert_equal "$(jq -s length <<<"$output")" 8
  assert_equal "$(jq -s -c 'map(.ok) | unique' <<<"$output")" '[true]'
  assert_equal "$(jq -s -c 'map(.missing + .differences + .not_compared) | unique' <<<"$output")" '[[]]'
  run -0 hart-prov verify --replay --all --json
  assert_equal "$(jq -s '.[-1].replayed' <<<"$output")" 8
  assert_equal "$(jq -s '.[-1].not_replayed' <<<"$output")" 0
}

@test "replay: a conversation's turns come out the same again, control tokens and all" {
  with_model
  printf '%s' '{% for m in messages %}<s>{{ m.role }}: {{ m.content }}</s>{% endfor %}' >chat.jinja
  printf '%s\n' '{"text":"Hello"}' '{"text":"Tell me more"}' |
    hart-infer chat --chat-template chat.jinja -n 10 --seed 4 --json >generated
  run -0 hart-prov verify --replay --json - <generated
  assert_equal "$(jq -s -c 'map(.ok)' <<<"$output")" '[true,true]'
}

@test "replay: it writes no receipt, no bill and no cache" {
  with_model
  generate --seed 1 --no-cache
  hart-infer cache stat --json >before
  hart-bill usage --json >>before
  run -0 hart-prov verify --replay --all
  hart-infer cache stat --json >after
  hart-bill usage --json >>after
  assert_equal "$(cat after)" "$(cat before)"
  run -0 hart-prov log root --json
  # The ingest of the model, and the generation.
  assert_equal "$(json .size)" 2
}

@test "replay: a model that is not in the store is named, and the answer is no" {
  need_shared stories260K.gguf
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  generate -m "$HART_SHARED_DATA/stories260K.gguf"
  run -1 hart-prov verify --replay --json "$(jq -r .inference generated)"
  assert_equal "$(json .replayed)" false
  assert_equal "$(json '.missing | length')" 1
  assert_output --partial "the model stories260K.gguf tree:"
  # Among all, what cannot be run is told and is no failure.
  run -0 hart-prov verify --replay --all --json
  assert_equal "$(jq -s '.[-1].not_replayed' <<<"$output")" 1
  hart-ingest add "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
  run -0 hart-prov verify --replay --json - <generated
}

@test "replay: a grammar is named by its hash, and found when the store holds the file" {
  with_model
  echo 'root ::= "yes" | "no" | [a-z]+' >answer.gbnf
  generate --grammar answer.gbnf
  run -1 hart-prov verify --replay --json - <generated
  assert_output --partial "the grammar sha256:$(sha256sum <answer.gbnf | cut -d' ' -f1)"
  hart-ingest add answer.gbnf >/dev/null
  run -0 hart-prov verify --replay --json - <generated
  assert_equal "$(json .ok)" true
}

@test "replay: erased openings are named" {
  with_model
  generate
  hart-prov retention --keep-days 0 >/dev/null
  run -1 hart-prov verify --replay --json - <generated
  assert_equal "$(jq -c .missing <<<"$output")" '["the prompt (erased)","the output and its tokens (erased)"]'
  run -0 hart-prov verify --replay --all --json
  assert_equal "$(jq -s '.[-1].not_replayed' <<<"$output")" 1
}

@test "replay: a receipt that does not verify is not run" {
  with_model
  generate
  sqlite3 "$HART_STORE/hart.db" \
    "DROP TRIGGER generation_stream_is_never_changed;
     UPDATE generation_stream SET finish_reason = 'changed';"
  run -1 hart-prov verify --replay --json - <generated
  assert_output --partial "finish reason"
  refute_output --partial '"type":"replay"'
}
