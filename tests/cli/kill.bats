# Many kills at random moments, of commands that write: what was acknowledged is there, what was
# removed is gone, and the next command works.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
}

# killed_at MS COMMAND...: runs it and kills it after so many milliseconds. True when it had ended
# by then, with status 0.
killed_at() {
  local pid
  "${@:2}" >/dev/null 2>killed.err &
  pid=$!
  sleep "0.$(printf %03d "$1")"
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null
}

# check_held: each object of the associative array `held` has its bytes; none in `gone` is there.
check_held() {
  local name
  hart-ingest ls | jq -r .name | sort -u >names
  for name in "${!held[@]}"; do
    hart-ingest cat "$name" | cmp - "files/${held[$name]}"
  done
  for name in "${!gone[@]}"; do
    refute grep -qxF "$name" names
  done
  hart-ingest fsck >fsck.out
}

@test "kill: sixty commands killed at any moment lose nothing that was acknowledged" {
  declare -A held=() gone=()
  local round name file
  RANDOM=11
  mkdir files
  for file in $(seq 12); do
    seq $((file * 7)) $((file * 400 + 900)) | paste -sd' ' | fold -sw 300 >"files/$file"
  done
  for round in $(seq 60); do
    case $((RANDOM % 6)) in
      0)
        name=$(printf '%s\n' "${!held[@]}" | sort | sed -n "$((RANDOM % (${#held[@]} + 1)))p")
        [[ -n $name ]] || continue
        # What was killed may have been done: then nothing is known of the name.
        unset "held[$name]"
        if killed_at $((RANDOM % 40)) hart-ingest rm "$name"; then gone[$name]=; fi
        ;;
      1) killed_at $((RANDOM % 40)) hart-ingest gc || true ;;
      *)
        file=$((RANDOM % 12 + 1))
        name=object-$round
        if killed_at $((RANDOM % 80)) hart-ingest add --no-embed --name "$name" "files/$file"; then
          held[$name]=$file
        fi
        ;;
    esac
    if ((round % 15 == 0)); then check_held; fi
  done
  assert [ ${#held[@]} -gt 3 ]
}
