#!/usr/bin/env bats
# A store whose payload is encrypted: everything works with the key, the owner's upkeep works
# without it, and the packs tell nothing.

bats_require_minimum_version 1.5.0
load helper

# More than 64 bytes without a space, so that it is payload and no word of the catalog's.
mark=$(printf 'zq%.0s' {1..60})

# An encrypted store with a text in it, and the key in $HART_PAYLOAD_KEY_FILE.
encrypted() {
  export HART_STORE=$PWD/s.hart HART_PAYLOAD_KEY_FILE=$PWD/payload.key
  hart-ingest init "$HART_STORE" -q >/dev/null
  {
    echo "The ferry crosses the sound twice a day. $mark"
    for i in {1..400}; do echo "Line $i tells of the harbour and its $((i * i)) gulls."; done
  } >note.txt
  hart-ingest add note.txt >/dev/null
}

# without_key COMMAND...: runs it as somebody who was given no key.
without_key() { env -u HART_PAYLOAD_KEY_FILE "$@"; }

@test "encryption: init makes a key for its owner alone, and says that the store is encrypted" {
  export HART_STORE=$PWD/s.hart
  run -0 --separate-stderr hart-ingest init "$HART_STORE" --payload-key new.key --json
  local id
  id=$(json .payload_key_id)
  [[ $id =~ ^[0-9a-f]{32}$ ]]
  [[ $stderr == *"keep a copy of new.key"* ]]
  assert_equal "$(stat -c %a new.key)" 600
  [[ $(cat new.key) =~ ^[0-9a-f]{64}$ ]]
  assert_equal "$(stat -c %s new.key)" 65
  run -0 hart-ingest stat --json
  assert_equal "$(jq -s -r '.[-1].payload_key_id' <<<"$output")" "$id"
  run -0 hart-ingest stat --format human
  assert_output --partial "the payload is encrypted"
  # One key serves several stores, and is never replaced.
  cp new.key before
  run -0 hart-ingest init other.hart --payload-key new.key --json -q
  assert_equal "$(json .payload_key_id)" "$id"
  cmp new.key before
  run -0 hart-ingest init plain.hart --json
  assert_equal "$(json .payload_key_id)" null
}

@test "encryption: no store, no key: a failed init leaves neither, and a bad key file makes none" {
  mkdir full.hart
  touch full.hart/file
  run -73 hart-ingest init full.hart --payload-key new.key
  assert [ ! -e new.key ]
  echo "not a key" >bad.key
  chmod 600 bad.key
  run -65 hart-ingest init s.hart --payload-key bad.key
  chmod 640 bad.key
  run -77 hart-ingest init s.hart --payload-key bad.key
  run -73 hart-ingest init s.hart --payload-key no/such/folder.key
  assert [ ! -e s.hart ]
}

@test "encryption: what was added comes back byte for byte, and is in no pack" {
  encrypted
  hart-ingest cat note.txt | cmp - note.txt
  hart-ingest export note.txt -o out.txt >/dev/null
  cmp out.txt note.txt
  run -1 grep -r -a -l -F -e "$mark" "$HART_STORE/packs"
  # The same in a plain store is there, so it would have been found.
  HART_PAYLOAD_KEY_FILE='' hart-ingest init -s plain.hart >/dev/null
  HART_PAYLOAD_KEY_FILE='' hart-ingest add -s plain.hart --compress none note.txt >/dev/null
  grep -r -a -q -F -e "$mark" plain.hart/packs
  run -0 hart-search query 'the ferry' --strategy text --json
  assert_output --partial "crosses the sound"
  run -0 hart-ingest fsck --json
  assert_equal "$(json .findings)" 0
}

@test "encryption: without the key content stays closed, and the owner's upkeep goes on" {
  encrypted
  for command in "cat note.txt" "export note.txt -o x" "fsck" "add note.txt"; do
    read -ra words <<<"$command"
    run -77 without_key hart-ingest "${words[@]}"
    assert_output --partial "the payload of this store is encrypted: give its key with"
  done
  for command in ls stat "show note.txt" gc "fsck --quick" "backup copy.hart"; do
    read -ra words <<<"$command"
    run -0 without_key hart-ingest "${words[@]}"
  done
  run -0 without_key hart-bill tenant list
  run -0 hart-ingest cat note.txt -s copy.hart
  assert_output --partial "$mark"
}

@test "encryption: a wrong key, a bad one and one that is open to others are told at once" {
  encrypted
  hart-ingest init other.hart --payload-key other.key -q >/dev/null
  run -77 hart-ingest ls --payload-key other.key
  assert_output --partial "but this store's is"
  run -66 hart-ingest ls --payload-key nowhere
  cp payload.key open.key
  chmod 644 open.key
  run -77 hart-ingest ls --payload-key open.key
  assert_output --partial "expected mode 600"
  chmod 600 open.key
  run -0 hart-ingest ls --payload-key open.key
  head -c 63 payload.key >open.key
  run -65 hart-ingest ls --payload-key open.key
  run -65 hart-ingest ls --payload-key .
  assert_output "hart-ingest: .: is a directory, and holds no payload key"
  # From whatever keeps it, without a file.
  run -0 hart-ingest cat note.txt --payload-key <(cat payload.key)
  assert_output "$(cat note.txt)"
  # Who names a key must not be writing in the clear.
  HART_PAYLOAD_KEY_FILE='' hart-ingest init plain.hart >/dev/null
  run -78 hart-ingest ls -s plain.hart --payload-key payload.key
  assert_output --partial "is not encrypted"
  # For several stores in turn, the environment may name one that some do not need.
  run -0 hart-ingest ls -s plain.hart
}

@test "encryption: a shared file is refused, since it would not be encrypted" {
  encrypted
  run -2 hart-ingest add --link note.txt
  assert_output --partial "without --link"
}

@test "encryption: a model answers as it does from a plain store" {
  need_shared stories260K.gguf
  encrypted
  HART_PAYLOAD_KEY_FILE='' hart-ingest init plain.hart >/dev/null
  local arguments=(generate -m stories --temperature 0 -n 24 'Once upon a time' --json)
  for store in plain.hart s.hart; do
    hart-ingest add -s $store --name stories "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
    run -0 --separate-stderr hart-infer "${arguments[@]}" -s $store
    jq -r 'select(.text) | .text' <<<"$output" >"$store.txt"
  done
  assert [ -s plain.hart.txt ]
  cmp plain.hart.txt s.hart.txt
  run -77 without_key hart-infer "${arguments[@]}" -s s.hart
}

@test "encryption: gc frees what was removed without the key, and the rest is still sound" {
  encrypted
  head -c 300000 /dev/urandom | base64 >large.txt
  hart-ingest add large.txt >/dev/null
  without_key hart-ingest rm large.txt >/dev/null
  run -0 without_key hart-ingest gc --json
  assert [ "$(json .bytes_freed)" -gt 200000 ]
  hart-ingest cat note.txt | cmp - note.txt
  run -0 hart-ingest fsck
}

@test "encryption: erase leaves nothing of a document in any file of the store" {
  encrypted
  echo "A secret of its own: wxyzzyvolcano." >secret.txt
  hart-ingest add secret.txt >/dev/null
  run -0 hart-ingest erase secret.txt
  run -1 grep -r -a -l -F -e wxyzzyvolcano "$HART_STORE"
  hart-ingest cat note.txt | cmp - note.txt
}

@test "encryption: the key is in no file of the store and in no output" {
  encrypted
  {
    hart-search query ferry --strategy text
    hart-ingest stat --all-tenants
    hart-ingest ls -v
    hart-bill audit
  } >out 2>&1
  local key
  key=$(cat payload.key)
  run -1 grep -r -a -l -i -F -e "$key" "$HART_STORE" out
  local raw
  raw=$(sed 's/../\\x&/g' payload.key)
  run -1 grep -r -a -l -P -e "$raw" "$HART_STORE" out
}

@test "encryption: a flipped byte in a pack is found with the key and without" {
  encrypted
  local pack=$HART_STORE/packs/pack-00000001.hpk
  printf 'x' | dd of="$pack" bs=1 seek=200 conv=notrunc status=none
  run -1 without_key hart-ingest fsck --quick
  assert_output --partial "checksum differs"
  run -1 hart-ingest fsck
  run -65 hart-ingest cat note.txt
}
