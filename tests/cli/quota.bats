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
  for _ in {1..1200}; do [[ -s "heard; x" ]] && break; sleep 0.05; done
  assert_equal "$(jq -r '"\(.type) \(.tenant) \(.asked)"' "heard; x")" \
    "quota_violation default 11"
  hart-bill quota set --hook none
  [[ ! -e s.hart/quota-hook ]]
}

@test "quota: a command that cannot be called is refused, and the limit beside it is not set" {
  store
  run -65 hart-bill quota set tokens 10 --hook tee
  run -66 hart-bill quota set tokens 10 --hook /no/such/program
  assert_output --partial '/no/such/program: No such file'
  run -0 hart-bill quota check --json
  assert_equal "$(json .type)" summary
  [[ ! -e s.hart/quota-hook ]]
}

@test "quota: a command that fails or never ends keeps nobody waiting" {
  store
  printf '#!/bin/sh\necho $$ >%q\nexec sleep 600\n' "$PWD/started" >hang
  chmod +x hang
  hart-bill quota set tokens 10 --soft --hook "$PWD/hang"
  event a 11 | timeout 500 hart-bill record - >/dev/null
  for _ in {1..1200}; do [[ -s started ]] && break; sleep 0.05; done
  kill "$(<started)"
  hart-bill quota set requests 0 --soft --hook /bin/false
  event b 1 | hart-bill record - >/dev/null
  run -0 hart-bill quota violations --json
  assert_equal "$(json .resource | paste -sd,)" tokens,requests
}

@test "quota: what a tenant holds is limited with the same words" {
  store
  run -0 hart-bill quota set models 0 --json
  assert_equal "$(json .changed)" true
  run -0 hart-bill quota set models 0 --json
  assert_equal "$(json .changed)" false
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
  # Two files were added as one request, and a text was generated.
  hart-bill quota set requests 3 --per day >/dev/null
  hart-search query dog >/dev/null
  run -77 --separate-stderr hart-search query dog
  assert_output ""
}

@test "quota: what is added is charged by its bytes, and its receipt names the charge" {
  store
  printf 'A dog is a mammal.\n' >dog.md
  printf 'A cat is one, too.\n' >cat.md
  bytes=$(($(stat -c %s dog.md) + $(stat -c %s cat.md)))
  receipt=$(hart-ingest add dog.md cat.md | jq -s -r '[.[].receipt] | unique | .[]')
  run -0 --separate-stderr hart-bill usage --json
  assert_equal "$(json 'select(.operation == "ingest") | "\(.unit) \(.events) \(.units)"')" \
    "byte 1 $bytes"
  assert_equal "$(sqlite3 "$HART_STORE/hart.db" 'SELECT event_id FROM billing_usage_ledger')" \
    "$receipt"
  run -0 hart-prov why --json "$receipt"
  assert_equal "$(json '.usage[0] | "\(.operation) \(.unit) \(.units)"')" "ingest byte $bytes"
  # What is there already is no use.
  hart-ingest add dog.md cat.md >/dev/null
  run -0 --separate-stderr hart-bill usage --json
  assert_equal "$(json 'select(.operation == "ingest").events')" 1
  run -0 hart-bill verify
}

@test "quota: files and records that a hard limit has no room for are refused before they are read" {
  store
  hart-bill quota set bytes 40 --per day >/dev/null
  printf 'twenty bytes of text' >a.txt
  printf 'twenty more of them!' >b.txt
  printf 'and one byte' >c.txt
  # All at once do not fit; one by one, the first two do.
  run -77 --separate-stderr hart-ingest add --json a.txt b.txt c.txt
  assert_equal "$(json .name | paste -sd,)" a.txt,b.txt
  [[ $stderr == *'c.txt: tenant default may use 40 bytes a day: 40 are used, 0 set aside, and 12 more'* ]]
  run -1 hart-bill quota check --json
  assert_equal "$(json 'select(.resource == "bytes") | "\(.used) \(.reserved)"')" "40 0"
  run -0 hart-bill quota violations --json
  assert_equal "$(json '"\(.resource) \(.asked) \(.times)"')" "bytes 12 1"
  # So do the lines of a stream and standard input; what was there before needs no room.
  printf '%s\n' '{"text":"new words","id":1}' '{"path":"none.txt","id":2}' >records
  run -65 --separate-stderr hart-ingest add --jsonl --json - <records
  assert_equal "$(json .code | paste -sd,)" denied,no_input
  run -77 hart-ingest add - <c.txt
  hart-bill quota set bytes 60 --per day >/dev/null
  run -0 hart-ingest add --json a.txt
  assert_equal "$(json .unchanged)" true
  hart-bill quota set bytes none --per day >/dev/null
  hart-bill quota set requests 1 --per day >/dev/null
  run -77 hart-ingest add c.txt
  assert_output --partial 'requests a day'
  run -0 hart-ingest ls --json
  assert_equal "$(json .name | paste -sd,)" a.txt,b.txt
}

@test "quota: a rollback or a restored snapshot takes nobody beyond what may be held" {
  store
  printf 'The first of two versions.\n' >text.txt
  hart-ingest add text.txt >/dev/null
  hart-ingest snapshot create before text.txt >/dev/null
  printf 'And this is the second one.\n' >text.txt
  hart-ingest add text.txt >/dev/null
  held=$(hart-ingest ls --json | jq -s 'map(.bytes) | add')
  hart-bill tenant set default --max-storage "$held" >/dev/null
  for command in "rollback text.txt --to before" "snapshot restore before" \
    "rollback text.txt --to before --dry-run"; do
    read -ra words <<<"$command"
    run -77 hart-ingest "${words[@]}"
    assert_output --partial "tenant default may have $held bytes of files"
  done
  assert_equal "$(hart-ingest ls --json | jq -s length)" 2
  hart-bill tenant set default --max-storage "$((held + 27))" >/dev/null
  run -0 hart-ingest rollback text.txt --to before
  # What is equal already needs no room, however little there is.
  hart-bill tenant set default --max-storage 1 >/dev/null
  run -0 hart-ingest snapshot restore before
  # Atoms that are let go of and taken up again count, those that are held still do not.
  hart-ingest rm text.txt >/dev/null
  hart-bill tenant set default --max-storage none --max-atoms 1 >/dev/null
  run -77 hart-ingest rollback text.txt --to before
  assert_output --partial 'may have 1 atoms'
}

@test "quota: a student that a hard limit has no room for is not made, and one that is made is charged" {
  store
  cp "$HART_SOURCE/share/models/wordnet-llama.gguf" m
  hart-ingest add --no-embed m >/dev/null
  size=$(stat -c %s m)
  hart-bill quota set bytes "$((size + 1000))" --per day >/dev/null
  run -77 hart-ingest extract m -o student --layers 0,1
  assert_output --partial 'set aside'
  assert_equal "$(hart-ingest ls --json | jq -s length)" 1
  run -1 hart-bill quota check --json --bytes 1001
  assert_equal "$(json 'select(.resource == "bytes") | "\(.used) \(.reserved)"')" "$size 0"
  hart-bill quota set bytes "$((3 * size))" --per day >/dev/null
  hart-ingest extract m -o student --layers 0,1 >/dev/null
  bytes=$(hart-ingest ls --json | jq -s 'map(.bytes) | add')
  run -0 --separate-stderr hart-bill quota check --json
  assert_equal "$(json 'select(.resource == "bytes") | "\(.used) \(.reserved)"')" "$bytes 0"
}
