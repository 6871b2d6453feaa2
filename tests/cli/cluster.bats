# hart-search cluster, over the vectors of a small corpus.

bats_require_minimum_version 1.5.0
load helper

# Three subjects, five sentences each, and one sentence about nothing of the kind.
setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$PWD/s
  hart-ingest init "$HART_STORE" >/dev/null
  printf '%s\n\n' \
    "The whale is a large animal of the ocean." "A whale swims in the ocean." \
    "The ocean is home to the whale and the dolphin." "A dolphin is a small whale of the ocean." \
    "The blue whale is the largest animal of the ocean." \
    "The violin is a musical instrument with strings." "A cello is a musical instrument." \
    "The guitar is a musical instrument with six strings." \
    "Strings of an instrument make music." "The viola is a stringed musical instrument." \
    "Bread is food made of flour." "Cake is food made of flour and sugar." \
    "Flour and butter make food." "Bread with butter is food." "Sugar, flour and butter make cake." \
    "The treaty was signed by the ambassador." >notes.txt
  hart-ingest add notes.txt >/dev/null
}

@test "cluster: finds the subjects, names them by their words, and counts the noise" {
  run --separate-stderr hart-search cluster --eps 0.8 --min-points 3
  assert_success
  assert_equal "$stderr" ""
  assert_equal "$(json 'select(.type == "cluster") | .size' | paste -sd,)" "5,5,5"
  assert_equal "$(json 'select(.type == "cluster") | .cluster' | paste -sd,)" "0,1,2"
  assert_equal "$(json 'select(.type == "cluster") | keys_unsorted | join(",")' | sort -u)" \
    "type,cluster,size,terms,name,centre,radius,examples"
  names=$(json 'select(.type == "cluster") | .name')
  assert_regex "$names" "whale"
  assert_regex "$names" "instrument"
  assert_regex "$names" "flour"
  assert_equal "$(json 'select(.type == "clusters") | [.embeddings, .clusters, .noise, .eps, .min_points] | tojson')" \
    "[16,3,1,0.8,3]"
}

@test "cluster: --members lists every member once, --limit only the first clusters" {
  run hart-search cluster --eps 0.8 --min-points 3 --members
  assert_success
  assert_equal "$(json 'select(.type == "member") | .atom' | sort -u | wc -l)" 15
  assert_equal "$(json 'select(.type == "member") | .cluster' | sort | uniq -c | tr -s ' ' | paste -sd,)" \
    " 5 0, 5 1, 5 2"
  run hart-search cluster --eps 0.8 --min-points 3 --members --limit 1 --examples 1 --terms 2
  assert_success
  assert_equal "$(json 'select(.type == "member") | .atom' | wc -l)" 5
  assert_equal "$(json 'select(.type == "cluster") | [(.terms | length), (.examples | length)] | tojson')" "[2,1]"
  # An example is a member, and an atom one can show.
  example=$(json 'select(.type == "cluster") | .examples[0]')
  assert_equal "$(json "select(.type == \"member\" and .atom == \"$example\") | .cluster")" 0
  run hart-ingest show "$example"
  assert_success
}

@test "cluster: the output does not depend on the threads, in either space" {
  for space in vectors map; do
    one=$(hart-search cluster --space $space --min-points 3 --members --threads 1 || true)
    many=$(hart-search cluster --space $space --min-points 3 --members --threads 4 || true)
    assert_equal "$many" "$one"
    assert_equal "$(jq -r 'select(.type == "clusters") | .space' <<<"$one")" $space
    assert_equal "$(jq -r 'select(.type == "clusters") | .eps > 0' <<<"$one")" true
  done
}

@test "cluster: without a cluster the exit status is 1 and all is noise" {
  run --separate-stderr hart-search cluster --eps 0.01 --min-points 16
  assert_failure 1
  assert_equal "$(json '[.type, .clusters, .noise] | tojson')" '["clusters",0,16]'
}

@test "cluster: a wrong call, and a store without vectors" {
  run --separate-stderr hart-search cluster --eps 0
  assert_failure 2
  assert_equal "$output" ""
  run --separate-stderr hart-search cluster --space sphere
  assert_failure 2
  run --separate-stderr hart-search cluster --min-points 0
  assert_failure 2
  hart-ingest init "$PWD/empty" >/dev/null
  run --separate-stderr hart-search cluster --store "$PWD/empty"
  assert_failure 66
  run --separate-stderr hart-search cluster --model nobody
  assert_failure 66
}

@test "cluster: for people, a line a cluster with what it says, and the counts" {
  run hart-search cluster --eps 0.8 --min-points 3 --format human
  assert_success
  assert_line --regexp '^ +0 +5  [a-z]+, [a-z]+, [a-z]+$'
  assert_line "3 clusters of 16 embeddings, 1 in none; eps 0.8, min-points 3"
}
