# hart-ooda, over a small store whose queries are really run and logged by hart-search.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$PWD/s
  hart-ingest init "$HART_STORE" >/dev/null
}

# use_store: some notes, and searches of them by text, which needs no embedder.
use_store() {
  printf '%s\n\n' "The elephant is a large grey animal with a trunk." \
    "A merkle tree is a tree of hashes." "A ship sails on the sea." >notes.txt
  hart-ingest add notes.txt >/dev/null
  for word in elephant merkle ship animal tree sea; do
    hart-search query --strategy text "$word" >/dev/null
  done
}

# digest: of all that the catalog holds, and which files there are.
digest() {
  (cd "$HART_STORE" && sqlite3 hart.db .dump | sha256sum &&
    find . ! -name '*-wal' ! -name '*-shm' | sort)
}

@test "run: with an empty query log it says that there is nothing to learn from" {
  run --separate-stderr hart-ooda run
  assert_success
  assert_equal "$stderr" ""
  assert_equal "$(json 'select(.type == "cycle") | .decision')" "nothing_to_do"
  [[ $output == *"the query log is empty"* ]]
  run hart-ooda run --apply
  assert_success
  [[ $output == *"the query log is empty"* ]]
}

@test "run: dry by default; the hypotheses are ranked, and nothing is written" {
  use_store
  before=$(digest)
  run --separate-stderr hart-ooda run
  assert_success
  assert_equal "$(json '.type' | sort -u | paste -sd,)" "action,cycle,hypothesis,observation"
  assert_equal "$(json 'select(.type == "observation" and .subject == "queries") | .queries')" 6
  assert_equal "$(json 'select(.type == "action") | .dry_run')" "true"
  assert_equal "$(json 'select(.type == "cycle") | .decision')" "dry_run"
  assert_equal "$(digest)" "$before"
  run hart-ooda run --apply --dry-run
  assert_equal "$(json 'select(.type == "cycle") | .decision')" "dry_run"
  assert_equal "$(digest)" "$before"
  assert_equal "$(hart-ooda history)" ""
}

@test "run --apply: what is decided is what the store is like afterwards, and can be undone" {
  use_store
  schema=$(sqlite3 "$HART_STORE/hart.db" .schema)
  run --separate-stderr hart-ooda run --apply --only StatisticsUpdate
  assert_success
  decision=$(json 'select(.type == "outcome") | .decision')
  assert_equal "$(json 'select(.type == "cycle") | .decision')" "$decision"
  assert_equal "$(json 'select(.type == "outcome") | .measured.identical')" "true"
  assert_equal "$(json 'select(.type == "outcome") | .before_us > 0 and .after_us > 0')" "true"
  [[ ! -e $HART_STORE/ooda-shadow ]]
  assert_equal "$(hart-ooda history | jq -r .decision)" "$decision"
  assert_equal "$(hart-ooda status | jq -r ".$decision")" 1
  assert_equal "$(hart-ooda status | jq -r '.weights[0] | .successes + .failures')" 1
  if [[ $decision == adopted ]]; then
    assert_equal "$(sqlite3 "$HART_STORE/hart.db" "SELECT count(*) > 0 FROM sqlite_stat1")" 1
    run hart-ooda rollback --dry-run 1
    assert_success
    assert_equal "$(hart-ooda history | jq -r .decision)" "adopted"
    run hart-ooda rollback 1
    assert_success
    assert_equal "$(json .decision)" "rolled_back"
    assert_equal "$(hart-ooda history | jq -r .decision)" "rolled_back"
  fi
  assert_equal "$(sqlite3 "$HART_STORE/hart.db" .schema)" "$schema"
  run hart-ooda run --apply --only StatisticsUpdate
  assert_equal "$(json 'select(.type == "cycle") | .decision')" "nothing_to_do"
}

@test "rollback: a change that never was ends with status 66" {
  run --separate-stderr hart-ooda rollback 7
  assert_equal "$status" 66
  assert_equal "$stderr" "hart-ooda: there is no improvement 7"
}

@test "stop: every run ends with status 1 until resume" {
  use_store
  run hart-ooda stop --reason "backup tonight"
  assert_success
  assert_equal "$(json '[.stopped, .changed] | tojson')" "[true,true]"
  run hart-ooda run --apply
  assert_equal "$status" 1
  assert_equal "$(json 'select(.type == "cycle") | .decision')" "stopped"
  assert_equal "$(hart-ooda status | jq -r .stop_reason)" "backup tonight"
  run hart-ooda stop
  assert_equal "$(json '.changed')" "false"
  run hart-ooda resume
  assert_success
  run hart-ooda run
  assert_success
}

@test "people read text, and every option of the help stands in the manual" {
  use_store
  run hart-ooda run --format human
  assert_success
  [[ $output == *"Observed: 6 logged queries"* ]]
  [[ $output == *"Hypothesis 1: "* ]]
  run hart-ooda history --format human
  assert_output "nothing has been tried yet"
  for command in run status history rollback stop resume; do
    for option in $(hart-ooda "$command" --help | sed '/^Common options/,$d' |
      grep -o -- '--[a-z-]*'); do
      grep -q -- "Fl ${option#-}" "$HART_SOURCE/man/hart-ooda.1"
    done
  done
}
