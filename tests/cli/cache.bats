# hart-infer: cached results, states of prompts on the disk, lookup decoding. None of them may
# change an answer.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  need_shared stories260K.gguf
  export HART_STORE=$PWD/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
  hart-ingest add --name stories "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
}

# story N: a prompt of a good many tokens.
story() {
  local i
  for ((i = 0; i < $1; i++)); do printf 'Tim had a red ball number %d. He liked to play. ' "$i"; done
}

# answers: what does not differ from run to run, of inference lines.
answers() { jq -c '[.text, .tokens_in, .tokens_out, .finish_reason]'; }

# figures: entries and hits of the two caches.
figures() { hart-infer cache stat | jq -r '"\(.cache) \(.entries) \(.hits)"' | paste -sd' '; }

@test "generate: an answer is kept, and given again by another process, charged and receipted" {
  hart-infer generate -n 20 --seed 3 'Once upon' >one
  hart-infer generate -n 20 --seed 3 --threads 1 'Once upon' >two
  hart-infer generate -n 20 --seed 3 --no-cache 'Once upon' >three
  hart-infer generate -n 20 --seed 4 'Once upon' >four
  assert_equal "$(cat one two three four | jq .cached | paste -sd,)" "false,true,false,false"
  diff <(answers <one) <(answers <two)
  diff <(answers <one) <(answers <three)
  assert_equal "$(figures)" "results 2 1 prefixes 0 0"
  assert_equal "$(hart-bill usage | jq -r 'select(.operation == "generate_text") | .events')" 4
  for name in one two; do
    run --separate-stderr hart-prov verify "$(jq -r .receipt $name)"
    assert_success
    hart-prov show "$(jq -r .receipt $name)" | jq -c '[.output, .tokens_out]' >$name.shown
  done
  diff one.shown two.shown
}

@test "generate: the stream of a kept answer has the same lines" {
  for name in one two; do
    hart-infer generate -n 12 --stream --logprobs 4 'Once upon' >$name
  done
  assert_equal "$(jq -s 'map(.cached)[-1]' two)" true
  diff <(jq -c 'select(.type == "token")' one) <(jq -c 'select(.type == "token")' two)
  assert_equal "$(jq -s 'length' two)" 13
}

@test "generate: a cache.db that is lost or damaged is an empty cache" {
  hart-infer generate -n 5 'Once upon' | answers >expected
  rm -f "$HART_STORE"/cache.db*
  hart-infer generate -n 5 'Once upon' >lost
  rm -f "$HART_STORE"/cache.db*
  head -c 50000 /dev/urandom >"$HART_STORE/cache.db"
  run --separate-stderr hart-infer generate -n 5 'Once upon'
  assert_success
  assert_equal "$stderr" ""
  echo "$output" >damaged
  assert_equal "$(cat lost damaged | jq .cached | paste -sd,)" "false,false"
  diff expected <(answers <lost)
  diff expected <(answers <damaged)
  assert_equal "$(figures)" "results 0 0 prefixes 0 0"
  hart-infer cache clear >/dev/null
  hart-infer generate -n 5 'Once upon' >/dev/null
  assert_equal "$(figures)" "results 1 0 prefixes 0 0"
}

@test "generate: a stream of prompts that share a beginning says what each says alone" {
  local beginning
  beginning=$(story 12)
  for end in 'Then he' 'Then she' '' 'Then he' 'One'; do
    jq -nc --arg text "$beginning$end" '{text: $text}'
  done >prompts
  hart-infer generate -n 8 --no-cache - <prompts | answers >together
  while read -r line; do
    hart-infer generate -n 8 --no-cache - <<<"$line" | answers
  done <prompts >alone
  diff alone together
  # The cache knows the fourth, and keeps the beginning of the first for other processes.
  hart-infer generate -n 8 - <prompts >cached
  diff alone <(answers <cached)
  assert_equal "$(jq .cached cached | paste -sd,)" "false,false,false,true,false"
  assert_equal "$(figures)" "results 4 1 prefixes 1 0"
  jq -nc --arg text "${beginning}Then they" '{text: $text}' >another
  hart-infer generate -n 8 - <another | answers >found
  assert_equal "$(figures)" "results 5 1 prefixes 1 1"
  diff found <(hart-infer generate -n 8 --no-cache - <another | answers)
}

@test "generate: states of prompts are private files, and a damaged one is not used" {
  hart-infer generate -n 4 --no-cache "$(story 12)Then" | answers >expected
  hart-infer generate -n 5 "$(story 12)" >/dev/null
  local file
  file=$(echo "$HART_STORE"/cache/kv/1/*.kv)
  assert_equal "$(stat -c %a "$file")" 600
  printf '\xff' | dd of="$file" bs=1 seek=5000 conv=notrunc status=none
  run --separate-stderr hart-infer generate -n 4 "$(story 12)Then"
  assert_success
  assert_equal "$stderr" ""
  diff expected <(answers <<<"$output")
  # Evaluated again, and so kept again.
  hart-infer generate -n 3 "$(story 12)Then" | jq -e .text >/dev/null
  assert_equal "$(figures)" "results 3 0 prefixes 1 1"
}

@test "generate: where no file can be made the answer is the same" {
  hart-infer generate -n 4 --no-cache "$(story 12)" | answers >expected
  touch "$HART_STORE/cache"
  run --separate-stderr hart-infer generate -n 4 "$(story 12)"
  assert_success
  assert_equal "$stderr" ""
  diff expected <(answers <<<"$output")
}

@test "cache prime: what prompts begin with is evaluated once" {
  jq -nc --arg text "$(story 3)" '{id: 7, text: $text}' >prompts
  hart-infer cache prime - <prompts >primed
  assert_equal "$(jq -c '[.type, .id, .model, .found]' primed)" '["prefix",7,"stories",0]'
  assert [ "$(jq .kept primed)" -ge 64 ]
  assert_equal "$(jq '.kept % 64' primed)" 0
  assert_equal "$(figures)" "results 0 0 prefixes 1 0"
  hart-infer cache prime - <prompts >again
  assert [ "$(jq .found again)" -ge "$(($(jq .kept primed) - 64))" ]
  diff <(hart-infer generate -n 6 "$(story 3)One" | answers) \
    <(hart-infer generate -n 6 --no-cache "$(story 3)One" | answers)
  assert_equal "$(figures)" "results 1 0 prefixes 1 2"
  run --separate-stderr hart-infer cache prime -s nowhere -m "$HART_SHARED_DATA/stories260K.gguf" a
  assert_failure 66
}

@test "cache clear: empties the tenant's own caches, and a rehearsal does not" {
  hart-bill tenant add other >/dev/null
  hart-ingest add -t other --name stories "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
  hart-infer generate -n 4 "$(story 12)" >/dev/null
  assert_equal "$(hart-infer generate -t other -n 4 "$(story 12)" | jq .cached)" false
  hart-infer cache clear --dry-run >planned
  assert_equal "$(jq -c '[.type, .cache, .entries]' planned | paste -sd' ')" \
    '["cleared","results",1] ["cleared","prefixes",1]'
  assert_equal "$(figures)" "results 1 0 prefixes 1 0"
  hart-infer cache clear >cleared
  diff planned cleared
  assert_equal "$(figures)" "results 0 0 prefixes 0 0"
  assert_equal "$(HART_TENANT=other figures)" "results 1 0 prefixes 1 0"
  hart-ingest erase --tenant other --all >/dev/null
  assert_equal "$(find "$HART_STORE/cache" -name '*.kv')" ""
  assert_equal "$(sqlite3 "$HART_STORE/cache.db" 'SELECT count(*) FROM inference_cache')" 0
}

@test "generate: guessing ahead never changes an answer" {
  local options
  for options in '--temperature 0' '--temperature 1 --seed 5' \
    '--temperature 0 --repeat-penalty 1.3' '--temperature 0 --stop ball'; do
    # shellcheck disable=SC2086
    for lookup in --lookup --no-lookup ''; do
      hart-infer generate -n 60 --no-cache --logprobs 2 $options $lookup "$(story 2)" |
        jq -c '[.text, .finish_reason, .logprobs]'
    done >answers
    assert_equal "$(sort -u answers | wc -l)" 1
  done
  run --separate-stderr hart-infer generate --lookup --no-lookup a
  assert_failure 2
}

@test "generate: four processes share the caches" {
  for i in 1 2 3 4; do
    for text in a b c d "$(story 12)" a b c d; do jq -nc --arg text "$text" '{text: $text}'; done |
      hart-infer generate -n 6 - >"out.$i" 2>"err.$i" &
  done
  wait
  cat err.* >errors
  assert_equal "$(cat errors)" ""
  for i in 2 3 4; do diff <(answers <out.1) <(answers <"out.$i"); done
  assert_equal "$(hart-infer cache stat | jq .entries | paste -sd,)" "5,1"
}
