# What all six tools have in common: the frame, and how they meet a store that is not theirs.

bats_require_minimum_version 1.5.0
load helper

tools=(hart-ingest hart-search hart-infer hart-bill hart-prov hart-ooda)

# A call of each tool that only reads a store.
reading_calls() {
  cat <<'CALLS'
hart-ingest ls
hart-search query --strategy text word
hart-infer models
hart-bill usage
hart-prov log root
hart-ooda status
CALLS
}

@test "tools: each prints its usage without arguments, its version, and a help of one screen" {
  local tool
  for tool in "${tools[@]}"; do
    run --separate-stderr "$tool"
    assert_failure 2
    assert_equal "$output" ""
    assert_equal "${stderr_lines[0]}" "Usage: $tool SUBCOMMAND [OPTIONS] [ARGUMENTS]"
    run "$tool" --version
    assert_success
    assert_regex "$output" "^$tool [0-9]+\.[0-9]+\.[0-9]+ "
    run "$tool" --help
    assert_success
    assert_equal "$tool $((${#lines[@]} <= 24))" "$tool 1"
  done
}

@test "tools: a store that does not exist is status 66, and nothing is made in its place" {
  local call
  while read -r call; do
    # The calls are words of our own, to be split.
    # shellcheck disable=SC2086
    run --separate-stderr $call --store absent.hart
    assert_equal "$call: $status" "$call: 66"
    assert_equal "$output" ""
    assert_regex "$stderr" "^${call%% *}: .*absent\.hart"
  done < <(reading_calls)
  assert [ ! -e absent.hart ]
}

@test "tools: without --store, HART_STORE and a .hart upward, there is no store" {
  local call
  mkdir -p deep/er
  cd deep/er
  while read -r call; do
    # shellcheck disable=SC2086
    run --separate-stderr $call
    assert_equal "$call: $status" "$call: 66"
  done < <(reading_calls)
}

@test "tools: a new store is made where the next command looks for it" {
  HART_STORE=made.hart hart-ingest init >/dev/null
  HART_STORE=made.hart run -0 hart-ingest ls
  assert [ ! -e .hart ]
  HART_STORE=made.hart hart-ingest init -s given.hart >/dev/null
  assert [ -d given.hart ]
}

@test "tools: the store is --store, else HART_STORE, else the nearest .hart upward" {
  hart-ingest init >/dev/null
  mkdir -p deep/er other
  hart-ingest init other/o.hart >/dev/null
  echo 'only here' >words.txt
  hart-ingest add words.txt >/dev/null
  cd deep/er
  assert_equal "$(hart-ingest ls --json | jq -r .name)" words.txt
  assert_equal "$(HART_STORE=../../other/o.hart hart-ingest ls --json)" ""
  assert_equal "$(HART_STORE=../../other/o.hart hart-ingest ls --json -s ../../.hart | jq -r .name)" words.txt
}

@test "tools: a store of a newer schema is status 78 and stays as it is" {
  command -v sqlite3 >/dev/null || skip "no sqlite3 shell"
  hart-ingest init s.hart >/dev/null
  sqlite3 s.hart/hart.db 'PRAGMA user_version = 9999; PRAGMA wal_checkpoint(TRUNCATE);' >/dev/null
  local before call
  before=$(sha256sum <s.hart/hart.db)
  while read -r call; do
    # shellcheck disable=SC2086
    run --separate-stderr $call --store s.hart
    assert_equal "$call: $status" "$call: 78"
    assert_equal "${#stderr_lines[@]}" 1
  done < <(reading_calls)
  assert_equal "$(sha256sum <s.hart/hart.db)" "$before"
}

@test "tools: a tenant that does not exist is status 66" {
  hart-ingest init s.hart >/dev/null
  local call
  while read -r call; do
    # shellcheck disable=SC2086
    run --separate-stderr $call --store s.hart --tenant nobody
    assert_equal "$call: $status" "$call: 66"
    assert_regex "$stderr" nobody
  done < <(reading_calls)
}

@test "tools: a directory or a file that is no store is refused" {
  mkdir plain
  echo text >file
  run --separate-stderr hart-ingest ls --store plain
  assert_failure 66
  run --separate-stderr hart-ingest ls --store file
  assert_failure
  assert_regex "$status" '^6[56]$'
}

@test "tools: init refuses to overwrite, with status 73" {
  hart-ingest init s.hart >/dev/null
  run --separate-stderr hart-ingest init s.hart
  assert_failure 73
}

@test "tools: help opens the manual page, of a subcommand too" {
  command -v man >/dev/null || skip "no man"
  local tool
  for tool in "${tools[@]}"; do
    run "$tool" help
    assert_success
    assert_output --regexp "${tool^^}\(1\)"
  done
  run hart-search help query
  assert_output --regexp 'HART-SEARCH\(1\)'
  run --separate-stderr hart-search help qurey
  assert_failure 2
  assert_equal "$stderr" "hart-search: unknown subcommand 'qurey': did you mean 'query'?"
}

@test "tools: start-up links neither ICU nor SpatiaLite" {
  local tool
  for tool in "${tools[@]}"; do
    run ldd "$(command -v "$tool")"
    refute_output --regexp 'libicu|spatialite|libav|libclang'
  done
}
