# Edges between atoms: hart-ingest relate; hart-search walk, path and neighbors.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$PWD/s
  hart-ingest init "$HART_STORE" >/dev/null
  local name
  for name in a b c d e; do
    printf 'The text of %s, about the sea and its ships.\n' "$name" >"$name.txt"
    hart-ingest add "$name.txt" >/dev/null
  done
}

# id NAME: the id of an object's content.
id() { hart-ingest show --json "$1" | jq -r .atom | head -n 1; }

# chain: a - b - c - d, with a long way round over e.
chain() {
  hart-ingest relate a.txt b.txt --type cites --weight 2 >/dev/null
  hart-ingest relate b.txt c.txt --type cites --weight 2 >/dev/null
  hart-ingest relate c.txt d.txt --type cites --weight 2 >/dev/null
  hart-ingest relate a.txt e.txt --type likes --weight 0.5 >/dev/null
  hart-ingest relate e.txt d.txt --type likes --weight 0.5 >/dev/null
}

@test "relate: an edge is added once, changed by another weight, and removed" {
  run --separate-stderr hart-ingest relate a.txt b.txt --type cites --weight 0.5
  assert_success
  assert_equal "$(json 'keys_unsorted | join(",")')" "type,source,target,relation,weight,outcome"
  assert_equal "$(json '[.type, .relation, .weight, .outcome] | tojson')" \
    '["relation","cites",0.5,"added"]'
  assert_equal "$(json .source)" "$(id a.txt)"
  run hart-ingest relate a.txt b.txt --type cites --weight 0.5
  assert_equal "$(json .outcome)" unchanged
  run hart-ingest relate a.txt b.txt --type cites
  assert_equal "$(json '[.outcome, .weight] | tojson')" '["changed",1]'
  run hart-ingest relate a.txt b.txt --type cites --remove
  assert_success
  assert_equal "$(json .outcome)" removed
  run hart-ingest relate a.txt b.txt --type cites --remove
  assert_failure 1
  assert_equal "$(json .outcome)" absent
}

@test "relate: a dry run changes nothing" {
  run hart-ingest relate a.txt b.txt --type cites --dry-run
  assert_equal "$(json '[.outcome, .dry_run] | tojson')" '["added",true]'
  run hart-search walk a.txt
  assert_failure 1
}

@test "relate: lines are answered in order, and a bad one becomes an error with its number" {
  printf '%s\n' '{"id":7,"source":"a.txt","target":"b.txt","type":"cites","weight":0.5}' \
    '{"source":"a.txt","target":"nothing","type":"cites"}' 'no json' \
    '{"source":"b.txt","target":"c.txt","type":"cites","weight":-1}' \
    '{"source":"b.txt","target":"c.txt","type":"cites"}' >edges.jsonl
  run --separate-stderr hart-ingest relate --jsonl edges.jsonl
  assert_failure 65
  assert_equal "$(json '[.type, .line, .id, .outcome] | tojson')" '["relation",null,7,"added"]
["error",2,null,null]
["error",3,null,null]
["error",4,null,null]
["relation",null,null,"added"]'
  run hart-ingest relate --jsonl - <edges.jsonl
  assert_equal "$(json 'select(.type == "relation") | .outcome')" "unchanged
unchanged"
  run hart-search walk a.txt
  assert_equal "$(json .name)" "b.txt
c.txt"
}

@test "relate: a call without atoms, type or a positive weight is wrong, an unknown atom is not found" {
  run hart-ingest relate a.txt b.txt
  assert_failure 2
  run hart-ingest relate a.txt --type cites
  assert_failure 2
  run hart-ingest relate a.txt b.txt --type cites --weight 0
  assert_failure 2
  run hart-ingest relate a.txt nothing.txt --type cites
  assert_failure 66
  run hart-ingest relate --jsonl - --type cites </dev/null
  assert_failure 2
}

@test "relate: an edge goes with the object that alone held its atom, and the store stays sound" {
  chain
  hart-ingest rm b.txt >/dev/null
  run hart-search walk a.txt --hops 5
  assert_equal "$(json .name)" "e.txt
d.txt"
  hart-ingest gc >/dev/null
  run hart-ingest fsck
  assert_success
}

@test "walk: the nearest first, each atom once, by hops, type and direction" {
  chain
  run --separate-stderr hart-search walk a.txt
  assert_success
  assert_equal "$(json '[.hops, .name, .weight, .relation] | tojson')" '[1,"b.txt",2,"cites"]
[1,"e.txt",0.5,"likes"]
[2,"c.txt",4,"cites"]
[2,"d.txt",0.25,"likes"]'
  assert_equal "$(json 'keys_unsorted | join(",")' | head -1)" \
    "type,hops,atom,weight,from,relation,text,name"
  run hart-search walk a.txt --type cites --hops 3
  assert_equal "$(json .name | paste -sd,)" "b.txt,c.txt,d.txt"
  run hart-search walk d.txt --direction in --hops 1
  assert_equal "$(json .name | paste -sd,)" "c.txt,e.txt"
  run hart-search walk a.txt --min-weight 1 --hops 1
  assert_equal "$(json .name)" "b.txt"
  run hart-search walk d.txt
  assert_failure 1
  run hart-search walk a.txt --hops 0
  assert_failure 2
}

@test "path: the cheapest way, not the shortest, unless the hops say so" {
  chain
  run --separate-stderr hart-search path a.txt d.txt
  assert_success
  assert_equal "$(json '[.type, .cost, .hops, [.atoms[].name]] | tojson')" \
    '["path",1.5,3,["a.txt","b.txt","c.txt","d.txt"]]'
  run hart-search path a.txt d.txt --hops 2
  assert_equal "$(json '[.cost, [.atoms[].name]] | tojson')" '[4,["a.txt","e.txt","d.txt"]]'
  run hart-search path a.txt d.txt --beam 8
  assert_equal "$(json .cost)" 1.5
  run hart-search path a.txt d.txt --no-map
  assert_equal "$(json '[.cost, .guided] | tojson')" '[1.5,false]'
  run hart-search path d.txt a.txt
  assert_failure 1
  run hart-search path d.txt a.txt --direction both
  assert_equal "$(json '.edges[0].reversed')" true
}

@test "neighbors: the nearest by vector and by place, without the atom itself" {
  hart-search project fit >/dev/null
  local atom
  atom=$(hart-search query --strategy text -k 1 about | jq -r .atom)
  for by in vector space; do
    run --separate-stderr hart-search neighbors "$atom" -k 2 --by "$by"
    assert_success
    assert_equal "$(json .rank | paste -sd,)" 1,2
    refute_line --partial "$atom"
  done
}
