# The map of a store: fitting it in three ways, its figures, indexes over it, and density.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$PWD/s
  hart-ingest init "$HART_STORE" >/dev/null
}

# add_words N FILE [WORDS]: N passages of six words each, which the shipped embedder knows.
add_words() {
  local words=${3:-elephant whale ship sea tree hash backup animal river mountain music house \
    bread king war science water stone paper green winter engine doctor school}
  awk -v n="$1" -v file="$2" -v words="$words" 'BEGIN {
    count = split(words, w, " ")
    state = length(file)
    for (i = 0; i < n; i++) {
      line = ""
      for (j = 0; j < 6; j++) {
        state = (state * 1103 + 12345) % 65521
        line = line w[state % count + 1] " "
      }
      print line "number " file i ".\n"
    }
  }' >"$2"
  hart-ingest add "$2" >/dev/null
}

@test "project: each kind of map is fitted, shown, and has its figures" {
  add_words 80 notes.txt
  version=0
  for kind in pca landmark trilateration; do
    version=$((version + 1))
    run --separate-stderr hart-search project fit --kind "$kind"
    assert_success
    assert_equal "$(json '[.type, .kind, .version] | tojson')" "[\"projection\",\"$kind\",$version]"
    shown=$(hart-search project show)
    assert_equal "$shown" "$output"
  done
  assert_equal "$(json .landmarks)" 16
  assert_equal "$(json '.stress > 0 and .stress < 1')" true
  assert_equal "$(json '.rank_correlation > 0.2 and .hilbert_correlation > 0')" true
  assert_equal "$(json '[.newer, .drift, .recall, .hilbert_recall] | tojson')" '[0,null,null,null]'
  run hart-search project fit --kind trilateration --landmarks 3
  assert_failure 2
  run hart-search project fit --kind trilateration --landmarks 6
  assert_equal "$(json .landmarks)" 6
}

@test "project fit --if-drifted: says why it does not, and fits when newer vectors lie badly" {
  add_words 80 notes.txt "elephant ship music"
  run --separate-stderr hart-search project fit --if-drifted
  assert_success
  version=$(json .version)
  run --separate-stderr hart-search project fit --if-drifted
  assert_success
  assert_equal "$(json .version)" "$version"
  assert_equal "$stderr" \
    "hart-search: not fitted again: 0 vectors newer than the map tell nothing, 50 would"
  add_words 120 more.txt
  run --separate-stderr hart-search project fit --if-drifted --max-drift 2
  assert_success
  assert_equal "$(json .version)" "$version"
  assert_regex "$stderr" "^hart-search: not fitted again: the drift is .*, at most 2.* is let pass"
  assert_equal "$(json '.newer >= 50 and .drift > 0.1')" true
  run --separate-stderr hart-search project fit --if-drifted --kind trilateration
  assert_success
  assert_equal "$(json '[.version, .kind, .newer] | tojson')" \
    "[$((version + 1)),\"trilateration\",0]"
  assert_equal "$stderr" ""
}

@test "index: the Hilbert curves are built, checked, listed and dropped; project shows the recall" {
  add_words 120 notes.txt
  run hart-search index build --kind hilbert
  assert_success
  assert_equal "$(json '[.kind, .parameters.curves] | tojson')" '["hilbert",8]'
  run hart-search index check --kind hilbert --candidates 60
  assert_success
  recall=$(json .recall)
  assert_equal "$(hart-search project show | jq -c '[.hilbert_recall, .hilbert_recall_k, .hilbert_recall_candidates, .recall]')" \
    "[$recall,10,60,null]"
  run hart-search index drop --kind hilbert
  assert_success
  assert_equal "$(hart-search project show | jq .hilbert_recall)" null
}

@test "density: cells hold every place once, and a filter counts fewer" {
  add_words 100 notes.txt
  hart-search project fit >/dev/null
  run --separate-stderr hart-search density --level 2 --limit 1000
  assert_success
  assert_equal "$(json 'keys_unsorted | join(",")' | sort -u)" \
    "type,cell,level,count,share,density,x,y,z"
  all=$(jq -s 'map(.count) | add' <<<"$output")
  assert_equal "$(jq -s 'map(.count) == (map(.count) | sort | reverse)' <<<"$output")" true
  half=$(hart-search density --level 2 --limit 1000 --box x=0: | jq -s 'map(.count) | add')
  ((half > 0 && half < all))
  other=$(hart-search density --limit 1000 --within 'POLYGON ((0 -3, 3 -3, 3 3, 0 3, 0 -3))' |
    jq -s 'map(.count) | add')
  assert_equal "$other" "$half"
  run hart-search density --box x=5:6
  assert_failure 1
}

@test "density: around atoms, by the distance to the k-th nearest or within a radius" {
  add_words 60 notes.txt
  hart-search project fit >/dev/null
  atom=$(hart-search query --strategy exact -k 1 elephant | jq -r .atom)
  run hart-search density -k 5 "$atom"
  assert_success
  assert_equal "$(json '[.atom, .count] | tojson')" "[\"$atom\",5]"
  radius=$(json .radius)
  run hart-search density --radius 4 "$atom"
  all=$(json .count)
  assert_equal "$(json .radius)" 4
  run hart-search density --radius "$radius" --box x=5:6 "$atom"
  assert_equal "$(json '[.count, .density] | tojson')" "[0,0]"
  run --separate-stderr hart-search density - <<<"{\"id\":1,\"atom\":\"$atom\"}
{\"id\":2}"
  assert_failure 65
  assert_equal "$(json '[.type, .id] | tojson' | paste -sd' ')" '["density",1] ["error",2]'
  ((all > 5))
}

@test "spatial filters: bad text is one usage error, before a store is looked for" {
  for bad in "--box=x=2:1" "--box=w=1:2" "--within=POINT (1 2)" \
    "--within=POLYGON ((0 0, 1 0, 1 1))"; do
    run --separate-stderr env HART_STORE=/nowhere hart-search density "$bad"
    assert_failure 2
    assert_equal "$(wc -l <<<"$stderr")" 1
  done
  add_words 10 notes.txt
  run --separate-stderr hart-search density --within 'POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))'
  assert_failure 2
  assert_regex "$stderr" "is not valid"
}
