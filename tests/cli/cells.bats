# Cell indexes, from the outside: hart-search index build, and what happens to their files.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$PWD/s
  hart-ingest init "$HART_STORE" >/dev/null
  hart-ingest add --no-progress "$HART_SOURCE/share/corpus/animals.txt" \
    "$HART_SOURCE/share/corpus/food.txt" >/dev/null
}

# The names and places of the hits of a query, without what else a line says.
hits() {
  hart-search query "$@" | jq -c 'select(.type == "hit") | [.name, .position, .distance]'
}

@test "cells: build says what recall was measured, and auto uses the index" {
  run hart-search index build
  assert_success
  assert_equal "$(json '[.type, .kind, (.recall >= 0.95), .recall_k] | tojson')" \
    '["index","cells",true,10]'
  run hart-search query --explain --atom "$(hart-search query -k 1 snake | jq -r .atom)"
  assert_equal "$(json 'select(.type == "explain") | [.strategy, .vector.index] | tojson')" \
    '["cells","cells"]'
  run hart-search index check --recall 0.99 --samples 100
  assert_success
  assert_equal "$(json '[(.recall > 0.95), (.recall_interval < 0.1)] | tojson')" '[true,true]'
}

@test "cells: asked for everything, the answer is that of an exact search" {
  hart-search index build >/dev/null
  assert_equal "$(hits --strategy cells -k 200 --recall 0.995 bird)" "$(hits --strategy exact -k 200 bird)"
  for format in f16 int8; do
    hart-search index build --vectors $format >/dev/null
    assert_equal "$(hits --strategy cells -k 5 --recall 0.995 bird)" "$(hits --strategy exact -k 5 bird)"
  done
}

@test "cells: what is added is found at once, what is removed no more" {
  hart-search index build >/dev/null
  echo "An orchestra plays a symphony." >music.txt
  hart-ingest add music.txt >/dev/null
  run hart-search query --strategy cells -k 1 --explain orchestra symphony
  assert_equal "$(json 'select(.type == "hit") | .name')" music.txt
  assert_equal "$(json 'select(.type == "explain") | .vector.delta')" 1
  hart-ingest rm music.txt >/dev/null
  run hart-search query --strategy cells orchestra symphony
  refute_output --partial music.txt
  hart-ingest rm food.txt >/dev/null
  run hart-search query --strategy cells -k 50 bread
  refute_output --partial food.txt
  assert_equal "$(hits --strategy cells -k 200 bread)" "$(hits --strategy exact -k 200 bread)"
}

@test "cells: recall holds when a filter lets little through" {
  hart-search index build >/dev/null
  assert_equal "$(hits --strategy cells --where 'name = "food.txt"' -k 10 snake)" \
    "$(hits --strategy exact --where 'name = "food.txt"' -k 10 snake)"
}

@test "cells: a file that is damaged or gone costs a diagnostic and no answer" {
  hart-search index build >/dev/null
  local expected
  expected=$(hits --strategy exact whale)
  printf 'garbage' | dd of=s/indexes/cells_1 bs=1 seek=20 conv=notrunc 2>/dev/null
  run --separate-stderr hart-search query --strategy cells whale
  assert_success
  assert_regex "$stderr" '^hart-search: the cell index cannot be used \(.*cells_1: the header is damaged\)'
  rm s/indexes/cells_1
  assert_equal "$(hits --strategy cells whale 2>/dev/null)" "$expected"
  hart-search index build >/dev/null
  run --separate-stderr hart-search query --strategy cells whale
  assert_equal "$stderr" ""
}

@test "cells: a build that is killed leaves the index before, and the next sweeps up" {
  hart-search index build >/dev/null
  local delay
  for delay in 0.01 0.03 0.06 0.1 0.2; do
    hart-search index build >/dev/null &
    sleep $delay
    kill -9 $! 2>/dev/null || true
    wait $! 2>/dev/null || true
    run --separate-stderr hart-search query --strategy cells -k 1 whale
    assert_success
    assert_equal "$stderr" ""
  done
  hart-search index build >/dev/null
  assert_equal "$(find s/indexes -type f | wc -l)" 1
}

@test "cells: the same vectors and seed make the same answers, whatever the threads" {
  hart-search index build --threads 1 >/dev/null
  local one
  one=$(hits --strategy cells --recall 0.8 -k 10 bird)
  hart-search index build --threads 4 >/dev/null
  assert_equal "$(hits --strategy cells --recall 0.8 -k 10 bird)" "$one"
}

@test "cells: a backup takes the index along, erasing and dropping remove it" {
  hart-search index build >/dev/null
  hart-ingest backup copy >/dev/null
  run --separate-stderr hart-search -s copy query --strategy cells --explain whale
  assert_equal "$(json 'select(.type == "explain") | .strategy')" cells
  assert_equal "$stderr" ""
  hart-search index drop >/dev/null
  assert_equal "$(find s/indexes -type f | wc -l)" 0
  hart-ingest -s copy erase --all >/dev/null
  assert_equal "$(find copy/indexes -type f | wc -l)" 0
}

@test "cells: an older state of the store is searched without the index" {
  hart-search index build >/dev/null
  local before
  before=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)
  echo "An orchestra plays a symphony." >music.txt
  hart-ingest add music.txt >/dev/null
  run hart-search query --as-of "$before" --explain -k 3 orchestra symphony
  refute_output --partial music.txt
}
