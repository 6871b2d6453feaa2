# What is acknowledged stays: writers that are killed, a full disk, several writers at once.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
}

teardown() { umount "$BATS_TEST_TMPDIR/small" 2>/dev/null || true; }

# check_catalog: SQLite finds nothing wrong with the catalog.
check_catalog() {
  command -v sqlite3 >/dev/null || return 0
  assert_equal "$(sqlite3 "$HART_STORE/hart.db" 'PRAGMA integrity_check; PRAGMA foreign_key_check;')" ok
}

@test "durability: what hart-ingest acknowledged survives its being killed, whenever that is" {
  mkdir texts
  local round i pid atom name acknowledged=0
  RANDOM=7
  for i in $(seq 40); do
    seq "$i" $((i * 37 + 500)) | paste -sd' ' >"texts/$i.txt"
  done
  for round in $(seq 12); do
    # Records by standard input come in batches of what is there, so that some are acknowledged
    # while others are on their way.
    for i in $(seq 40); do
      echo "{\"path\":\"texts/$i.txt\",\"name\":\"r$round-$i\"}"
      sleep 0.01
    done | hart-ingest add --no-embed --jsonl - >"acknowledged$round" &
    pid=$!
    # Every second one dies in its first steps, the others with work behind them.
    if ((round % 2 == 0)); then
      until [[ -s acknowledged$round ]] || ! kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    fi
    sleep "0.$((RANDOM % 8 + 1))$((RANDOM % 10))"
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    check_catalog
    # The last line may have been cut by the kill: it is no acknowledgement then.
    while read -r name atom; do
      assert_equal "sha256:$(hart-ingest cat "$name" | sha256sum | cut -d' ' -f1)" "$atom"
      acknowledged=$((acknowledged + 1))
    done < <(jq -rR 'fromjson? | .name + " " + .atom' "acknowledged$round" | shuf -n 3 --random-source=texts/40.txt)
    echo "after $round" >after.txt
    hart-ingest add --no-embed --name "after-$round" after.txt >/dev/null
  done
  assert_equal "$(hart-ingest ls | jq -r .name | grep -c '^after-')" 12
  assert [ "$acknowledged" -gt 0 ]
}

@test "durability: a disk that is full is status 74, and the store is as it was" {
  head -c 400000 /dev/urandom | base64 >large.txt
  echo 'here before' >before.txt
  hart-ingest add --no-embed before.txt >/dev/null
  # A limit on the size of files stands in for a small disk, which needs a mount.
  run --separate-stderr bash -c "trap '' XFSZ; ulimit -f 300; exec hart-ingest add --no-embed --compress none --materialize none large.txt"
  assert_failure 74
  assert_equal "$output" ""
  assert_equal "${#stderr_lines[@]}" 1
  check_catalog
  assert_equal "$(hart-ingest ls | jq -r .name)" before.txt
  assert_equal "$(hart-ingest cat before.txt)" 'here before'
  hart-ingest add --no-embed large.txt >/dev/null
  hart-ingest export large.txt -o back
  cmp large.txt back
}

@test "durability: a file system without room is status 74, and the store is as it was" {
  mkdir small
  mount -t tmpfs -o size=16m tmpfs small 2>/dev/null || skip "no permission to mount a small file system"
  local status_before
  hart-ingest init small/s.hart >/dev/null
  echo 'here before' >before.txt
  hart-ingest add -s small/s.hart --no-embed before.txt >/dev/null
  head -c 15000000 /dev/urandom | base64 >large.txt
  run --separate-stderr hart-ingest add -s small/s.hart --no-embed --compress none --materialize none large.txt
  status_before=$status
  run hart-ingest cat -s small/s.hart before.txt
  assert_equal "$status_before" 74
  assert_output 'here before'
}

@test "durability: two that add at once take turns, and nothing is lost" {
  mkdir a b
  local i
  for i in $(seq 30); do
    seq "$i" 300 >"a/a$i.txt"
    seq "$i" 350 >"b/b$i.txt"
  done
  hart-ingest add --no-embed a >out.a &
  local first=$!
  hart-ingest add --no-embed b >out.b
  wait "$first"
  assert_equal "$(cat out.a out.b | jq -r .type | sort | uniq -c | awk '{print $1 $2}')" 60object
  assert_equal "$(hart-ingest ls | wc -l)" 60
  check_catalog
  hart-ingest cat a30.txt | cmp - a/a30.txt
  hart-ingest cat b7.txt | cmp - b/b7.txt
}

@test "durability: a writer that waits for another longer than --timeout gives up with status 75" {
  command -v flock >/dev/null || skip "no flock(1)"
  echo text >a.txt
  run --separate-stderr flock "$HART_STORE/lock" hart-ingest add --no-embed --timeout 1 a.txt
  assert_failure 75
  assert_equal "$(hart-ingest ls)" ""
}
