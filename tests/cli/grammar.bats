# hart-infer generate: sampling options, grammars, JSON schemas, log-probabilities.

bats_require_minimum_version 1.5.0
load helper

WORDNET=$HART_SOURCE/share/models/wordnet-llama.gguf

# generate OPTION…: of the shipped model, without a store.
generate() { hart-infer generate -m "$WORDNET" "$@"; }

@test "grammar: the text is in the grammar, whatever the seed" {
  printf 'root ::= "[" item ("," item)* "]"\nitem ::= [0-9]{1,3} | "é" # two\n' >list.gbnf
  local seed
  for seed in 1 2 3 4 5 6; do
    run --separate-stderr generate --grammar list.gbnf -n 200 --temperature 1.5 --seed "$seed" 'list:'
    assert_success
    [[ $(json .finish_reason) == length ]] && continue
    assert_equal "$(json .finish_reason)" stop
    assert_regex "$(json .text)" '^\[([0-9]{1,3}|é)(,([0-9]{1,3}|é))*\]$'
  done
}

@test "grammar: it ends by itself where nothing can follow, and says when it was cut" {
  printf 'root ::= "yes" | "no"\n' >answer.gbnf
  run --separate-stderr generate --grammar answer.gbnf --temperature 0 'volcano (noun):'
  assert_success
  assert_equal "$(json .finish_reason)" stop
  assert_regex "$(json .text)" '^(yes|no)$'
  printf 'root ::= "a" [b]*\n' >long.gbnf
  run --separate-stderr generate --grammar long.gbnf --temperature 0 -n 3 x
  assert_success
  assert_regex "$(json .text)" '^ab*$'
}

@test "grammar: from standard input, which then holds nothing else" {
  run --separate-stderr bash -c "echo 'root ::= \"ok\"' | hart-infer generate -m '$WORDNET' --grammar - x"
  assert_success
  assert_equal "$(json .text)" ok
  run --separate-stderr generate --grammar - </dev/null
  assert_failure 2
  run --separate-stderr generate --grammar - --json-schema - x </dev/null
  assert_failure 2
  echo true >any.json
  echo 'root ::= "a"' >a.gbnf
  run --separate-stderr generate --grammar a.gbnf --json-schema any.json x
  assert_failure 2
}

@test "grammar: what is wrong with one is said with its line, status 65" {
  printf 'root ::= "a"\nb ::= c\n' >bad.gbnf
  run --separate-stderr generate --grammar bad.gbnf x
  assert_failure 65
  assert_equal "$stderr" "hart-infer: grammar, line 2: rule 'c' is not defined"
  printf 'root ::= root "a" | "b"\n' >left.gbnf
  run --separate-stderr generate --grammar left.gbnf x
  assert_failure 65
  assert_equal "$stderr" "hart-infer: grammar, line 1: rule 'root' is left-recursive"
  run --separate-stderr generate --grammar absent.gbnf x
  assert_failure 66
}

@test "json-schema: the text is JSON of the schema, one prompt a line with one loading" {
  cat >word.json <<'JSON'
{"type":"object","properties":{
  "kind":{"enum":["noun","verb"]},
  "meaning":{"type":"string","maxLength":30},
  "count":{"type":"integer","minimum":1,"maximum":12}},
 "required":["kind","meaning","count"]}
JSON
  printf '{"id":%s,"text":"dog (noun):"}\n' 1 2 3 |
    hart-infer generate -m "$WORDNET" --json-schema word.json -n 200 --temperature 1.2 - >lines
  assert_equal "$(jq -c .id lines | paste -sd,)" 1,2,3
  assert_equal "$(jq -r .text lines | sort -u | wc -l)" 1
  jq -r .text lines | head -1 >text
  assert_equal "$(jq -r '.kind | IN("noun","verb")' text)" true
  assert_equal "$(jq -r '(.meaning | length) <= 30' text)" true
  assert_equal "$(jq -r '.count >= 1 and .count <= 12 and .count == (.count | floor)' text)" true
  assert_equal "$(jq -c keys_unsorted text)" '["kind","meaning","count"]'
}

@test "json-schema: what is not supported is refused by its name and place, status 65" {
  echo '{"properties":{"a":{"not":{}}}}' >not.json
  run --separate-stderr generate --json-schema not.json x
  assert_failure 65
  assert_equal "$stderr" "hart-infer: json schema: #/properties/a: the keyword 'not' is not supported"
  echo '{"type":' >broken.json
  run --separate-stderr generate --json-schema broken.json x
  assert_failure 65
}

@test "sampling: options out of range are wrong calls" {
  local bad
  for bad in '--typical-p 0' '--typical-p 1.1' '--top-n-sigma -1' '--xtc-probability 2' \
    '--xtc-threshold -1' '--frequency-penalty 101' '--presence-penalty x' '--repeat-last-n -1' \
    '--mirostat 3' '--mirostat-tau 0' '--mirostat-eta 0' '--top-p 0' '--repeat-penalty 0' \
    '--logprobs -1'; do
    # shellcheck disable=SC2086
    run --separate-stderr generate $bad x
    assert_failure 2
  done
}

@test "sampling: each option is heard, the same seed gives the same text" {
  local plain other options
  plain=$(generate -n 40 --seed 3 --temperature 1 --top-k 0 --top-p 1 --min-p 0 'dog (noun):' | jq -r .text)
  for options in '--mirostat 1 --mirostat-tau 2' '--mirostat 2 --mirostat-tau 2' '--typical-p 0.2' \
    '--top-n-sigma 0.5' '--xtc-probability 1 --xtc-threshold 0.05' '--presence-penalty 5' \
    '--frequency-penalty 5 --repeat-last-n 1000' '--repeat-penalty 3'; do
    # shellcheck disable=SC2086
    other=$(generate -n 40 --seed 3 --temperature 1 --top-k 0 --top-p 1 --min-p 0 $options 'dog (noun):' | jq -r .text)
    refute [ "$other" = "$plain" ]
    # shellcheck disable=SC2086
    assert_equal "$(generate -n 40 --seed 3 --temperature 1 --top-k 0 --top-p 1 --min-p 0 --threads 2 $options 'dog (noun):' | jq -r .text)" "$other"
  done
}

@test "logprobs: of the result, its texts are all of it, the best others beside" {
  run --separate-stderr generate -n 8 --temperature 0 --logprobs 2 'dog (noun):'
  assert_success
  assert_equal "$(json '.logprobs | length')" "$(json .tokens_out)"
  assert_equal "$(json '[.logprobs[] | .alternatives | length] | unique | tojson')" '[2]'
  # Greedy: nothing else is likelier.
  assert_equal "$(json '[.logprobs[] | .logprob >= .alternatives[0].logprob] | all')" true
  if [[ $(json .finish_reason) == length ]]; then
    assert_equal "$(json '[.logprobs[].text] | join("")')" "$(json .text)"
  fi
  run --separate-stderr generate -n 2 --temperature 0 'dog (noun):'
  assert_equal "$(json 'has("logprobs")')" false
  run --separate-stderr generate -n 2 --temperature 0 --logprobs 0 'dog (noun):'
  assert_equal "$(json '.logprobs[0].alternatives | tojson')" '[]'
}

@test "prompt-logprobs: a line for each token of the prompt, before all others" {
  need_shared stories260K.gguf
  local model=$HART_SHARED_DATA/stories260K.gguf
  hart-infer generate -m "$model" --temperature 0 -n 3 --stream --logprobs 1 --prompt-logprobs \
    'Once upon a time' >lines
  local tokens
  tokens=$(hart-infer tokenize -m "$model" --add-special 'Once upon a time' | jq -c .tokens)
  assert_equal "$(jq -c 'select(.type == "prompt_token") | .token' lines | jq -sc .)" "$tokens"
  assert_equal "$(jq -r .type lines | uniq | paste -sd,)" prompt_token,token,inference
  assert_equal "$(jq -c 'select(.type == "prompt_token" and .index == 0) | [.logprob, .alternatives]' lines)" '[null,[]]'
  assert_equal "$(jq -s '[.[] | select(.type == "prompt_token" and .index > 0) | .logprob < 0] | all' lines)" true
  # Greedy text, read back as a prompt: every one of its tokens was the best.
  hart-infer generate -m "$model" --temperature 0 -n 20 'Once upon a time' | jq -r .text >text
  hart-infer generate -m "$model" --temperature 0 -n 0 --prompt-logprobs --logprobs 1 \
    "Once upon a time$(cat text)" >again
  assert_equal "$(jq -s --argjson n "$(jq length <<<"$tokens")" \
    '[.[] | select(.type == "prompt_token" and .index >= $n) | .logprob >= .alternatives[0].logprob] | all' again)" true
}

@test "logprobs and grammar: recorded and explained like any generation" {
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
  echo 'root ::= "yes" | "no"' >answer.gbnf
  generate --grammar answer.gbnf --mirostat 2 'dog (noun):' >answer.jsonl
  local hash
  hash=$(sha256sum answer.gbnf | cut -d' ' -f1)
  run --separate-stderr hart-prov show --json "$(jq -r .inference answer.jsonl)"
  assert_success
  assert_output --partial "sha256:$hash"
  assert_output --partial '"mirostat":2'
}
