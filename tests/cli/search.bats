# hart-search, with a small corpus that hart-ingest put into a store.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$PWD/s
  hart-ingest init "$HART_STORE" >/dev/null
  printf '%s\n\n' "The elephant is a large grey animal with a trunk." \
    "A merkle tree is a tree of hashes." "Backups are copies that one hopes never to need." \
    "A ship sails on the sea." "The whale is a large animal of the sea." >notes.txt
  hart-ingest add notes.txt >/dev/null
}

@test "query: words find the passage that holds them, and a hit has every key in its order" {
  run --separate-stderr hart-search query --strategy text merkle
  assert_success
  assert_equal "$(json .text)" "A merkle tree is a tree of hashes."
  assert_equal "$(json 'keys_unsorted | join(",")')" \
    "type,rank,atom,score,distance,modality,text,name,position,spatial"
  assert_equal "$(json '[.type, .rank, .modality, .name, .distance] | tojson')" \
    '["hit",1,"text","notes.txt",null]'
  assert_equal "$stderr" ""
}

@test "query: a phrase, a prefix, and characters that mean something elsewhere" {
  run hart-search query --strategy text '"large animal"'
  assert_equal "$(json .text)" "The whale is a large animal of the sea."
  run hart-search query --strategy text 'eleph*'
  assert_equal "$(json .rank)" 1
  run hart-search query --strategy text 'merkle AND NOT (tree OR "'
  assert_success
}

@test "query: finding nothing is exit status 1 and no output" {
  run --separate-stderr hart-search query --strategy text xylophone
  assert_failure 1
  assert_equal "$output$stderr" ""
}

@test "query: without anything to look for, or with a strategy that lacks it, the call is wrong" {
  run --separate-stderr hart-search query
  assert_failure 2
  assert_equal "$stderr" \
    "hart-search: nothing to look for: give TEXT, -, --vector or --atom"
  run --separate-stderr hart-search query --strategy text '?!'
  assert_failure 2
  run --separate-stderr hart-search query --strategy nearest x
  assert_failure 2
}

@test "query: a stream is answered in order, echoes ids, and survives bad lines" {
  printf '%s\n' '{"id":"a","text":"merkle"}' 'no json' '{"id":7,"text":12}' '{"id":{"n":1}}' \
    '{"id":"b","text":"backups"}' >queries.jsonl
  run --separate-stderr hart-search query --strategy text - <queries.jsonl
  assert_failure 65
  assert_equal "$(json '[.type, .id] | tojson' | paste -sd' ')" \
    '["hit","a"] ["error",null] ["error",7] ["error",{"n":1}] ["hit","b"]'
  assert_equal "$(json 'select(.line == 2) | .code')" data
}

@test "query: --explain says what was done and why" {
  run hart-search query --strategy text --explain merkle
  assert_success
  assert_equal "$(json 'select(.type == "explain") | [.requested, .strategy, .text.matches] | tojson')" \
    '["text","text",1]'
  assert_equal "$(json 'select(.type == "explain") | .text.expression')" '"merkle"'
}

@test "query: filters by modality and by the time an object was added" {
  run hart-search query --strategy text --modality image merkle
  assert_failure 1
  run hart-search query --strategy text --modality text merkle
  assert_success
  run hart-search query --strategy text --until 2020-01-01 merkle
  assert_failure 1
  run hart-search query --strategy text --since 2020-01-01 merkle
  assert_success
  run hart-search query --strategy text --modality smell merkle
  assert_failure 2
  run hart-search query --strategy text --since yesterday merkle
  assert_failure 65
}

@test "query: --where asks something of the objects, and says where it is wrong" {
  printf 'A merkle proof.\n' >proof.txt
  hart-ingest add proof.txt >/dev/null
  run hart-search query --strategy text --where 'name ~ "p*" and size < 100' merkle
  assert_success
  assert_equal "$(json .name)" proof.txt
  run hart-search query --strategy text --where 'not name = "proof.txt"' --explain merkle
  assert_equal "$(json 'select(.type == "hit") | .name')" notes.txt
  assert_equal "$(json 'select(.type == "explain") | .filter | keys_unsorted | join(",")')" \
    "admitted_atoms,selectivity,filter_strategy"
  run --separate-stderr hart-search query --where 'name = ' merkle
  assert_failure 2
  assert_equal "$stderr" \
    "hart-search: filter expression, at 8: expected a value, found the end"
}

@test "query: a neighbourhood holds the passages of what an edge leads to" {
  printf 'A merkle proof.\n' >proof.txt
  hart-ingest add proof.txt >/dev/null
  run hart-search query --strategy text --near-atom proof.txt merkle
  assert_equal "$(json .name)" proof.txt
  hart-ingest relate proof.txt notes.txt --type cites >/dev/null
  run hart-search query --strategy text --near-atom proof.txt merkle
  assert_equal "$(json .name | sort | paste -sd,)" notes.txt,proof.txt
  run hart-search query --strategy text --near-atom proof.txt --type mentions merkle
  assert_equal "$(json .name)" proof.txt
}

@test "query: question words do not count unless they are kept" {
  printf 'What it is\n' >what.txt
  hart-ingest add what.txt >/dev/null
  run hart-search query --strategy text "what is a whale?"
  assert_equal "$(json .text)" "The whale is a large animal of the sea."
  run hart-search query --strategy text --stop-words keep "what is a whale?"
  assert_output --partial what.txt
}

@test "query: facets count over the candidates, after the hits" {
  run hart-search query --strategy text -k 1 --facets modality,name large sea
  assert_success
  assert_equal "$(json '[.type, .field, .value, .count] | tojson' | paste -sd' ')" \
    '["hit",null,null,null] ["facet","modality","text",3] ["facet","name","notes.txt",3]'
  run hart-search query --facets size whale
  assert_failure 2
}

@test "query: a rerank model orders the hits, and one that is none is refused" {
  cat >model.json <<'EOF'
{"type":"rerank_model","version":1,"features":[{"name":"bm25","mean":0,"scale":1}],
 "linear":{"weights":[-1],"bias":5}}
EOF
  local best
  best=$(hart-search query --strategy text --json large sea | jq -rs '.[-1].text')
  run hart-search query --strategy text -k 1 --rerank model.json large sea
  assert_success
  assert_equal "$(json .text)" "$best"
  echo '{"type":"rerank_model"}' >broken.json
  run --separate-stderr hart-search query --rerank broken.json sea
  assert_failure 65
  assert_regex "$stderr" "^hart-search: rerank model: "
}

@test "query: weights tip what hybrid puts first" {
  run hart-search query --strategy hybrid --fusion weighted --weights vector=0,text=1 --explain \
    whale
  assert_success
  assert_equal "$(json 'select(.rank == 1) | [.score, .text] | tojson')" \
    '[1,"The whale is a large animal of the sea."]'
  assert_equal "$(json 'select(.type == "explain") | .fusion | tojson')" \
    '{"method":"weighted","weights":{"vector":0,"text":1}}'
  run hart-search query --weights vector=0,text=0 merkle
  assert_failure 2
}

@test "query: pictures and sounds need a model that the store has not" {
  touch picture.png
  run --separate-stderr hart-search query --image picture.png
  assert_failure 69
  assert_equal "$stderr" "hart-search: --image: the store has no embedding model for images"
}

@test "query: a meaning is found without a shared word, with a distance" {
  run hart-search query -k 2 "vessel ocean"
  assert_success
  assert_equal "$(json 'select(.rank == 1) | .text')" "A ship sails on the sea."
  assert_equal "$(json 'select(.rank == 1) | .distance > 0 and .distance < 1')" true
}

@test "query: near an atom, without the atom itself, and near a vector" {
  local atom
  atom=$(hart-search query --strategy text whale | jq -r .atom)
  run hart-search query --atom "$atom" --strategy exact -k 4
  assert_success
  assert_equal "$(json .rank | tail -n 1)" 4
  refute_output --partial "$atom"
  run hart-search query --atom "${atom:0:20}" -k 1
  assert_success
  echo '[1, 2, 3]' >short.json
  run --separate-stderr hart-search query --vector short.json
  assert_failure 65
  assert_equal "$stderr" "hart-search: the store holds no vectors of 3 dimensions"
}

@test "index: a build is listed without a recall figure until check measures it" {
  run hart-search index build --kind rtree
  assert_success
  assert_equal "$(json '[.type, .kind, .items, .recall] | tojson')" '["index","rtree",5,null]'
  run hart-search index check --kind rtree -k 2 --candidates 4
  assert_success
  assert_equal "$(json '[.type, .recall, .queries] | tojson')" '["recall",1,5]'
  run hart-search index list
  assert_equal "$(json '[.recall, .recall_k, .recall_candidates] | tojson')" '[1,2,4]'
  run hart-search query --strategy spatial --explain --candidates 3 -k 2 large animal
  assert_equal "$(json 'select(.type == "explain") | [.strategy, .vector.candidates] | tojson')" \
    '["spatial",3]'
}

@test "index: what is added after a build is found at once, what is removed no more" {
  hart-search index build --kind rtree >/dev/null
  hart-search index build --kind flat >/dev/null
  echo "An orchestra plays a symphony." >music.txt
  hart-ingest add music.txt >/dev/null
  for strategy in exact spatial; do
    run hart-search query --strategy $strategy -k 1 --explain orchestra symphony
    assert_equal "$(json 'select(.type == "hit") | .name')" music.txt
    assert_equal "$(json 'select(.type == "explain") | .vector.delta')" 1
  done
  hart-ingest rm music.txt >/dev/null
  for strategy in exact spatial text; do
    run hart-search query --strategy $strategy orchestra symphony
    refute_output --partial music.txt
  done
}

@test "index: a damaged index.db costs a diagnostic and no answer" {
  hart-search index build --kind rtree >/dev/null
  local expected
  expected=$(hart-search query --strategy exact whale)
  rm -f s/index.db-wal s/index.db-shm
  echo garbage >s/index.db
  run --separate-stderr hart-search query --strategy spatial whale
  assert_success
  assert_equal "$output" "$expected"
  assert_regex "$stderr" '^hart-search: the spatial index cannot be used'
  run hart-search index build --kind rtree
  assert_success
  run --separate-stderr hart-search query --strategy spatial whale
  assert_equal "$stderr" ""
}

@test "index: drop forgets one index, --dry-run none, and there must be one" {
  run hart-search index drop
  assert_failure 66
  hart-search index build --kind flat >/dev/null
  hart-search index drop --kind flat --dry-run >/dev/null
  assert_equal "$(hart-search index list | jq -r .kind)" flat
  hart-search index drop --kind flat >/dev/null
  assert_equal "$(hart-search index list)" ""
}

@test "index: without vectors there is nothing to build" {
  HART_SHARE=$PWD/nowhere hart-ingest init other >/dev/null
  run --separate-stderr hart-search -s other index build
  assert_failure 66
  assert_equal "$stderr" "hart-search: the store holds no vectors yet"
}

@test "project: fit makes the next version, show prints the current one" {
  run hart-search project show
  assert_failure 1
  run hart-search project fit
  assert_success
  assert_equal "$(json '[.kind, .version, .fitted_on] | tojson')" '["pca",1,5]'
  hart-search project fit --kind landmark >/dev/null
  run hart-search project show
  assert_equal "$(json '[.kind, .version] | tojson')" '["landmark",2]'
  run hart-search query -k 1 whale
  assert_equal "$(json '.spatial | length')" 4
}

@test "query: a tenant never sees what another holds" {
  hart-bill tenant add other >/dev/null
  run hart-search -t other query --strategy text merkle
  assert_failure 1
  echo "A merkle proof." >proof.txt
  hart-ingest -t other add proof.txt >/dev/null
  run hart-search -t other query --strategy text merkle
  assert_equal "$(json .name)" proof.txt
  run hart-search query --strategy text merkle
  assert_equal "$(json .name)" notes.txt
}

@test "query: each one is metered and logged; a store that may only be read answers all the same" {
  hart-search query --strategy text merkle >/dev/null
  hart-search query --strategy text xylophone >/dev/null || true
  assert_equal "$(sqlite3 s/cache.db 'SELECT group_concat(row_count) FROM query_log')" "1,0"
  assert_equal \
    "$(hart-bill usage | jq -r 'select(.operation == "search") | .events' | paste -sd,)" 2
  [[ $(id -u) -ne 0 ]] || skip "root may write everything"
  chmod a-w s/hart.db
  run --separate-stderr hart-search query --strategy text merkle
  assert_success
  assert_equal "$stderr" \
    "hart-search: the store is read-only: what is used here is not recorded"
}

@test "query: people see rank, place and text" {
  run hart-search query --format human --strategy text merkle
  assert_success
  assert_regex "${lines[0]}" '^  1 +[0-9.]+  notes.txt:[0-9]+$'
  assert_equal "${lines[1]}" "     A merkle tree is a tree of hashes."
}
