#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

store() { hart-ingest init -s s.hart >/dev/null && export HART_STORE=$PWD/s.hart; }

# event ID UNITS: usage at this instant
event() {
  printf '{"source":"t","id":"%s","operation":"generate_text","units":%s,"unit":"token"}\n' \
    "$1" "$2"
}

@test "quota: without limits check says yes and violations nothing" {
  store
  run -0 hart-bill quota check --json --tokens 1000000
  assert_equal "$(json .allowed)" true
  run -1 hart-bill quota violations
}

@test "quota: check says no with status 1 when so much more does not fit" {
  store
  event a 60 | hart-bill record -
  run -0 hart-bill quota set tokens 100 --per month --json
  assert_equal "$(json .changed)" true
  run -0 hart-bill quota set tokens 100 --json
  assert_equal "$(json .changed)" false
  run -0 hart-bill quota check --tokens 40
  run -1 hart-bill quota check --json --tokens 40.000001
  assert_equal "$(json 'select(.type=="quota") | "\(.resource) \(.per) \(.limit) \(.used) \(.fits)"')" \
    "tokens month 100 60 false"
  event b 40 | hart-bill record -
  run -1 hart-bill quota check
  run -0 hart-bill quota set tokens none
  run -0 hart-bill quota check
}

@test "quota: a soft limit says yes, and keeps what went beyond it" {
  store
  hart-bill quota set requests 1 --per day --soft
  { event a 1; event b 1; event c 1; } | hart-bill record -
  run -0 hart-bill quota check
  run -0 hart-bill quota violations --json
  assert_equal "$(json '"\(.resource) \(.per) \(.hard) \(.limit) \(.times)"')" \
    "requests day false 1 2"
  run -1 hart-bill quota violations --since 2100-01-01
}

@test "quota: --dry-run counts nothing" {
  store
  hart-bill quota set tokens 10
  event a 60 | hart-bill record --dry-run -
  run -0 hart-bill quota check --tokens 10
  run -1 hart-bill quota violations
}

@test "quota: the owner's command hears of a violation on its standard input" {
  store
  hart-bill quota set tokens 10 --soft --hook /usr/bin/tee --hook "$PWD/heard; x"
  event a 11 | hart-bill record -
  for _ in {1..200}; do [[ -s "heard; x" ]] && break; sleep 0.05; done
  assert_equal "$(jq -r '"\(.type) \(.tenant) \(.asked)"' "heard; x")" \
    "quota_violation default 11"
  hart-bill quota set --hook none
  [[ ! -e s.hart/quota-hook ]]
  run -65 hart-bill quota set --hook tee
}

@test "quota: what a tenant holds is limited with the same words" {
  store
  run -0 hart-bill quota set models 0
  run -1 hart-bill quota check --json
  assert_equal "$(json 'select(.type=="quota") | "\(.resource) \(.limit) \(.used)"')" "models 0 0"
  run -0 hart-bill quota check --models 0
  run -2 hart-bill quota set atoms 5 --soft
  run -2 hart-bill quota set atoms 1.5
  run -2 hart-bill quota set tokens
  run -65 hart-bill quota set tokens lots
}

@test "quota: work that a hard limit has no room for is refused before it starts" {
  need_shared stories260K.gguf
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  printf 'A dog is a mammal.\n' >animals.md
  hart-ingest add animals.md "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
  hart-bill quota set tokens 40 --per day >/dev/null
  hart-infer generate -m stories260K.gguf -n 8 "a dog" >/dev/null
  run -77 hart-infer generate -m stories260K.gguf -n 64 "a dog"
  refute_output --partial '"text"'
  hart-bill quota set requests 2 --per day >/dev/null
  hart-search query dog >/dev/null
  run -77 --separate-stderr hart-search query dog
  assert_output ""
}
