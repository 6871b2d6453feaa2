# Broken input is refused in a line, with status 65, and leaves the store as it was. Runs under the
# sanitizers as well (label sanitize).

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
}

# refused FILE: `add` refuses it as bad data, in one line, and nothing of it is in the store.
refused() {
  run --separate-stderr hart-ingest add "$1"
  assert_equal "$1: $status" "$1: 65"
  assert_equal "${#stderr_lines[@]}" 1
  assert_regex "$stderr" '^hart-ingest: '
  assert_equal "$(hart-ingest ls --json)" ""
}

@test "malformed: every hand-broken GGUF file is refused" {
  need_shared gguf-malformed
  local file
  for file in "$HART_SHARED_DATA"/gguf-malformed/*.gguf; do refused "$file"; done
}

@test "malformed: every well-formed GGUF file of the same family is taken, and comes back whole" {
  need_shared gguf-wellformed
  local file
  for file in "$HART_SHARED_DATA"/gguf-wellformed/*.gguf; do
    run hart-ingest add "$file"
    assert_equal "$file: $status" "$file: 0"
    hart-ingest export "${file##*/}" -o back.gguf >/dev/null
    cmp "$file" back.gguf
    rm back.gguf
  done
}

@test "malformed: a model cut short anywhere is refused" {
  need_shared stories260K.gguf
  local size=0 length
  size=$(stat -c %s "$HART_SHARED_DATA/stories260K.gguf")
  for length in 5 24 100 4096 $((size / 2)) $((size - 1)); do
    head -c "$length" "$HART_SHARED_DATA/stories260K.gguf" >cut.gguf
    refused cut.gguf
  done
}

@test "malformed: a SafeTensors header that lies about its length is refused" {
  # 2^63 bytes of header; a header longer than the file; a header that is no JSON.
  printf '\0\0\0\0\0\0\0\200{"a":1}' >huge.safetensors
  printf '\100\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}' >short.safetensors
  printf '\4\0\0\0\0\0\0\0{"a:0000' >text.safetensors
  refused huge.safetensors
  refused short.safetensors
  refused text.safetensors
}

@test "malformed: SafeTensors whose shape and offsets disagree are refused" {
  local header='{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}'
  printf "\\x$(printf %x ${#header})\\0\\0\\0\\0\\0\\0\\0%s1234" "$header" >wraps.safetensors
  refused wraps.safetensors
}

@test "malformed: text that is not UTF-8 is refused" {
  printf 'fine\n\377\376 not fine\n' >bad.txt
  refused bad.txt
}
