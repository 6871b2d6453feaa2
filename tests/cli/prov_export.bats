#!/usr/bin/env bats
# The provenance graph in the formats of other systems.

bats_require_minimum_version 1.5.0
load helper

# A store with two generations on the same passage; the UUID of the second is in $id.
setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
  for prompt in "dog <noun>:" "cat, a \"noun\":"; do
    echo '{"type":"hit","rank":1,"atom":"sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b","score":1,"text":"a dog is an animal","name":"animals.md"}' |
      hart-infer generate -m "$HART_SOURCE/share/models/wordnet-llama.gguf" --context - -n 3 \
        --seed 7 --json "$prompt" >generated
  done
  id=$(jq -r .inference generated)
}

@test "export: every format twice gives the same bytes" {
  for format in cypher prov-json prov-n graphml dot; do
    hart-prov export --as "$format" >one
    hart-prov export --as "$format" -o two >/dev/null
    cmp one two
    assert [ -s one ]
  done
  for format in csv neo4j-csv; do
    hart-prov export --as "$format" -o one.d >/dev/null
    hart-prov export --as "$format" -o two.d >/dev/null
  done
  diff -r one.d two.d
}

@test "export: both inferences, or the chain of one as far as its hops" {
  assert_equal "$(hart-prov export --as prov-json | jq '.activity | length')" 2
  hart-prov export --as prov-json "$id" >chain
  assert_equal "$(jq '.activity | length' chain)" 2
  assert_equal "$(jq -r '.activity[]["hart:prompt"] // empty' chain | sort | head -1)" \
    'cat, a "noun":'
  hart-prov export --as prov-json --hops 0 "${id:0:13}" >alone
  assert_equal "$(jq '[.activity, .entity] | map(length) | @csv' alone)" '"1,0"'
  run -0 hart-prov export --as graphml --hops 1 -o hop "$id"
  assert_equal "$(json '[.type, .format, .path] | @csv')" '"graph_export","graphml","hop"'
  assert_equal "$(json .bytes)" "$(stat -c %s hop)"
  assert_equal "$(json .nodes)" "$(grep -c '<node ' hop)"
}

@test "export: a drawing names what was asked, on what evidence, and by which model" {
  hart-prov export --as svg -o chain.svg "$id" >/dev/null
  for part in 'cat, a &quot;noun&quot;:' 'a dog is an animal' animals.md wordnet-llama.gguf \
    'Earlier answer'; do
    grep -qF "$part" chain.svg
  done
  run -1 grep -E 'href|<script|url\(' chain.svg
}

@test "export: tables and what neo4j-admin imports lie in a folder" {
  run -0 hart-prov export --as csv -o tables
  assert_equal "$(head -1 tables/nodes.csv)" $'id,name,labels,properties\r'
  assert_equal "$(sed -n 2p tables/trend_days.csv | cut -d, -f2-3)" '"generate_text",2'
  hart-prov export --as neo4j-csv -o neo >/dev/null
  for option in $(tail -n +2 neo/import.args); do assert [ -s "neo/${option#*=}" ]; done
  assert_equal "$(wc -l <neo/nodes_Inference.csv)" 3
}

@test "export: calls that cannot be meant are refused before anything is written" {
  run -2 hart-prov export --as csv
  assert_output --partial "is a folder of files"
  run -2 hart-prov export --as svg
  run -2 hart-prov export --as dot --hops 2
  run -2 hart-prov export
  run -66 hart-prov export --as dot 00000000-0000-7000-8000-000000000000
  mkdir there
  run -73 hart-prov export --as dot -o there
  run -73 hart-prov export --as dot -o none/file
  assert_equal "$(ls -A there)" ""
}

@test "export: another tenant's inferences are not in it" {
  hart-bill tenant add other >/dev/null
  assert_equal "$(hart-prov export -t other --as dot | grep -c Inference)" 0
  run -66 hart-prov export -t other --as dot "$id"
}
