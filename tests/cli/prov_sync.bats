#!/usr/bin/env bats
# Receipts on their way to other systems: nothing is lost, nothing is doubled.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
}

# receipts N: answers to N prompts.
receipts() {
  local i
  for i in $(seq "$1"); do echo "{\"text\":\"dog $i\"}"; done |
    hart-infer generate -m "$HART_SOURCE/share/models/wordnet-llama.gguf" -n 2 --seed 1 - >>answers
}

# leaves FILE...: the places in the log of what was delivered, one a line, in their order.
leaves() { cat "$@" | jq -s -c '[.[].leaf_index] | sort'; }

@test "sync: a folder gets each receipt once, and later only what is new" {
  receipts 5
  run -0 hart-prov sync out --batch 2
  assert_equal "$(json '[.type, .from, .to, .receipts, .batches, .dead_letters] | @csv')" \
    '"summary",0,5,5,3,0'
  assert_equal "$(leaves out/*.jsonl)" '[0,1,2,3,4]'
  assert_equal "$(jq -r .inference out/*.jsonl | sort)" "$(jq -r .inference answers | sort)"
  sum=$(cat out/*.jsonl | sha256sum)
  run -0 hart-prov sync "dir:$PWD/out"
  assert_equal "$(json .receipts)" 0
  assert_equal "$(cat out/*.jsonl | sha256sum)" "$sum"
  receipts 2
  run -0 hart-prov sync out
  assert_equal "$(json '[.from, .to] | @csv')" 5,7
  assert_equal "$(leaves out/*.jsonl)" '[0,1,2,3,4,5,6]'
  jq -e '.nodes | map(.labels[0]) | contains(["Inference", "Decision", "Model"])' \
    out/default-0000000000000005-0000000000000006.jsonl
}

@test "sync: a folder is the same target before and after it is there" {
  receipts 1
  run -0 hart-prov sync dir:out
  first=$(json .target)
  run -0 hart-prov sync out
  assert_equal "$(json .target)" "$first"
}

@test "sync: a dry run says what would go, and nothing goes" {
  receipts 3
  run -0 hart-prov sync out --dry-run
  assert_equal "$(json '[.receipts, .to, .dry_run] | @csv')" 3,3,true
  refute [ -e out ]
  run -0 hart-prov sync out --as cypher
  assert_equal "$(json .from)" 0
  grep -q '^MERGE (a)-\[r:RESULTED_IN\]->(b)$' out/*.cypher
}

@test "sync: a command reads batches, and what it refuses is found down to the receipt" {
  receipts 9
  cat >take <<'SH'
#!/bin/sh
input=$(cat)
echo "$input" | grep -q '"leaf_index":4,' && exit 3
echo "$input" >>"$1"
SH
  chmod +x take
  run -2 hart-prov sync exec:./take -- got
  assert_output --partial "needs a --name"
  run -1 --separate-stderr hart-prov sync exec:./take --name taker --backoff 0.001 -- got
  assert_equal "$(json '[.receipts, .dead_letters, .retries, .to] | @csv')" 8,1,3,9
  assert_equal "$(leaves got)" '[0,1,2,3,5,6,7,8]'
  run -0 hart-prov sync --dead-letters
  assert_equal "$(json '[.type, .target, .leaf_index, .reason] | @csv')" \
    '"dead_letter","taker",4,"the command ended with status 3"'
  assert_equal "$(json .inference)" "$(sed -n 5p answers | jq -r .inference)"
  run -1 --separate-stderr \
    hart-prov sync exec:./take --name taker --retry-dead-letters --retries 0 -- got
  assert_equal "$(json .dead_letters)" 1
  sed -i '/exit 3/d' take
  run -0 hart-prov sync exec:./take --name taker --retry-dead-letters -- got
  assert_equal "$(json .receipts)" 1
  assert_equal "$(leaves got)" '[0,1,2,3,4,5,6,7,8]'
  run -0 hart-prov sync --dead-letters
  assert_output ""
}

@test "sync: a command that is not there, or away, ends the run with 69 and loses nothing" {
  receipts 2
  run -69 hart-prov sync exec:hart-no-such-program
  assert_output --partial "hart-no-such-program: cannot be run"
  printf '#!/bin/sh\nexit 75\n' >away
  chmod +x away
  run -69 hart-prov sync exec:./away --retries 1 --backoff 0
  printf '#!/bin/sh\ncat >>got\n' >away
  run -0 hart-prov sync exec:./away
  assert_equal "$(leaves got)" '[0,1]'
  run -0 hart-prov sync --dead-letters
  assert_output ""
}

@test "sync: killed at any moment, a folder has each receipt exactly once in the end" {
  receipts 60
  RANDOM=5
  local -i killed=0 us
  for _ in $(seq 25); do
    us=$((RANDOM % 60000 + 1000))
    timeout --signal=KILL "0.$(printf '%06d' $us)" hart-prov sync out --batch 1 \
      >/dev/null 2>&1 || killed+=1
  done
  receipts 3
  run -0 hart-prov sync out --batch 7
  assert_equal "$(leaves out/*.jsonl)" "$(seq 0 62 | jq -s -c .)"
  assert [ "$killed" -gt 3 ]
  refute [ -e "$(echo out/*.partial)" ]
}

@test "sync: killed at any moment, a command has each receipt at least once, none by halves" {
  receipts 30
  # Takes a batch only whole, as a database would.
  cat >take <<'SH'
#!/bin/sh
cat >in.$$ && mv in.$$ got.$$.$(date +%s%N)
SH
  chmod +x take
  RANDOM=7
  for _ in $(seq 15); do
    timeout --signal=KILL "0.$(printf '%06d' $((RANDOM * 2 + 4000)))" \
      hart-prov sync exec:./take --batch 2 >/dev/null 2>&1 || true
  done
  run -0 hart-prov sync exec:./take --batch 2
  # One that was under way when its feeder was killed may have got a part.
  cat got.* | jq -c -R 'fromjson? | .leaf_index' | sort -n | uniq >seen
  assert_equal "$(jq -s -c . seen)" "$(seq 0 29 | jq -s -c .)"
}

# server: a PostgreSQL server of our own, on a socket in this folder; $url leads to it.
server() {
  local as=()
  command -v psql >/dev/null || skip "no psql"
  command -v initdb >/dev/null || skip "no PostgreSQL server"
  command -v pg_ctl >/dev/null || skip "no PostgreSQL server"
  if [[ $(id -u) == 0 ]]; then
    id postgres >/dev/null 2>&1 || skip "PostgreSQL does not run as root, and no user postgres"
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  fi
  data=$(mktemp -d /tmp/hart-pg-XXXXXX)
  if [[ $(id -u) == 0 ]]; then chown postgres "$data"; fi
  (cd / && "${as[@]}" initdb -D "$data/db" -U hart --auth=trust --no-sync >/dev/null &&
    "${as[@]}" pg_ctl -D "$data/db" -w -o "-k $data -h '' -F" -l "$data/log" start >/dev/null)
  stop=("${as[@]}" pg_ctl -D "$data/db" -m immediate stop)
  url="postgresql://hart@/postgres?host=$data"
}

teardown() {
  if [[ ${#stop[@]} -gt 0 ]]; then
    (cd / && "${stop[@]}" >/dev/null 2>&1) || true
    rm -rf "$data"
  fi
}

sql() { psql -X -q -A -t -d "$url" -c "$1"; }

@test "sync: a PostgreSQL database has each row once, and what it refuses is a dead letter" {
  server
  receipts 6
  run -0 hart-prov sync "$url" --batch 4
  assert_equal "$(json '[.receipts, .target] | @csv')" "6,\"$url\""
  assert_equal "$(sql 'SELECT count(*), max(leaf_index) FROM hart_receipt')" "6|5"
  rows=$(sql "SELECT md5(string_agg(n::text, ',' ORDER BY name)) FROM hart_node n")
  assert_equal "$(sql "SELECT count(*) FROM hart_edge e JOIN hart_node n ON n.name = e.end_name
    WHERE type = 'RESULTED_IN'")" 6
  run -0 hart-prov sync "$url" --restart
  assert_equal "$(json .receipts)" 6
  assert_equal "$(sql 'SELECT count(*) FROM hart_receipt')" 6
  assert_equal "$(sql "SELECT md5(string_agg(n::text, ',' ORDER BY name)) FROM hart_node n")" \
    "$rows"
  sql 'ALTER TABLE hart_receipt ADD CHECK (leaf_index <> 8)'
  receipts 5
  run -1 --separate-stderr hart-prov sync "$url" --retries 0
  assert_equal "$(json '[.receipts, .dead_letters] | @csv')" 4,1
  assert_equal "$(sql 'SELECT count(*) FROM hart_receipt')" 10
  run -0 hart-prov sync --dead-letters "$url"
  assert_equal "$(json '[.leaf_index, .reason] | @csv')" '8,"psql ended with status 3"'
}

@test "sync: texts that a database cannot hold as they are arrive without what it cannot hold" {
  server
  printf '%s\n' '{"text":"nul \u0000 tab \t back \\ slash \\u0000 \\. quote \" done"}' |
    hart-infer generate -m "$HART_SOURCE/share/models/wordnet-llama.gguf" -n 1 - >answers
  run -0 hart-prov sync "$url"
  assert_equal "$(sql "SELECT properties->>'prompt' FROM hart_node
    WHERE name LIKE 'inference/%'")" $'nul \uFFFD tab \t back \\ slash \\u0000 \\. quote " done'
}

@test "sync: a database that is not there ends the run with 69, and keeps no password" {
  receipts 1
  command -v psql >/dev/null || skip "no psql"
  run -69 --separate-stderr hart-prov sync --retries 0 \
    "postgresql://me:secretword@/db?host=$PWD/none"
  run -1 grep -a -r -q secretword s.hart
  run -69 --separate-stderr env PATH="$PWD/none" "$(command -v hart-prov)" sync postgresql:///db
  [[ $stderr == *"psql: cannot be run"* ]]
}
