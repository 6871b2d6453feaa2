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
  run hart-search index build
  assert_success
  assert_equal "$(json '[.type, .kind, .items, .recall] | tojson')" '["index","rtree",5,null]'
  run hart-search index check -k 2 --candidates 4
  assert_success
  assert_equal "$(json '[.type, .recall, .queries] | tojson')" '["recall",1,5]'
  run hart-search index list
  assert_equal "$(json '[.recall, .recall_k, .recall_candidates] | tojson')" '[1,2,4]'
  run hart-search query --strategy spatial --explain --candidates 3 -k 2 large animal
  assert_equal "$(json 'select(.type == "explain") | [.strategy, .vector.candidates] | tojson')" \
    '["spatial",3]'
}

@test "index: what is added after a build is found at once, what is removed no more" {
  hart-search index build >/dev/null
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
  hart-search index build >/dev/null
  local expected
  expected=$(hart-search query --strategy exact whale)
  rm -f s/index.db-wal s/index.db-shm
  echo garbage >s/index.db
  run --separate-stderr hart-search query --strategy spatial whale
  assert_success
  assert_equal "$output" "$expected"
  assert_regex "$stderr" '^hart-search: the spatial index cannot be used'
  run hart-search index build
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
