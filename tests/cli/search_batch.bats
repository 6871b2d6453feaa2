# hart-search query -: streams of queries, what they print and what they are charged.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$PWD/s
  hart-ingest init "$HART_STORE" >/dev/null
  printf '%s\n\n' "The elephant is a large grey animal with a trunk." \
    "A merkle tree is a tree of hashes." "A ship sails on the sea." >notes.txt
  hart-ingest add notes.txt >/dev/null
}

# The vector that the shipped embedder gives TEXT, as an array.
vector_of() {
  hart-infer embed "$1" | jq -c .vector
}

charged() {
  hart-bill usage | jq -r 'select(.operation == "search") | "\(.events) \(.units)"'
}

@test "query -: the queries of a stream are charged together, and each is logged" {
  for i in {1..1100}; do echo "{\"id\":$i,\"text\":\"merkle\"}"; done >queries.jsonl
  hart-search query --strategy text - <queries.jsonl >hits.jsonl
  assert_equal "$(jq -s 'map(.id) == [range(1; 1101)]' hits.jsonl)" true
  # A block of 1024 and the rest.
  assert_equal "$(charged)" "2 1100"
  assert_equal "$(sqlite3 s/cache.db 'SELECT count(*), sum(row_count) FROM query_log')" "1100|1100"
}

@test "query -: a query is charged before the tool waits for the next" {
  mkfifo questions
  hart-search query --strategy text - <questions >hits.jsonl &
  tool=$!
  exec 8>questions
  echo '{"text":"merkle"}' >&8
  for _ in {1..600}; do
    [[ $(sqlite3 s/cache.db 'SELECT count(*) FROM query_log' 2>/dev/null) == 1 ]] && break
    sleep 0.1
  done
  assert_equal "$(charged)" "1 1"
  kill -KILL "$tool"
  exec 8>&-
  wait "$tool" || true
  assert_equal "$(charged)" "1 1"
}

@test "query -: a bad line is not charged, and those beside it are" {
  printf '%s\n' '{"text":"merkle"}' 'not json' '{"id":1}' '{"text":"ship"}' >queries.jsonl
  run --separate-stderr hart-search query --strategy text - <queries.jsonl
  assert_failure 65
  assert_equal "$(charged)" "1 2"
}

@test "query -: queries of several strategies are charged apart" {
  local vector
  vector=$(vector_of "a large animal")
  printf '%s\n' '{"text":"sea"}' "{\"vector\":$vector}" '{"text":"ship"}' >queries.jsonl
  hart-search query - <queries.jsonl >/dev/null
  assert_equal "$(sqlite3 s/cache.db 'SELECT count(*) FROM query_log')" 3
  assert_equal "$(charged)" "2 3"
}

@test "query -: a vector as an array, as base64 and as embed prints it finds the same" {
  local vector base64
  vector=$(vector_of "a large animal")
  base64=$(python3 -c 'import base64, json, struct, sys
v = json.loads(sys.argv[1])
print(base64.b64encode(struct.pack("<%df" % len(v), *v)).decode())' "$vector")
  printf '%s\n' "{\"id\":0,\"vector\":$vector}" \
    "{\"id\":0,\"vector\":{\"dtype\":\"f32\",\"base64\":\"$base64\"}}" \
    "{ \"vector\" : $(jq . <<<"$vector" | tr '\n' ' '), \"id\" : 0 }" >queries.jsonl
  hart-search query --strategy exact - <queries.jsonl >hits.jsonl
  assert_equal "$(jq -s 'length % 3 == 0 and length > 0' hits.jsonl)" true
  assert_equal "$(jq -s '(length / 3) as $n | .[:$n] == .[$n:2*$n] and .[:$n] == .[2*$n:]' \
    hits.jsonl)" true
}

@test "query: --fields prints the keys that are asked for, in their order, with the same values" {
  hart-search query --strategy exact --json "a large animal" >all.jsonl
  hart-search query --strategy exact --json --fields distance,atom "a large animal" >some.jsonl
  assert_equal "$(head -1 some.jsonl | jq -r 'keys_unsorted | join(",")')" type,atom,distance
  assert_equal "$(jq -c '{type, atom, distance}' all.jsonl)" "$(cat some.jsonl)"
}

@test "query: --fields refuses what is no key, and people" {
  run --separate-stderr hart-search query --fields atom,weight merkle
  assert_failure 2
  assert_regex "$stderr" "a hit has no key 'weight'"
  run --separate-stderr hart-search query --fields atom, merkle
  assert_failure 2
  run --separate-stderr hart-search query --format human --fields atom merkle
  assert_failure 2
}
