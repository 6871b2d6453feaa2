# hart-infer: tokens, text and vectors, from a store and from files.

bats_require_minimum_version 1.5.0
load helper

# with_stories: a store of its own that holds the small trained model.
with_stories() {
  need_shared stories260K.gguf
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
  hart-ingest add --name stories "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
}

# texts_of NAME: the published cases as JSON lines of {"text"}.
texts_of() {
  jq -Rsc 'split("\n__ggml_vocab_test__\n")[] | {text: .}' "$HART_SHARED_DATA/vocab/$1.inp"
}

# conforms NAME [lossy]: every published case gives the published tokens, and they its text.
conforms() {
  need_shared "vocab/$1.gguf"
  local model=$HART_SHARED_DATA/vocab/$1.gguf
  texts_of "$1" >texts
  jq -Rc '[splits(" +") | select(. != "") | tonumber] | {tokens: .}' \
    "$HART_SHARED_DATA/vocab/$1.out" >tokens
  # Both files may end in a case of nothing.
  local cases
  cases=$(wc -l <tokens)
  assert [ "$cases" -gt 40 ]
  head -n "$cases" texts >asked
  hart-infer tokenize -m "$model" - <asked | jq -c '{tokens}' >answered
  diff tokens answered
  # WordPiece gives a text of its own back.
  [ "${2:-}" = lossy ] && return
  hart-infer detokenize -m "$model" - <tokens | jq -c '{text}' >back
  diff asked back
}

@test "tokenize, detokenize: llama-spm agrees with every published case" { conforms llama-spm; }

@test "tokenize, detokenize: gpt-2 agrees with every published case" { conforms gpt-2; }

@test "tokenize: bert-bge agrees with every published case" { conforms bert-bge lossy; }

@test "tokenize: pieces on request, special tokens on request only" {
  need_shared vocab/llama-spm.gguf
  local model=$HART_SHARED_DATA/vocab/llama-spm.gguf
  assert_equal "$(hart-infer tokenize -m "$model" --pieces 'Hello world' | jq -c '[.type, .tokens, .pieces]')" \
    '["tokens",[15043,3186],[" Hello"," world"]]'
  assert_equal "$(hart-infer tokenize -m "$model" --add-special 'Hello world' | jq -c .tokens)" '[1,15043,3186]'
  assert_equal "$(hart-infer tokenize -m "$model" --parse-special '</s>' | jq -c .tokens)" '[2]'
  assert [ "$(hart-infer tokenize -m "$model" '</s>' | jq '.tokens | length')" -gt 1 ]
  assert_equal "$(hart-infer detokenize -m "$model" 15043 3186 | jq -r .text)" 'Hello world'
  run --separate-stderr hart-infer detokenize -m "$model" 99999999
  assert_failure 65
  run --separate-stderr hart-infer detokenize -m "$model" -- -1
  assert_failure 65
}

@test "generate: the golden text, from the file and from the store" {
  with_stories
  local model
  for model in stories "$HART_SHARED_DATA/stories260K.gguf"; do
    run --separate-stderr hart-infer generate -m "$model" -n 200 --temperature 0 --echo 'Once upon a time'
    assert_success
    assert_equal "$(json .text)" "$(cat "$HART_SHARED_DATA/stories260K.golden.txt")"
    assert_equal "$(json '[.type, .tokens_out, .finish_reason] | tojson')" '["inference",200,"length"]'
  done
}

@test "generate: the store's only model needs no name, a file needs no store" {
  with_stories
  assert_equal "$(hart-infer generate -n 3 --temperature 0 Once | jq .tokens_out)" 3
  unset HART_STORE
  run --separate-stderr hart-infer generate -m "$HART_SHARED_DATA/stories260K.gguf" -n 3 Once
  assert_success
  assert_equal "$(json .receipt)" null
}

@test "generate: --stream is a line a token, whose texts are all of the result's" {
  with_stories
  hart-infer generate -n 12 --temperature 0 --stream --logprobs 2 Once >lines
  assert_equal "$(jq -r .type lines | uniq -c | awk '{print $1 $2}' | paste -sd,)" 12token,1inference
  assert_equal "$(jq -rj 'select(.type == "token") | .text' lines)" \
    "$(jq -rj 'select(.type == "inference") | .text' lines)"
  assert_equal "$(jq 'select(.type == "token") | .alternatives | length' lines | sort -u)" 2
  assert_equal "$(jq 'select(.type == "token") | .logprob <= 0' lines | sort -u)" true
}

@test "generate: the same seed gives the same text, whatever the threads; another does not" {
  with_stories
  local one
  one=$(hart-infer generate -n 30 --temperature 1.2 --seed 5 --threads 1 Once | jq -r .text)
  assert_equal "$(hart-infer generate -n 30 --temperature 1.2 --seed 5 --threads 3 Once | jq -r .text)" "$one"
  refute [ "$(hart-infer generate -n 30 --temperature 1.2 --seed 6 Once | jq -r .text)" = "$one" ]
}

@test "generate: prompts as JSON lines are answered in order, a bad one in its place" {
  with_stories
  run --separate-stderr hart-infer generate -n 2 --temperature 0 - <<'LINES'
{"id":1,"text":"Once"}
{"id":2}
{"id":3,"text":"One day"}
LINES
  assert_failure 65
  assert_equal "$(json '[.type, .id] | tojson' | paste -sd' ')" '["inference",1] ["error",2] ["inference",3]'
}

@test "generate: a stop string ends the text before it" {
  with_stories
  run --separate-stderr hart-infer generate -n 200 --temperature 0 --stop '. ' 'Once upon a time'
  assert_equal "$(json .finish_reason)" stop
  refute_output --partial '. '
}

@test "generate: a model that is absent is status 66, one of another architecture 65" {
  with_stories
  run --separate-stderr hart-infer generate -m absent -n 3 Once
  assert_failure 66
  # The same file, with another architecture of the same length.
  LC_ALL=C sed 's/llama/falco/g' "$HART_SHARED_DATA/stories260K.gguf" >falco.gguf
  run --separate-stderr hart-infer generate -m ./falco.gguf -n 3 Once
  assert_failure 65
  assert_equal "${#stderr_lines[@]}" 1
  assert_regex "$stderr" falco
}

@test "models: what the store holds, and what of it runs" {
  with_stories
  LC_ALL=C sed 's/llama/falco/g' "$HART_SHARED_DATA/stories260K.gguf" >falco.gguf
  hart-ingest add falco.gguf >/dev/null
  run --separate-stderr hart-infer models
  assert_success
  assert_equal "$(json '[.model, .architecture, .runs] | tojson' | paste -sd' ')" \
    '["stories","llama",true] ["falco.gguf","falco",false]'
}

@test "embed: a vector of the model's size, the same for the same text, kept for what is held" {
  run --separate-stderr hart-infer embed 'the cat sleeps'
  assert_success
  assert_equal "$(json '[.type, .stored, (.vector | length) == .dims] | tojson')" '["embedding",false,true]'
  assert_equal "$(hart-infer embed 'the cat sleeps' | jq -c .vector)" "$(json '.vector | tojson')"
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
  printf cat >word.txt
  hart-ingest add --no-embed word.txt >/dev/null
  assert_equal "$(hart-infer embed cat | jq .stored)" true
  assert_equal "$(hart-infer embed --no-store cat | jq .stored)" false
  assert_equal "$(hart-infer embed dog | jq .stored)" false
  assert_equal "$(echo '{"atom":"word.txt"}' | hart-infer embed - | jq .stored)" true
}
