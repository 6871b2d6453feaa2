#!/usr/bin/env bats
# hart-prov log: checkpoints, exports and proofs, checked by programs that share no code with ours.

bats_require_minimum_version 1.5.0
load helper

check_log() { python3 -B "$HART_SOURCE/tests/conformance/verify_log.py" "$@"; }
check_proof() { python3 -B "$HART_SOURCE/tests/conformance/verify_proof.py" "$@"; }

generate() {
  hart-infer generate -m stories260K.gguf -n 4 --seed "$1" --temperature 0.8 --json "once" \
    >generated
}

# A store with a log of three receipts, an ingest and two generations, a key in ./key, and what it signs with in ./verifier.
signed_store() {
  need_shared stories260K.gguf
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  hart-ingest add "$HART_SHARED_DATA/stories260K.gguf" >/dev/null
  generate 1
  generate 2
  hart-prov log keygen -o key example.com/log | jq -r .verifier >verifier
}

@test "log: an export is checked with nothing but its public key, and found when it is tampered with" {
  signed_store
  run -66 hart-prov log checkpoint
  run -66 hart-prov log export -o out
  hart-prov log checkpoint --key key --format human >old
  generate 3
  hart-prov log checkpoint --key key >checkpoint.json
  assert_equal "$(jq -r .size checkpoint.json)" 4
  run -0 hart-prov log export -o out
  assert_equal "$(json .size)" 4
  assert_equal "$(cat out/checkpoint)" "$(jq -r .note checkpoint.json)"
  hart-prov show --raw "$(jq -r .inference generated)" >receipt.bin
  check_log --key verifier --old old --receipt receipt.bin out

  printf x >>receipt.bin
  run -1 check_log --key verifier --receipt receipt.bin out
  hart-prov log keygen -o another example.com/log | jq -r .verifier >stranger
  run -1 check_log --key stranger out
  for file in checkpoint tile/0/000.p/4 tile/entries/000.p/4; do
    cp out/$file whole
    printf '\0' | dd of=out/$file bs=1 seek=20 conv=notrunc status=none
    run -1 check_log --key verifier out
    cp whole out/$file
  done
  check_log --key verifier out
}

@test "log: a consistency proof leads from the old root to the new, and no other" {
  signed_store
  old=$(hart-prov log root --json --size 1 | jq -r .root)
  new=$(hart-prov log root --json | jq -r .root)
  hart-prov log consistency --json 1 >proof.json
  check_proof --old-root "$old" --root "$new" <proof.json
  run -1 check_proof --old-root "$new" --root "$new" <proof.json
  jq -c '.proof[0] = .root' proof.json >forged
  run -1 check_proof <forged
  run -2 hart-prov log consistency 0
  run -2 hart-prov log consistency 4
}

@test "log: a rewritten log is neither signed nor verified" {
  signed_store
  hart-prov log checkpoint --key key >/dev/null
  run -0 hart-prov verify --all --key verifier --json
  assert_equal "$(json .checkpoints)" 1
  run -0 hart-prov verify --all --key "$(cat verifier)"
  sqlite3 "$HART_STORE/hart.db" "DROP TRIGGER transparency_tile_only_grows;
    UPDATE transparency_tile SET hashes = CAST(substr(hashes, 33) || substr(hashes, 1, 32) AS BLOB)"
  run -65 hart-prov log checkpoint --key key
  run -65 hart-prov log export -o out
  run -1 hart-prov verify --all --json
  assert_output --partial "does not lead to it"
}

@test "log: verify says no when a key that is trusted did not sign" {
  signed_store
  run -1 hart-prov verify --all --key verifier --json
  assert_output --partial "no checkpoint is signed by example.com/log"
  run -2 hart-prov verify --key verifier 012345
  run -65 hart-prov verify --all --key nonsense
}

@test "log: keys stay outside the store, and for their owner only" {
  signed_store
  run -73 hart-prov log keygen -o key example.com/log
  cp key "$HART_STORE/key"
  run -77 hart-prov log checkpoint --key "$HART_STORE/key"
  chmod 644 key
  run -77 hart-prov log checkpoint --key key
  chmod 600 key
  run -66 hart-prov log checkpoint --key nowhere
  printf 'nonsense' >bad
  chmod 600 bad
  run -65 hart-prov log checkpoint --key bad
}

@test "log: a key in PEM signs under a name" {
  signed_store
  (umask 077 && openssl genpkey -algorithm ed25519 -out key.pem)
  run -2 hart-prov log checkpoint --key key.pem
  run -0 hart-prov log checkpoint --key key.pem --name example.com/pem --json
  assert_equal "$(json .origin)" example.com/pem
}

@test "log: a signature of one receipt stands beside it and changes nothing in it" {
  signed_store
  id=$(jq -r .inference generated)
  hart-prov show --raw "$id" >before
  run -0 hart-prov log sign --key key --json "$id"
  assert_equal "$(json .note | sed -n 2p)" "sha256:$(sha256sum <before | cut -d' ' -f1)"
  run -0 hart-prov log sign --key key - <generated
  hart-prov show --raw "$id" | cmp - before
  run -0 hart-prov verify --all --json
  assert_equal "$(json .signatures)" 1
}
