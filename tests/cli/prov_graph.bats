#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

# Two answers on passages of one document, the second on one that the first was given too; their
# UUIDs are in $first and $second.
answers() {
  need_shared stories260K.gguf
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  printf 'A dog is a mammal.\n\nA cat is an animal.\n\nA fish swims.\n' >animals.md
  hart-ingest add animals.md "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
  first=$(answer "what is a dog" mammal animal)
  second=$(answer "what is a fish" animal swims)
}

# answer PROMPT WORD…: an answer on the passages that hold the words.
answer() {
  local prompt=$1 word
  shift
  for word; do hart-search query --strategy text -k 1 --json "$word"; done |
    hart-infer generate -m stories260K.gguf --context - -n 4 --logprobs 2 --json "$prompt" |
    jq -r .inference
}

@test "prov graph: a query follows an answer to the document that its evidence stands in" {
  answers
  run -0 hart-prov query --json "MATCH (i:Inference {prompt: 'what is a dog'})-[:RESULTED_IN]->(d)
    -[s:SUPPORTED_BY]->(e)-[:FROM_ATOM]->(a:Atom)<-[:HAS_COMPONENT]-(whole)
    RETURN e.content AS text, whole.name AS name, s.strength > 0 AS strong ORDER BY text"
  assert_equal "$(json '"\(.values.text)|\(.values.name)|\(.values.strong)"')" \
    "A cat is an animal.|animals.md|true
A dog is a mammal.|animals.md|true"
}

# shellcheck disable=SC2016  # $id and $n are the query's
@test "prov graph: a query takes parameters, and reads queries from standard input" {
  answers
  run -0 hart-prov query --json -p "id=$first" -p n=2 \
    'MATCH (i:Inference {inference_id: $id}) RETURN i.prompt AS prompt, $n + 1 AS three'
  assert_equal "$(json '"\(.values.prompt) \(.values.three)"')" "what is a dog 3"
  run -65 hart-prov query --json - <<'LINES'
{"text":"RETURN $x AS x","parameters":{"x":[1,"two"]},"id":7}
{"text":"RETRUN 1","id":8}
{"text":"RETURN 2 AS x","id":9}
LINES
  assert_equal "$(json '"\(.type) \(.id) \(.values.x)"')" 'row 7 [1,"two"]
error 8 null
row 9 2'
}

@test "prov graph: an error of a query names the place and what was expected" {
  run -2 hart-prov query 'MATCH (i:Inference RETURN i'
  assert_output --partial "1:20: "
  assert_output --partial "expected"
}

@test "prov graph: a query that takes too long ends with status 77" {
  answers
  run -77 hart-prov query --work 100 'MATCH (a)--(b)--(c)--(d) RETURN count(*)'
  assert_output --partial "rows"
}

@test "prov graph: a query without a row ends with status 1, a table is for people" {
  answers
  run -1 hart-prov query "MATCH (i:Inference {prompt: 'never asked'}) RETURN i"
  assert_output ""
  run -0 hart-prov query --format human 'MATCH (m:Model) RETURN m.name AS name, m.type AS kind'
  assert_line --regexp '^name +kind$'
  assert_line --regexp '^stories260K.gguf +llama$'
}

@test "prov graph: a node, a relationship and a path are objects" {
  answers
  run -0 hart-prov query --json 'MATCH p = (i:Inference {task_type: "generate_text"})
    -[r:RESULTED_IN]->(d:Decision) RETURN i, r, p ORDER BY i.leaf_index LIMIT 1'
  assert_equal "$(json .values.i.labels[0])" Inference
  assert_equal "$(json .values.i.properties.inference_id)" "$first"
  assert_equal "$(json .values.r.relationship)" RESULTED_IN
  assert_equal "$(json '.values.p.nodes | length')" 2
}

# The answers among what `run` caught.
answers_of() {
  json 'select(.type == "lineage" and .operation == "generate_text") | .node' | sort
}

@test "prov graph: trace leads from an answer to what it was made of and to what it influenced" {
  answers
  run -0 hart-prov trace --json "$second"
  assert_equal "$(json 'select(.relation == "USED_MODEL") | .about')" stories260K.gguf
  assert_equal "$(json 'select(.relation == "USED_ATOM" and .hops == 1) | .about' | sort)" \
    "A cat is an animal.
A fish swims."
  # Of three passages one was given to both.
  assert_equal "$(json 'select(.relation == "INFLUENCED_BY" and .operation != "search") |
    "\(.direction) \(.node) \(.strength)"')" "up $first 0.333333"
  run -0 hart-prov trace --json --direction down "$first"
  assert_equal "$(answers_of)" "$second"
}

@test "prov graph: what was derived from a document is what used any of its passages" {
  answers
  run -0 hart-prov trace --json --direction down animals.md
  assert_equal "$(answers_of)" "$(printf '%s\n' "$first" "$second" | sort)"
  assert_equal "$(json .operation | sort -u | tr '\n' ' ')" "generate_text ingest search "
  run -0 hart-prov trace --json --direction down stories260K.gguf
  assert_equal "$(answers_of)" "$(printf '%s\n' "$first" "$second" | sort)"
}

@test "prov graph: stats count the answers of a period" {
  answers
  run -0 hart-prov stats --json --by year --per operation
  assert_equal "$(json 'select(.operation == "generate_text") | "\(.period) \(.inferences)"')" \
    "$(date -u +%Y) 2"
  run -1 hart-prov stats --json --until 2020-01-01
  run -2 hart-prov stats --since yesterdayish
}

@test "prov graph: relations of atoms are relationships of their own type" {
  answers
  atom() { hart-search query --strategy text -k 1 --json "$1" | jq -r .atom; }
  hart-ingest relate "$(atom mammal)" "$(atom animal)" --type IS_LIKE --weight 0.5 >/dev/null
  run -0 hart-prov query --json 'MATCH (a)-[r:IS_LIKE]->(b) RETURN a.text, r.weight, b.text'
  assert_equal "$(json '.values | [.[]] | join("|")')" "A dog is a mammal.|0.5|A cat is an animal."
}

@test "prov graph: another tenant sees nothing of it" {
  answers
  hart-bill tenant add other >/dev/null
  run -1 hart-prov query -t other 'MATCH (n) RETURN n'
  assert_output ""
  run -66 hart-prov trace -t other "$first"
}

@test "prov graph: verify finds a changed influence" {
  answers
  hart-prov query 'MATCH (i:Inference) RETURN i' >/dev/null
  run -0 hart-prov verify --all
  sqlite3 s.hart/hart.db 'UPDATE provenance_influence SET strength_millionths = 999999'
  run -1 hart-prov verify --all --json
  assert_equal "$(json 'select(.type == "problem") | .message' | grep -c influences)" 3
}

# shellcheck disable=SC2016  # $id is the query's
@test "prov graph: searches that were answered together lead to what they found, and back" {
  answers
  local together hits='MATCH (:Inference {inference_id: $id})-[:RESULTED_IN]->()
    -[:SUPPORTED_BY]->(e)-[:FROM_ATOM]->(a) RETURN e.query AS query, a.text AS text ORDER BY query'
  together=$(printf '%s\n' '{"text":"mammal"}' '{"text":"swims"}' |
    hart-search query --strategy text -k 1 --fields receipt - | jq -r .receipt | sort -u)
  run -0 hart-prov query --json -p "id=$together" "$hits"
  assert_equal "$(json '"\(.values.query)|\(.values.text)"')" "mammal|A dog is a mammal.
swims|A fish swims."
  run -0 hart-prov trace --json --direction up "$together"
  assert_equal "$(json 'select(.relation == "USED_ATOM") | .about' | sort)" "A dog is a mammal.
A fish swims."
  run -0 hart-prov trace --json --direction down animals.md
  assert_equal "$(json "select(.node == \"$together\") | .relation")" USED_ATOM
  run -0 hart-prov why --format human "$together"
  assert_output --partial "A fish swims."
  run -0 hart-prov verify --all
}

@test "prov graph: people are given tables with headings, and told when nothing was found" {
  answers
  run -0 hart-prov trace --format human "$second"
  assert_line --regexp '^way +hops +strength +relation +what +about +id$'
  assert_line --regexp "^up +1 +0.333333 +INFLUENCED_BY +generate_text +what is a dog +$first"
  run -1 hart-prov query --format human "MATCH (i:Inference {prompt: 'never asked'}) RETURN i"
  assert_output "hart-prov: no row answers the query"
  run -1 hart-prov stats --format human --until 2020-01-01
  assert_output "hart-prov: no inference began in that time"
  run -0 hart-prov trace --format human --direction up "$first"
  run -1 hart-prov trace --format human --direction down "$second"
  assert_output "hart-prov: nothing is known that came of it"
}

# shellcheck disable=SC2016  # $e is the query's
@test "prov graph: a regular expression that is too long, or takes too long, ends the query" {
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  local long slow
  printf -v long 'a%.0s' {1..16400}
  run -65 hart-prov query -p "e=$long" 'RETURN "a" =~ $e'
  assert_output --partial "1:15: regular expression: longer than 16 KiB"
  printf -v slow 'a%.0s' {1..400}
  run -77 hart-prov query "RETURN '${slow}b' =~ '(a+a+)+(a+a+)+c'"
  assert_output --partial "1:415: the regular expression takes too long"
}

@test "prov graph: a query that its bounds end names the options that widen them" {
  answers
  run -77 hart-prov query --work 100 'MATCH (a)--(b)--(c)--(d) RETURN count(*)'
  assert_output --partial "100 nodes, relationships and rows that it may look at; --work"
}

@test "prov graph: an interrupt ends a query that has no row yet" {
  hart-ingest init -s s.hart >/dev/null
  run -130 timeout --preserve-status -s INT 1 hart-prov query -s s.hart --seconds 20 \
    --work 1000000000000 'UNWIND range(1, 3000) AS a UNWIND range(1, 3000) AS b
      UNWIND range(1, 3000) AS c WITH a WHERE a = 0 RETURN count(*)'
}

# shellcheck disable=SC2016  # $deep is the query's
@test "prov graph: a parameter that is nested too deep is refused" {
  hart-ingest init -s s.hart >/dev/null
  local deep
  printf -v deep '[%.0s' {1..50000}
  deep+=$(tr '[' ']' <<<"$deep")
  run -65 hart-prov query -s s.hart -p "deep=$deep" 'RETURN size($deep) AS size'
  assert_output --partial "nests deeper than 500 lists and maps"
}
