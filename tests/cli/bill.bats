#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

store() { hart-ingest init -s s.hart >/dev/null && export HART_STORE=$PWD/s.hart; }

plan() {
  cat >plan.json <<'PLAN'
{"name": "test", "currency": "USD", "effective_from": "2026-01-01",
 "operations": [{"operation": "generate_text", "unit": "token", "base_rate": "0.000002"}],
 "multipliers": [{"type": "grounding", "criteria": {"evidence": {">=": 1}}, "value": "1.25"}]}
PLAN
}

# event ID UNITS [ATTRIBUTES]
event() {
  printf '{"source":"t","id":"%s","operation":"generate_text","units":%s,"unit":"token","time":"2026-11-05T00:00:00Z","attributes":%s}\n' \
    "$1" "$2" "${3:-{\}}"
}

@test "bill: the shipped sample plan is accepted and unchanged the second time" {
  store
  run -0 hart-bill plan apply --json "$HART_SOURCE/share/plans/sample-plan.json"
  assert_equal "$(json .changed)" true
  run -0 hart-bill plan apply --json "$HART_SOURCE/share/plans/sample-plan.json"
  assert_equal "$(json .changed)" false
  run -0 hart-bill plan show --json
  assert_equal "$(json .name)" sample
}

@test "bill: a plan that is wrong is refused with status 65, its place and no trace" {
  store
  plan
  sed -i 's/"0.000002"/0.000002/' plan.json
  run -65 hart-bill plan apply plan.json
  assert_output --partial 'operations[0].base_rate'
  run -1 hart-bill plan show
  run -66 hart-bill plan apply missing.json
}

@test "bill: --dry-run applies, records and invoices nothing" {
  store
  plan
  run -0 hart-bill plan apply --dry-run --json plan.json
  assert_equal "$(json .changed)" true
  run -1 hart-bill plan show
  hart-bill plan apply plan.json
  event a 1000 | hart-bill record --dry-run -
  run -1 hart-bill usage --json
  event a 1000 | hart-bill record -
  hart-bill invoice create --month 2026-11 --dry-run
  run -1 hart-bill invoice list
}

@test "bill: record prices each event, in order, and answers a bad line in its place" {
  store
  plan
  hart-bill plan apply plan.json
  { event a 1000; echo '{"id":7}'; echo nonsense; event b 1000 '{"evidence":2}'; } >events
  run -65 --separate-stderr hart-bill record --json - <events
  assert_equal "$(json .type | paste -sd,)" usage_record,error,error,usage_record
  assert_equal "$(json 'select(.amount).amount' | paste -sd,)" 0.002000,0.002500
  assert_equal "$(json 'select(.type=="error").line' | paste -sd,)" 2,3
  assert_equal "$(json '.id' | paste -sd,)" a,7,null,b
}

@test "bill: recording the same events again doubles nothing" {
  store
  plan
  hart-bill plan apply plan.json
  for i in {1..50}; do event "$i" 1000; done >events
  hart-bill record - <events
  run -0 hart-bill record --json - <events
  assert_equal "$(json .duplicate | sort | uniq -c | xargs)" "50 true"
  run -0 hart-bill usage --json
  assert_equal "$(json 'select(.type=="summary").events')" 50
  assert_equal "$(json 'select(.type=="summary").amounts[0].amount')" 0.100000
}

@test "bill: two recorders of the same events at once double nothing" {
  store
  for i in {1..200}; do event "$i" 1; done >events
  hart-bill record - <events >first &
  hart-bill record - <events >second
  wait $!
  run -0 hart-bill verify --json
  assert_equal "$(json .entries)" 200
  assert_equal "$(cat first second | jq -r .duplicate | sort | uniq -c | xargs)" \
    "200 false 200 true"
}

@test "bill: an answer does not wait for the next line" {
  store
  mkfifo in out
  hart-bill record --json - <in >out &
  exec 7>in 8<out
  event a 1 >&7
  read -r -t 20 answer <&8
  exec 7>&- 8<&-
  wait $!
  assert_equal "$(jq -r .event <<<"$answer")" a
}

@test "bill: a CloudEvent is the same event as in our own form" {
  store
  event a 1000 '{"model":"m"}' | hart-bill record -
  echo '{"specversion":"1.0","source":"t","id":"a","type":"generate_text","data":{"units":1000,"unit":"token","model":"m"}}' >cloud
  run -0 hart-bill record --json - <cloud
  assert_equal "$(json .duplicate)" true
  echo '{"specversion":"1.0","source":"t","id":"a","type":"generate_text","data":{"units":1001,"unit":"token"}}' >other
  run -65 hart-bill record --json - <other
}

@test "bill: without a plan usage costs nothing and usage says so" {
  store
  event a 1000 | hart-bill record -
  run -0 --separate-stderr hart-bill usage --json
  assert_equal "$(json 'select(.type=="usage") | "\(.amount) \(.currency) \(.unrated_events)"')" \
    "0.000000 XXX 1"
  [[ $stderr == *"no rate plan"* ]]
}

@test "bill: usage is told apart by month, model and day" {
  store
  event a 1 '{"model":"m"}' | hart-bill record -
  event b 2 '{"model":"n"}' | hart-bill record -
  run -0 --separate-stderr hart-bill usage --json --month 2026-11 --by model --by day
  assert_equal "$(json 'select(.type=="usage") | "\(.day) \(.model) \(.units)"' | paste -sd,)" \
    "2026-11-05 m 1,2026-11-05 n 2"
  run -1 hart-bill usage --month 2026-10
  run -2 hart-bill usage --month 2026-11 --since 2026-11-01
  run -65 hart-bill usage --month november
}

@test "bill: an invoice is the same bytes each time, its lines sum to its total" {
  store
  plan
  hart-bill plan apply plan.json
  { event a 750000; event b 1000 '{"evidence":1}'; event c 0.75; } | hart-bill record -
  hart-bill invoice create --month 2026-11 --as json >first
  hart-bill invoice create --month 2026-11 --as json >second
  hart-bill invoice show 2026-11-001 --as json >third
  cmp first second
  cmp first third
  assert_equal "$(jq -r '[.lines[].amount | sub("\\."; "") | tonumber] | add' first)" 1502502
  assert_equal "$(jq -r .total first)" 1.502502
  run -0 hart-bill invoice show 2026-11 --as human
  assert_output --partial "total 1.502502 USD"
  run -66 hart-bill invoice show 2026-12
  run -1 hart-bill invoice create --month 2026-12
}

@test "bill: late usage is on an invoice of its own, no entry on two" {
  store
  event a 1 | hart-bill record -
  hart-bill invoice create --month 2026-11
  event b 1 | hart-bill record -
  run -0 hart-bill invoice create --month 2026-11 --as json
  assert_equal "$(json .number)" 2026-11-002
  assert_equal "$(json '.lines[0].events')" 1
  run -0 hart-bill invoice list --json
  assert_equal "$(json .number | paste -sd,)" 2026-11-001,2026-11-002
}

@test "bill: a tenant sees its own ledger alone, the owner every one" {
  store
  run -0 hart-bill tenant add --json acme
  assert_equal "$(json .added)" true
  run -0 hart-bill tenant add --json acme
  assert_equal "$(json .added)" false
  event a 1 | hart-bill record -t acme -
  run -1 hart-bill usage
  run -0 hart-bill usage -t acme
  run -0 --separate-stderr hart-bill usage --all-tenants --json
  assert_equal "$(json 'select(.type=="usage").tenant')" acme
  run -0 hart-bill tenant list --json
  assert_equal "$(json .tenant | paste -sd,)" default,acme
  run -66 hart-bill usage -t nobody
}

@test "bill: verify finds a changed ledger and exits 1" {
  store
  plan
  hart-bill plan apply plan.json
  event a 1000 | hart-bill record -
  run -0 hart-bill verify --json
  assert_equal "$(json .ok)" true
  sqlite3 "$HART_STORE/hart.db" \
    "DROP TRIGGER billing_usage_ledger_is_never_changed;
     UPDATE billing_usage_ledger SET total_micros = 1;"
  run -1 hart-bill verify --json
  assert_equal "$(json 'select(.type=="verification").ok')" false
  assert_output --partial "entry 0"
}
