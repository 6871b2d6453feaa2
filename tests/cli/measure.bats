# hart-infer: perplexity, logits, bench, and the vectors of a language model.

bats_require_minimum_version 1.5.0
load helper

model=$HART_SOURCE/share/models/wordnet-llama.gguf
text='anaconda (noun): large arboreal boa of tropical South America'

@test "logits: the probabilities of all tokens add up to one, the best stand first in --top" {
  run --separate-stderr hart-infer logits -m "$model" "$text"
  assert_success
  assert_equal "$(json '.logprobs | map(exp) | add * 10000 | round')" 10000
  local best
  best=$(json '.logprobs | max * 1000000 | round')
  run --separate-stderr hart-infer logits -m "$model" --top 3 "$text"
  assert_equal "$(json '.top[0].logprob * 1000000 | round')" "$best"
  assert_equal "$(json '.top | [length, (map(.logprob) == (map(.logprob) | sort | reverse))] | tojson')" '[3,true]'
}

@test "logits: lines are answered in order, a bad one by an error" {
  run --separate-stderr hart-infer logits -m "$model" --top 1 - <<<$'{"text":"a"}\n{"word":"a"}\n{"text":"b"}'
  assert_equal "$(jq -sc 'map(.type)' <<<"$output")" '["logits","error","logits"]'
}

@test "perplexity: of one window it is what the tokens' own log-probabilities say" {
  printf '%s' "$text" >text
  local window
  window=$(hart-infer tokenize -m "$model" --add-special "$text" | jq '.tokens | length')
  run --separate-stderr hart-infer perplexity -m "$model" --context-length "$window" text
  assert_success
  assert_equal "$(json .windows)" 1
  assert_equal "$(json .tokens)" $((window - window / 2 - 1))
  local measured expected
  measured=$(json '.perplexity * 1000 | round')
  expected=$(hart-infer generate -m "$model" -n 1 --prompt-logprobs --no-cache "$text" |
    jq -s --argjson n "$window" 'map(select(.type == "prompt_token" and .index > ($n / 2 | floor)) | -.logprob)
      | add / length | exp * 1000 | round')
  assert_equal "$measured" "$expected"
}

@test "perplexity: a text shorter than a window, a missing and an empty one are refused" {
  printf 'too short' >short
  : >empty
  run --separate-stderr hart-infer perplexity -m "$model" --context-length 64 short
  assert_equal "$status" 65
  [[ $stderr == *'less than one window of 64'* ]]
  run --separate-stderr hart-infer perplexity -m "$model" empty
  assert_equal "$status" 65
  run --separate-stderr hart-infer perplexity -m "$model" nowhere
  assert_equal "$status" 66
}

@test "bench: names what it measured" {
  run --separate-stderr hart-infer bench -m "$model" -n 4 --prompt-tokens 8 --repeat 1
  assert_success
  assert_equal "$(json '[.type, .prompt_tokens, (.decode_tokens_per_second > 0), (.weight_bytes > 0)] | tojson')" \
    '["bench",8,true,true]'
}

@test "embed: a language model's pooled states have length 1 and do not depend on the threads" {
  run --separate-stderr hart-infer embed -m "$model" --no-store "$text"
  assert_success
  assert_equal "$(json '[.dims == (.vector | length), (.vector | map(. * .) | add * 1000 | round)] | tojson')" '[true,1000]'
  assert_equal "$(hart-infer embed -m "$model" --no-store --threads 2 "$text" | jq -c .vector)" \
    "$(json '.vector | tojson')"
}
