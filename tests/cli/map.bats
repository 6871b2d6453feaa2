# hart-search map: a picture of the semantic space.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$PWD/s
  hart-ingest init "$HART_STORE" >/dev/null
  printf '%s\n\n' "The elephant is a large grey animal with a trunk." "A tree <of> hashes & leaves." \
    "Backups are copies that one hopes never to need." "A ship sails on the sea." \
    "The whale is a large animal of the sea." >notes.txt
  hart-ingest add notes.txt >/dev/null
}

@test "map: the file is well-formed SVG, the record says what it shows" {
  hart-search project fit >/dev/null
  run --separate-stderr hart-search map -o map.svg --title 'Notes & <more>'
  assert_success
  assert_equal "$(json '[.type, .file, .points, .groups[0]] | tojson')" '["map","map.svg",5,"text"]'
  assert_equal "$(json .bytes)" "$(wc -c <map.svg)"
  python3 -c 'import sys, xml.dom.minidom as d; d.parse("map.svg")'
  run grep -c 'prefers-color-scheme: dark' map.svg
  assert_output 1
  run grep -q 'Notes &amp; &lt;more&gt;' map.svg
  assert_success
}

@test "map: the same store and seed give the same bytes, on standard output too" {
  hart-search project fit >/dev/null
  hart-search map -o a.svg >/dev/null
  hart-search map -o b.svg --threads 2 >/dev/null
  cmp a.svg b.svg
  hart-search map -o - >c.svg
  cmp a.svg c.svg
}

@test "map: fewer points and labels on request, edges when asked for" {
  hart-search project fit >/dev/null
  run hart-search map -o map.svg --points 3 --labels 1
  assert_equal "$(json '[.points, .placed, .labels, .edges] | tojson')" '[3,5,1,0]'
  mapfile -t atoms < <(hart-search query --strategy text -k 2 large | jq -r .atom)
  hart-ingest relate "${atoms[0]}" "${atoms[1]}" --type near >/dev/null
  run hart-search map -o map.svg --edges
  assert_equal "$(json .edges)" 1
  run grep -c 'class="edges"' map.svg
  assert_output 1
}

@test "map: without vectors, or places, or a file to write, it says so" {
  run hart-search map
  assert_failure 2
  hart-ingest init empty >/dev/null
  run hart-search map -s empty -o map.svg
  assert_failure 66
  [[ ! -e map.svg ]]
}
