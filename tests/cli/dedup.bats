#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

# A store with the private tenant secret and the shared one other.
two_tenants() {
  hart-ingest init -s "$1.hart" >/dev/null
  export HART_STORE=$PWD/$1.hart
  hart-bill tenant add secret --private >/dev/null
  hart-bill tenant add other >/dev/null
  [[ -e notes.md ]] || printf 'word%s is a word.\n\n' {1..400} >notes.md
  [[ -e bytes.txt ]] || head -c 300000 /dev/urandom | base64 >bytes.txt
}

sound() {
  run -0 hart-ingest fsck --json
  assert_equal "$(jq -s -r '.[-1].findings' <<<"$output")" 0
}

figures='{atoms, new_atoms, new_bytes, stored_bytes, dedup_ratio}'

@test "dedup: neither an add's figures nor the packs tell a private tenant what others hold" {
  two_tenants alone
  hart-ingest add -t secret notes.md bytes.txt --json | jq -c "$figures" >alone
  grown=$(($(stat -c %s "$HART_STORE"/packs/*.hpk) - 64))
  two_tenants beside
  hart-ingest add -t other notes.md bytes.txt >/dev/null
  before=$(stat -c %s "$HART_STORE"/packs/*.hpk)
  hart-ingest add -t secret notes.md bytes.txt --json | jq -c "$figures" >beside
  assert_equal "$(cat beside)" "$(cat alone)"
  assert_equal $(($(stat -c %s "$HART_STORE"/packs/*.hpk) - before)) "$grown"
  sound
}

@test "dedup: nor do the packs tell others what a private tenant holds; ids are the same" {
  two_tenants s
  hart-ingest add -t secret bytes.txt >/dev/null
  before=$(stat -c %s "$HART_STORE"/packs/*.hpk)
  hart-ingest add -t other bytes.txt >/dev/null
  assert [ $(($(stat -c %s "$HART_STORE"/packs/*.hpk) - before)) -gt 299000 ]
  for tenant in secret other; do
    run -0 hart-ingest show -t $tenant bytes.txt --json
    assert_equal "$(jq -s -r '.[0].atom' <<<"$output")" "sha256:$(sha256sum <bytes.txt | cut -d' ' -f1)"
  done
  # Within itself a private tenant stores everything once.
  before=$(stat -c %s "$HART_STORE"/packs/*.hpk)
  run -0 hart-ingest add -t secret bytes.txt --name again --json
  assert_equal "$(json .new_bytes)" 0
  assert_equal "$(stat -c %s "$HART_STORE"/packs/*.hpk)" "$before"
  run -0 hart-ingest stat -t secret --json
  assert_equal "$(jq -r 'select(.type == "summary") | "\(.dedup) \(.extents > 0)"' <<<"$output")" \
    'private true'
  sound
}

@test "dedup: gc and erase of one tenant leave the other whole" {
  two_tenants s
  hart-ingest add -t secret notes.md bytes.txt >/dev/null
  hart-ingest add -t other notes.md bytes.txt >/dev/null
  hart-ingest rm -t other notes.md bytes.txt >/dev/null
  hart-ingest gc >/dev/null
  hart-ingest export -t secret bytes.txt -o out >/dev/null
  cmp out bytes.txt
  sound
  hart-ingest add -t other notes.md bytes.txt >/dev/null
  hart-ingest erase -t secret --all >/dev/null
  hart-ingest export -t other bytes.txt -o out >/dev/null
  cmp out bytes.txt
  run -0 hart-search query -t other word7 --strategy text --json
  run -66 hart-ingest cat -t secret notes.md
  sound
}

@test "dedup: the policy is listed and recorded, and changes only while a tenant holds nothing" {
  two_tenants s
  run -0 hart-bill tenant list --json
  assert_equal "$(jq -r '"\(.tenant) \(.dedup)"' <<<"$output" | paste -sd,)" \
    'default shared,secret private,other shared'
  run -0 hart-bill tenant set secret --dedup shared --json
  assert_equal "$(json .dedup)" shared
  run -0 hart-bill tenant set secret --dedup private
  hart-ingest add -t secret notes.md >/dev/null
  run -77 hart-bill tenant set secret --dedup shared
  assert_output --partial "only while it holds nothing"
  assert_equal "${#lines[@]}" 1
  run -73 hart-bill tenant add other --private
  run -0 hart-bill audit --json
  assert_output --partial '"detail":"tenant secret dedup private"'
  assert_output --partial '"detail":"tenant secret dedup shared"'
}

@test "dedup: an older store is migrated, shared, and takes private tenants then" {
  tar --zstd -xf "$HART_SOURCE/tests/data/store-v1.tar.zst"
  export HART_STORE=$PWD/old.hart
  hart-ingest migrate >/dev/null
  sound
  run -0 hart-bill tenant list --json
  assert_equal "$(jq -r .dedup <<<"$output" | sort -u)" shared
  hart-bill tenant add secret --private >/dev/null
  name=$(hart-ingest ls --json | jq -s -r '.[0].name')
  hart-ingest export "$name" -o out >/dev/null
  run -0 hart-ingest add -t secret out --json
  assert [ "$(json .new_bytes)" -gt 0 ]
  sound
  hart-ingest export -t secret out -o back >/dev/null
  cmp out back
}
