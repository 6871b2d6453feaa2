# Many kills at random moments, of commands that write: what was acknowledged is there, what was
# removed is gone, and the next command works.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
}

# may_be_killed COMMAND...: runs it and kills it at a random moment of twice the time that an
# undisturbed add takes. True when it had ended by then, with status 0.
may_be_killed() {
  local -i us=$((RANDOM * 2 * add_us / 32768 + 1))
  timeout --signal=KILL "$(printf '%d.%06d' $((us / 1000000)) $((us % 1000000)))" "$@" \
    >/dev/null 2>killed.err
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
  local round name file names killed=0
  RANDOM=11
  mkdir files
  for file in $(seq 12); do
    seq $((file * 7)) $((file * 400 + 900)) | paste -sd' ' | fold -sw 300 >"files/$file"
  done
  local began=${EPOCHREALTIME/./}
  hart-ingest add --no-embed --name object-0 files/12 >/dev/null
  local add_us=$((${EPOCHREALTIME/./} - began))
  held[object-0]=12
  for round in $(seq 60); do
    case $((RANDOM % 6)) in
      0)
        names=("${!held[@]}")
        ((${#names[@]} > 0)) || continue
        name=${names[RANDOM % ${#names[@]}]}
        # What was killed may have been done: then nothing is known of the name.
        unset "held[$name]"
        if may_be_killed hart-ingest rm "$name"; then gone[$name]=; fi
        ;;
      1) may_be_killed hart-ingest gc || true ;;
      *)
        file=$((RANDOM % 12 + 1))
        name=object-$round
        if may_be_killed hart-ingest add --no-embed --name "$name" "files/$file"; then
          held[$name]=$file
        else
          killed=$((killed + 1))
        fi
        ;;
    esac
    if ((round % 15 == 0)); then check_held; fi
  done
  assert [ ${#held[@]} -gt 3 ]
  assert [ "$killed" -gt 3 ]
}
