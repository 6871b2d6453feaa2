# hart-search anomalies: records on standard input, and the vectors of a store.

bats_require_minimum_version 1.5.0
load helper

# Forty rows on a line, and one off it; row 21 is neither large nor small in any column.
table() {
  for i in $(seq 20); do echo "[$i,$((2 * i))]"; done
  echo '[10,38]'
  for i in $(seq 21 40); do echo "[$i,$((2 * i))]"; done
}

@test "anomalies -: the row that does not fit comes first, without a store" {
  table >rows
  run --separate-stderr hart-search anomalies --method lof --neighbors 5 --top 3 - <rows
  assert_success
  assert_equal "$stderr" ""
  assert_equal "$(json 'select(.rank == 1) | [.line, .method, .record, .forest] | tojson')" \
    '[21,"lof",[10,38],null]'
  assert_equal "$(json 'select(.rank == 1) | keys_unsorted | join(",")')" \
    "type,rank,line,score,method,forest,lof,record"
  assert_equal "$(json 'select(.type == "anomaly") | .rank' | paste -sd,)" "1,2,3"
  assert_equal "$(json 'select(.type == "anomalies") | [.rows, .anomalies] | tojson')" "[41,3]"
  run hart-search anomalies --method forest --top 1 - < <(seq 50 | sed '20s/.*/900/; s/.*/[&]/')
  assert_equal "$(json 'select(.type == "anomaly") | .record[0]')" 900
}

@test "anomalies -: the local outlier factors that scikit-learn's tests publish" {
  run hart-search anomalies --method lof --neighbors 2 --scale none - <<<$'[1,1]\n[1,2]\n[2,1]'
  assert_success
  # 2√2/(1+√2), and (1+√2)(1/(4√2) + 1/(2+2√2))
  assert_equal "$(json 'select(.line == 1) | .score')" 1.171573
  assert_equal "$(json 'select(.line > 1) | .score' | paste -sd,)" "0.926777,0.926777"
}

@test "anomalies -: objects carry their other members along, and their id" {
  for i in $(seq 30); do echo "{\"id\":\"r$i\",\"host\":\"h\",\"ms\":$((i % 7)),\"bytes\":$((i % 5 * 1000))}"; done >rows
  echo '{"id":"odd","host":"h","ms":60,"bytes":90000}' >>rows
  run --separate-stderr hart-search anomalies --top 1 - <rows
  assert_success
  assert_equal "$(json 'select(.type == "anomaly") | [.id, .record.host, .line, .score] | tojson')" \
    '["odd","h",31,1]'
  assert_equal "$(json 'select(.type == "anomalies") | has("id")')" false
  # Only the named column: what stands out elsewhere does not count.
  echo '{"ms":3,"bytes":500000}' >>rows
  run hart-search anomalies --column ms --top 1 - <rows
  assert_equal "$(json 'select(.type == "anomaly") | .id')" odd
}

@test "anomalies -: bad lines are named in their places and the rest is judged" {
  printf '%s\n' 'no json' '{"a":1,"b":2}' '' '{"a":2}' '[1,2]' '{"a":3,"b":"x"}' '{"a":2,"b":3}' >rows
  run --separate-stderr hart-search anomalies - <rows
  assert_failure 65
  assert_equal "$(json 'select(.type == "error") | .line' | paste -sd,)" "1,4,5,6"
  assert_equal "$(json 'select(.type == "error") | .code' | sort -u)" data
  assert_equal "$(json 'select(.line == 4) | .message')" '"b" is missing'
  assert_equal "$(json 'select(.type == "anomaly") | .line' | sort -n | paste -sd,)" "2,7"
  run --separate-stderr hart-search anomalies --missing mean - <<<$'{"a":1,"b":2}\n{"a":2}\n{"a":2,"b":4}'
  assert_success
  assert_equal "$(json 'select(.type == "anomalies") | .rows')" 3
}

@test "anomalies -: scaling decides what is far, and can be left out" {
  # The second column is a thousand times as wide: unscaled it alone decides.
  for i in $(seq 30); do echo "[$((i % 6)).$((i % 10)),$((i * 731 % 3000))]"; done >rows
  echo '[40,1500]' >>rows
  run hart-search anomalies --method lof --neighbors 10 --top 1 - <rows
  assert_equal "$(json 'select(.type == "anomaly") | .line')" 31
  run hart-search anomalies --method lof --neighbors 10 --top 1 --scale none - <rows
  refute [ "$(json 'select(.type == "anomaly") | .line')" = 31 ]
}

@test "anomalies: a threshold that nothing reaches, and no input, are exit status 1" {
  table >rows
  run hart-search anomalies --method lof --threshold 1e6 - <rows
  assert_failure 1
  assert_equal "$(json '[.type, .anomalies] | tojson')" '["anomalies",0]'
  run hart-search anomalies - </dev/null
  assert_failure 1
  run hart-search anomalies --method lof --neighbors 5 --threshold 1.2 --top 1000 - <rows
  assert_success
  assert_equal "$(json 'select(.type == "anomaly") | .score < 1.2' | sort -u)" false
}

@test "anomalies: the same seed gives the same output whatever the threads, another seed not" {
  for i in $(seq 400); do echo "[$((i * 7919 % 1009)),$((i * 104729 % 997)),$((i % 13))]"; done >rows
  one=$(hart-search anomalies --threads 1 - <rows)
  assert_equal "$(hart-search anomalies --threads 4 - <rows)" "$one"
  refute [ "$(hart-search anomalies --seed 2 - <rows)" = "$one" ]
}

@test "anomalies: the vectors of a store, with their texts" {
  export HART_STORE=$PWD/s
  hart-ingest init "$HART_STORE" >/dev/null
  {
    printf 'Whales and dolphins swim in the ocean near ship %s.\n\n' $(seq 30)
    echo "The treaty on taxes was signed by the ambassador."
  } >notes.txt
  hart-ingest add notes.txt >/dev/null
  for method in forest lof both; do
    run --separate-stderr hart-search anomalies --method $method --top 1
    assert_success
    assert_regex "$(json 'select(.type == "anomaly") | .text')" "treaty"
    assert_equal "$(json 'select(.type == "anomaly") | [.name, .rank] | tojson')" '["notes.txt",1]'
    assert_equal "$(json 'select(.type == "anomalies") | .rows')" 31
  done
  assert_equal "$(json 'select(.type == "anomaly") | keys_unsorted | join(",")')" \
    "type,rank,atom,score,method,forest,lof,name,text"
}

@test "anomalies: a wrong call" {
  run --separate-stderr hart-search anomalies rows.jsonl
  assert_failure 2
  assert_equal "$stderr" \
    "hart-search: anomalies reads the store, or - for standard input, not rows.jsonl"
  run --separate-stderr hart-search anomalies --method magic -
  assert_failure 2
}
