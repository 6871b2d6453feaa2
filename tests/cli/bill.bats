#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

store() { hart-ingest init -s s.hart >/dev/null && export HART_STORE=$PWD/s.hart; }

plan() {
  cat >plan.json <<'PLAN'
{"name": "test", "currency": "USD", "decimal_places": 6, "effective_from": "2026-01-01",
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
  assert_output --partial '/operations/0/base_rate'
  run -1 hart-bill plan show
  : >empty.json
  run -65 hart-bill plan apply empty.json
  assert_output --partial 'empty.json: '
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
  hart-bill invoice show 2026-11-001 --as html >page.html
  grep -q '<td class="number">1.502502</td>' page.html
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

tiers() {
  cat >tiers.json <<'PLAN'
{"name": "tiers", "currency": "USD", "effective_from": "2026-01-01",
 "operations": [{"operation": "seats", "unit": "seat", "tiers": {"mode": "graduated",
   "steps": [{"up_to": "5", "rate": "7"}, {"up_to": "10", "rate": "6.50"}, {"rate": "6"}]}}],
 "taxes": [{"name": "VAT", "percent": "19"}]}
PLAN
}

@test "bill: price shows the arithmetic of each event and the month, and keeps nothing" {
  tiers
  echo '{"source":"t","id":1,"operation":"seats","units":20,"unit":"seat","time":"2026-11-05T00:00:00Z"}' >in
  run -0 hart-bill price --json --plan tiers.json - <in
  assert_equal "$(json .type | paste -sd,)" price,estimate
  assert_equal "$(json 'select(.type=="estimate").lines[0] | "\(.description) \(.amount)"')" \
    "graduated: 5 × 7 + 5 × 6.5 + 10 × 6 127.50"
  store
  plan
  hart-bill plan apply plan.json
  run -0 hart-bill price --json - < <(event a 1000 '{"evidence":2}')
  assert_equal "$(json 'select(.type=="price") | "\(.arithmetic) \(.id)"')" \
    "0.000002 × 1 × 1 × 1.25 × 1000 = 0.0025 a"
  run -1 hart-bill usage
}

@test "bill: a plan that price cannot read is told with its file, and is no standard input" {
  echo '{"name":"p","currency":"USD","operations":[]}' >bad.json
  run -65 hart-bill price --plan bad.json - </dev/null
  assert_output "hart-bill: bad.json: plan: has no operations"
  run -66 hart-bill price --plan missing.json - </dev/null
  run -2 hart-bill price --plan - - <bad.json
}

@test "bill: a name with a NUL is refused in its line, and the stream goes on" {
  store
  { event a 1; event '\u0000b' 1; event c 1; } >events
  sed -i '2s/"t"/"\\u0000t"/' events
  run -65 hart-bill record --json - <events
  assert_equal "$(json .type | paste -sd,)" usage_record,error,usage_record
  run -0 hart-bill verify
}

@test "bill: a CloudEvent may say its time to the nanosecond" {
  store
  echo '{"specversion":"1.0","source":"t","id":"a","type":"o","time":"2026-11-05T10:00:00.123456789+02:00","data":{"units":1,"unit":"u"}}' >in
  run -0 hart-bill record --json - <in
  assert_equal "$(json .time)" 2026-11-05T08:00:00.123456Z
}

@test "bill: what says nothing is refused" {
  store
  event a 1 | hart-bill record - >/dev/null
  hart-bill invoice create --month 2026-11 >/dev/null
  run -66 hart-bill invoice show ''
  run -66 hart-bill invoice void '' --reason none
  run -2 hart-bill tenant set default
  run -2 hart-bill tenant set default --max-atoms ''
}

@test "bill: an array of CloudEvents on one line is answered event by event" {
  store
  echo '[{"specversion":"1.0","source":"t","id":"a","type":"o","data":{"units":1,"unit":"u"}},{"specversion":"1.0","source":"t","id":"b","type":"o"},{"specversion":"1.0","source":"t","id":"c","type":"o","data":{"units":1,"unit":"u"}}]' >batch.json
  run -65 hart-bill record --json - <batch.json
  assert_equal "$(json '"\(.type) \(.id)"' | paste -sd,)" \
    "usage_record a,error b,usage_record c"
}

@test "bill: what was acknowledged survives kill -9, and the replay doubles nothing" {
  store
  plan
  hart-bill plan apply plan.json
  for i in {1..3000}; do event "$i" 1000; done >events
  for round in 1 2 3; do
    mkfifo in.$round
    hart-bill record --json - <in.$round >>acknowledged &
    local recorder=$!
    { head -n $((round * 700)) events; sleep 5; } >in.$round &
    local feeder=$!
    until [[ $(tail -c 200 acknowledged 2>/dev/null) == *'"sequence"'* ]]; do sleep 0.02; done
    kill -9 "$recorder"
    wait "$recorder" || true
    kill "$feeder" 2>/dev/null || true
  done
  hart-bill record --json - <events >replayed
  # Whatever had a whole line is in the ledger, at the place that was said.
  jq -c -R 'fromjson? | select(.event) | [.event, .sequence]' acknowledged | sort -u >before
  jq -c '[.event, .sequence]' replayed | sort -u >after
  [[ -s before ]]
  assert_equal "$(comm -23 before after)" ""
  run -0 hart-bill verify --json
  assert_equal "$(json .entries)" 3000
  assert_equal "$(json .total)" 6.000000
}

@test "bill: an invoice can be void and issued again, and credits go with it" {
  store
  tiers
  hart-bill plan apply tiers.json
  hart-bill credit grant 100 --idempotency-key welcome
  run -0 hart-bill credit grant 100 --idempotency-key welcome --json
  assert_equal "$(json .changed)" false
  run -65 hart-bill credit grant 99 --idempotency-key welcome
  echo '{"source":"t","id":1,"operation":"seats","units":20,"unit":"seat","time":"2026-11-05T00:00:00Z"}' |
    hart-bill record -
  run -0 hart-bill invoice create --month 2026-11 --as json
  assert_equal "$(json '"\(.total) \(.credits) \(.due)"')" "151.72 100.00 51.72"
  assert_equal "$(json '[.lines[].line] | join(",")')" 1,2
  for form in human json html; do
    hart-bill invoice show 2026-11-001 --as $form >issued.$form 2>told
    [[ ! -s told ]]
  done
  run -0 hart-bill invoice void 2026-11-001 --reason 'wrong address' --json
  assert_equal "$(json '"\(.changed) \(.reason)"')" "true wrong address"
  run -0 hart-bill credit balance --json
  assert_equal "$(json 'select(.type=="summary").available')" 100.000000
  run -0 hart-bill invoice create --month 2026-11 --as json
  assert_equal "$(json '"\(.number) \(.due)"')" "2026-11-002 51.72"
  # The document is as it was issued; that it is void is told beside it.
  for form in human json html; do
    hart-bill invoice show 2026-11-001 --as $form >again.$form 2>told
    cmp issued.$form again.$form
    [[ $(<told) == *'2026-11-001 is void since 2'*': wrong address' ]]
  done
  run -0 hart-bill invoice list --json
  assert_equal "$(json '"\(.void) \(.reason)"' | paste -sd,)" "true wrong address,false null"
  run -0 hart-bill invoice void 2026-11-001 --reason again --json
  assert_equal "$(json '"\(.changed) \(.reason)"')" "false wrong address"
  run -0 hart-bill credit history --json
  assert_equal "$(json .kind | paste -sd,)" grant,draw,return,draw
  run -66 hart-bill invoice void 2026-12-001 --reason none
  run -0 hart-bill verify
}

@test "bill: the page of an invoice has no markup but its own" {
  store
  sed 's/"name": "tiers"/"name": "<b>"/; s/VAT/<script>\\"x\\"\&/' <(tiers; cat tiers.json) >markup.json
  hart-bill plan apply markup.json
  echo '{"source":"t","id":1,"operation":"seats","units":1,"unit":"seat","time":"2026-11-05T00:00:00Z"}' |
    hart-bill record -
  run -0 hart-bill invoice create --month 2026-11 --as json
  assert_equal "$(json '.lines[1] | "\(.kind) \(.percent) \(.amount)"')" "tax 19 1.33"
  run -0 hart-bill invoice create --month 2026-11 --as html
  assert_output --partial ', 19 %</td><td class="number">1.33<'
  assert_output --partial 'Before tax</td><td class="number">7.00<'
  refute_output --partial '<script>'
  assert_output --partial '&lt;script&gt;&quot;x&quot;&amp;'
  refute_output --regexp '(src|href)='
}

@test "bill: usage is drawn day by day, as text and as a picture" {
  store
  plan
  hart-bill plan apply plan.json
  { event a 1000000; event b 1000000 | sed s/11-05/11-07/; event c 3000000 | sed s/11-07/11-05/; } |
    hart-bill record -
  run -0 hart-bill usage --plot text
  assert_line --index 1 --regexp '^2026-11-05  █{50} 8.000000$'
  assert_line --index 2 '2026-11-06  0.000000'
  assert_line --index 3 --regexp '^2026-11-07  █{12}▌ 2.000000$'
  hart-bill usage --plot svg --month 2026-11 >usage.svg
  assert_equal "$(grep -c '<rect x=' usage.svg)" 3
  run -1 hart-bill usage --plot text --month 2026-10
  run -2 hart-bill usage --plot text --all-tenants
}

@test "bill: hotspots are the costliest uses of the last days, with what they cost before" {
  store
  plan
  hart-bill plan apply plan.json
  { event a 1000 '{"model":"m"}'; event b 5000 '{"model":"n"}'
    event c 4000 '{"model":"n"}' | sed s/11-05/10-29/; } | hart-bill record -
  run -0 hart-bill hotspots --until 2026-11-06 --json
  assert_equal "$(json '"\(.rank) \(.model) \(.amount) \(.amount_before)"' | paste -sd,)" \
    "1 n 0.010000 0.008000,2 m 0.002000 0.000000"
  run -0 hart-bill hotspots --until 2026-11-06 --top 1 --json
  assert_equal "$(json .model)" n
  run -1 hart-bill hotspots --until 2026-01-01
}
