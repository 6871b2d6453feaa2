# hart-ingest: what two objects share, what matters in a model, and smaller models made of it.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
  hart-ingest add --name llama "$HART_SOURCE/share/models/wordnet-llama.gguf" >/dev/null
}

# generates MODEL: the model answers a prompt with at least one token.
generates() {
  run --separate-stderr hart-infer generate --json -m "$1" -n 8 --temperature 0 \
    "volcano (noun):"
  assert_success
  assert [ "$(jq -s 'map(select(.type == "inference")) | .[0].tokens_out' <<<"$output")" -gt 0 ]
}

@test "diff: a model is the same as itself" {
  run --separate-stderr hart-ingest diff llama llama
  assert_success
  assert_equal "$(json 'select(.type == "summary") | [.same, .shared, .near, .metadata] | tojson')" \
    '[true,38,0,0]'
}

@test "diff: a quantised model is near its source, with its error by tensor and layer" {
  hart-ingest extract llama -o small --quantize q8_0 >/dev/null
  run --separate-stderr hart-ingest diff llama small
  assert_failure 1
  local filter='select(.type == "tensor_diff" and .name == "blk.1.attn_q.weight")'
  assert_equal "$(json "$filter | [.state, .dtype_a, .dtype_b] | tojson")" '["near","f16","q8_0"]'
  # Eight bits: each block's values are within 1/254 of its largest.
  assert_equal "$(json "$filter | .relative_l2 > 0.001 and .relative_l2 < 0.02")" true
  assert_equal "$(json 'select(.layer == "blk.3") | [.shared, .near, .cosine > 0.999] | tojson')" \
    '[2,7,true]'
  assert_equal "$(json 'select(.key == "general.file_type") | [.a, .b] | tojson')" '[1,7]'
  run --separate-stderr hart-ingest diff --only only_a --only metadata llama small
  assert_equal "$(json .type | sort -u | paste -sd,)" metadata_diff,summary
}

@test "diff: kept layers under new numbers are moved, dropped ones are only in the source" {
  hart-ingest extract llama -o short --layers 1-2 >/dev/null
  run --separate-stderr hart-ingest diff llama short
  assert_failure 1
  assert_equal "$(json 'select(.layer == "blk.2") | [.moved, .moved_to] | tojson')" '[9,"blk.1"]'
  assert_equal "$(json 'select(.type == "summary") | [.shared, .moved, .only_a, .only_b] | tojson')" \
    '[2,18,18,0]'
  assert_equal "$(json 'select(.type == "summary") | .shared_ratio')" 1
}

@test "diff: two texts share paragraphs; a text and a model share nothing to speak of" {
  printf 'one\n\ntwo\n\nthree\n' | hart-ingest add --name a - >/dev/null
  printf 'three\n\none\n\nfour\n' | hart-ingest add --name b - >/dev/null
  run --separate-stderr hart-ingest diff a b
  assert_failure 1
  assert_equal "$(json 'select(.type == "passage_diff") | "\(.state) \(.text)"' | paste -sd,)" \
    'shared one,only_a two,shared three,only_b four'
  assert_equal "$(json 'select(.type == "summary") | [.shared, .only_a, .only_b] | tojson')" '[2,1,1]'
  run --separate-stderr hart-ingest diff a a
  assert_success
  run --separate-stderr hart-ingest diff a llama
  assert_failure 65
}

@test "diff: as of a snapshot, names mean what they meant then" {
  hart-ingest snapshot create before >/dev/null
  hart-ingest extract llama -o llama --layers 0 >/dev/null
  run --separate-stderr hart-ingest diff llama llama@1
  assert_failure 1
  run --separate-stderr hart-ingest diff --as-of before llama llama@1
  assert_success
}

@test "score: figures by magnitude are kept once, and the second time change nothing" {
  run --separate-stderr hart-ingest score llama
  assert_success
  assert_equal "$(json 'select(.type == "summary") | [.tensors, .layers, .changed] | tojson')" \
    '[38,4,42]'
  run --separate-stderr hart-ingest score llama
  assert_equal "$(json 'select(.type == "summary") | .changed')" 0
  # The median of a role is its usual.
  assert_equal "$(json 'select(.name == "token_embd.weight") | .importance')" 1
}

@test "score: a dry run stores nothing; rows come from both ends" {
  run --separate-stderr hart-ingest score --dry-run --tensor blk.0.attn_q.weight --rows 2 llama
  assert_success
  assert_equal "$(json 'select(.scope == "row") | .end' | paste -sd,)" most,most,least,least
  assert_equal "$(jq -s 'map(select(.scope == "row") | .importance) | .[0] >= .[1] and .[1] > .[3]' \
    <<<"$output")" true
  run --separate-stderr hart-ingest extract llama -o x --prune-below 0
  assert_failure 66
  assert_regex "$stderr" 'hart-ingest score'
}

@test "score: by activation, blocks have an influence, and what multiplies nothing no score" {
  head -c 3000 "$HART_SOURCE/share/corpus/animals.txt" >text
  run --separate-stderr hart-ingest score --method activation --text text llama
  assert_success
  assert_equal "$(json 'select(.scope == "layer") | .importance > 0 and .tensor_importance > 0' |
    sort -u)" true
  assert_equal "$(json 'select(.name == "blk.0.attn_norm.weight")')" ''
  assert_equal "$(json 'select(.type == "summary") | [.tensors, .tokens > 500] | tojson')" '[29,true]'
  run --separate-stderr hart-ingest score --method activation llama
  assert_failure 2
}

@test "extract: a student of some layers runs, says where it comes from, and takes no room" {
  run --separate-stderr hart-ingest extract llama -o student --layers 0,2-3
  assert_success
  assert_equal "$(json '[.type, .layers, .tensors, .unchanged_tensors] | tojson')" \
    '["student",[0,2,3],29,29]'
  assert_equal "$(json '.new_bytes < 100000')" true
  assert_equal "$(hart-ingest show student | jq -c 'select(.type == "object") | .metadata.student
    | [.source_name, .layers]')" '["llama",[0,2,3]]'
  run --separate-stderr hart-ingest extract llama -o student --layers 0,2-3
  assert_equal "$(json '[.version, .unchanged] | tojson')" '[1,true]'
  generates student
}

@test "extract: layers below a stored importance are dropped" {
  hart-ingest score llama | jq -s 'map(select(.scope == "layer")) | sort_by(.importance)' >layers
  run --separate-stderr hart-ingest extract llama -o pruned \
    --prune-below "$(jq '.[1].importance' layers)"
  assert_success
  assert_equal "$(json '.layers | map("blk.\(.)") | sort | tojson')" \
    "$(jq -c '.[1:] | map(.name) | sort' layers)"
  generates pruned
  run --separate-stderr hart-ingest extract llama -o none --prune-below 1000
  assert_failure 2
}

@test "extract: quantised students run, whether or not a kernel knows their type" {
  for type in q4_0 q4_k q2_k; do
    run --separate-stderr hart-ingest extract llama -o "$type" --quantize "$type"
    assert_success
    assert_equal "$(json '.bytes < .source_bytes * 0.55')" true
    generates "$type"
  done
}

@test "extract: what cannot be done is refused, and nothing is left behind" {
  for arguments in '' '--layers 4' '--layers 1-' '--quantize q8_k' '--quantize nonsense'; do
    # shellcheck disable=SC2086
    run --separate-stderr hart-ingest extract llama -o x $arguments
    assert_failure 2
  done
  run --separate-stderr hart-ingest extract nothing -o x --layers 0
  assert_failure 66
  assert_equal "$(hart-ingest ls | jq -r .name)" llama
  assert [ -z "$(find "$HART_STORE" -name 'scratch-*')" ]
}
