# What every tool promises, shown by hart-frame, which has no store to get in the way.

bats_require_minimum_version 1.5.0
load helper

# within_pty COMMAND...: runs it with a terminal as its standard output and error.
within_pty() { script -qec "$*" /dev/null </dev/null | tr -d '\r'; }

@test "frame: a call without a subcommand prints its usage on standard error and exits 2" {
  run --separate-stderr hart-frame
  assert_failure 2
  assert_equal "$output" ""
  assert_equal "${stderr_lines[0]}" "Usage: hart-frame SUBCOMMAND [OPTIONS] [ARGUMENTS]"
  run --separate-stderr hart-frame nested
  assert_failure 2
  assert_equal "${stderr_lines[1]}" "Subcommands: inner"
}

@test "frame: a mistyped subcommand or option is one line that names what was meant" {
  run --separate-stderr hart-frame shwo
  assert_failure 2
  assert_equal "$stderr" "hart-frame: unknown subcommand 'shwo': did you mean 'show'?"
  run --separate-stderr hart-frame show --tenent x
  assert_failure 2
  assert_equal "$stderr" "hart-frame: unknown option '--tenent': did you mean '--tenant'?"
  run --separate-stderr hart-frame nested iner
  assert_failure 2
  assert_equal "$stderr" "hart-frame: unknown subcommand 'iner': did you mean 'inner'?"
}

@test "frame: --version is a line on standard output" {
  run --separate-stderr hart-frame --version
  assert_success
  assert_regex "$output" '^hart-frame [0-9]+\.[0-9]+\.[0-9]+ '
  assert_equal "$stderr" ""
}

@test "frame: --help fits a screen of 24 lines and 80 columns" {
  local subcommand
  for subcommand in "" show nested; do
    run hart-frame $subcommand --help
    assert_success
    ((${#lines[@]} <= 24))
    for line in "${lines[@]}"; do ((${#line} <= 80)); done
  done
}

@test "frame: help without a manual page prints what --help prints" {
  run hart-frame help show
  assert_success
  assert_equal "$output" "$(hart-frame show --help)"
  run hart-frame help shwo
  assert_failure 2
}

@test "frame: common options may stand before or after the subcommand" {
  assert_equal "$(hart-frame -t a -s b show x | jq -r '.tenant + .store')" ab
  assert_equal "$(hart-frame show x --tenant=a --store b | jq -r '.tenant + .store')" ab
}

@test "frame: the tenant comes from the option, else HART_TENANT, else it is default" {
  assert_equal "$(hart-frame show | jq -r .tenant)" default
  assert_equal "$(HART_TENANT=env hart-frame show | jq -r .tenant)" env
  assert_equal "$(HART_TENANT=env hart-frame show -t given | jq -r .tenant)" given
}

@test "frame: --dry-run is accepted only where it has a meaning" {
  assert_equal "$(hart-frame show --dry-run | jq .dry_run)" true
  run hart-frame count 1 --dry-run
  assert_failure 2
}

@test "frame: a pipe reads JSON, a terminal reads text, and --format decides against both" {
  assert_equal "$(hart-frame count 1)" '{"type":"number","value":1}'
  assert_equal "$(hart-frame count 1 --format human)" 'value  1'
  command -v script >/dev/null || skip "no script(1)"
  script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip "no pseudo-terminal to be had here"
  assert_equal "$(within_pty hart-frame count 1)" 'value  1'
  assert_equal "$(within_pty hart-frame count 1 --json)" '{"type":"number","value":1}'
}

@test "frame: every fault has its exit status and one line on standard error" {
  local status_wanted
  for status_wanted in 2 65 66 69 70 73 74 75 77 78; do
    run --separate-stderr hart-frame fail $status_wanted
    assert_failure $status_wanted
    assert_equal "$stderr" "hart-frame: what went wrong"
  done
}

@test "frame: a defect or exhausted memory is one line and status 70" {
  run --separate-stderr hart-frame fail defect
  assert_failure 70
  assert_equal "$stderr" "hart-frame: internal error: a rule was broken"
  run --separate-stderr hart-frame fail memory
  assert_failure 70
  assert_equal "$stderr" "hart-frame: out of memory"
}

@test "frame: what was answered before a failure is still printed" {
  run --separate-stderr hart-frame fail 66
  assert_equal "$output" '{"type":"before"}'
}

@test "frame: the action's own no is status 1 without a word" {
  run hart-frame nested inner
  assert_failure 1
  assert_output ""
}

@test "frame: a device that is not there is status 69" {
  run --separate-stderr hart-frame show --device cuda
  assert_failure 69
}

@test "frame: a reader that goes away ends the tool without a word, as SIGPIPE would" {
  hart-frame count 1000000 2>errors | head -n 1 >first || true
  assert_equal "$(cat first)" '{"type":"number","value":1}'
  assert_equal "$(cat errors)" ""
  set +o pipefail
  hart-frame count 1000000 | head -n 1 >/dev/null
  assert_equal "${PIPESTATUS[0]}" 141
}

@test "frame: a full disk is status 74" {
  [[ -w /dev/full ]] || skip "no /dev/full"
  run bash -c 'hart-frame count 3 2>&1 >/dev/full'
  assert_failure 74
  assert_output "hart-frame: standard output: No space left on device"
}

@test "frame: SIGINT ends a command between two items with status 130, SIGTERM with 143" {
  local signal
  for signal in INT TERM; do
    # A job in the background ignores SIGINT unless it is run through env.
    env --default-signal=INT hart-frame wait &
    local pid=$!
    # Until the handlers are there, a signal ends the tool all the same, with the same status.
    sleep 0.3
    kill -s "$signal" "$pid"
    local ended=0
    wait "$pid" || ended=$?
    assert_equal "$signal $ended" "$([[ $signal == INT ]] && echo INT 130 || echo TERM 143)"
  done
}

@test "frame: SIGINT ends a wait for input" {
  mkfifo pipe
  env --default-signal=INT hart-frame stream <pipe >answers &
  local pid=$! ended=0
  exec 8>pipe
  echo '{"text":"a"}' >&8
  until [[ -s answers ]]; do sleep 0.02; done
  kill -s INT "$pid"
  wait "$pid" || ended=$?
  exec 8>&-
  assert_equal "$ended" 130
  assert_equal "$(jq -r .text answers)" a
}

@test "frame: each line of a stream is answered before the next is sent" {
  mkfifo pipe
  hart-frame batch <pipe >answers &
  exec 8>pipe
  local n
  for n in 1 2 3; do
    echo "{\"id\":$n}" >&8
    until (($(wc -l <answers) == n)); do sleep 0.02; done
  done
  exec 8>&-
  wait $!
  assert_equal "$(jq -r .id answers | paste -sd,)" 1,2,3
}

@test "frame: a bad line gets an error in its place, the rest go on, and the status is 65" {
  run --separate-stderr hart-frame stream <<'LINES'
{"text":"a","id":[1]}

nonsense
{"id":"no text"}
{"text":"b"}
LINES
  assert_failure 65
  assert_equal "$stderr" ""
  assert_equal "$(json '[.type, .code, .line, .id] | tojson' | paste -sd' ')" \
    '["heard",null,null,[1]] ["error","data",3,null] ["error","data",4,"no text"] ["heard",null,null,null]'
}

@test "frame: an empty stream is no error" {
  run hart-frame stream </dev/null
  assert_success
  assert_output ""
}

@test "frame: the shipped data is found from the build tree, and HART_SHARE overrules it" {
  assert_equal "$(hart-frame share | jq -r .directory)" "$(cd "$HART_SOURCE" && pwd -P)/share"
  assert_equal "$(HART_SHARE=/elsewhere hart-frame share | jq -r .directory)" /elsewhere
}

@test "frame: no progress bar and no colour reach a file" {
  hart-frame count 3 >out 2>err
  run grep -c $'\x1b' out err
  assert_output $'out:0\nerr:0'
}
