#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

# A store with the tenants default and alpha; alpha has a note, and a key of the given scopes,
# which is in $key.
with_key() {
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  hart-bill tenant add alpha >/dev/null
  echo "The quick brown fox." >note.txt
  hart-ingest add -t alpha note.txt >/dev/null
  local scopes=()
  for scope in "$@"; do scopes+=(--scope "$scope"); done
  key=$(hart-bill key issue -t alpha "${scopes[@]}" --json | jq -r .key)
  id=${key:5:12}
}

@test "keys: one is shown once, and lists and logs know only its id" {
  with_key search
  [[ $key =~ ^hart_[0-9a-f]{12}_[0-9a-f]{64}$ ]]
  run -0 hart-bill key list -t alpha --json
  assert_equal "$(json .id)" "$id"
  assert_equal "$(jq -c .scopes <<<"$output")" '["search"]'
  assert_equal "$(json .state)" valid
  refute_output --partial "${key:18}"
  run -0 hart-bill audit --json
  assert_output --partial "key $id for search"
  refute_output --partial "${key:18}"
  run -1 grep -r -a -l -F -e "${key:18}" "$HART_STORE"
}

@test "keys: a tenant that has one is not acted as without, and its key acts as it" {
  with_key search ingest
  run -77 hart-ingest ls -t alpha
  assert_output --partial "needs an API key"
  HART_API_KEY=$key run -0 hart-ingest ls --json
  assert_equal "$(json .name)" note.txt
  HART_API_KEY=$key HART_TENANT=alpha run -0 hart-search query fox --strategy text --json
  HART_API_KEY=$key run -77 hart-ingest ls -t default
  # The tenant without keys is as open as before.
  run -0 hart-ingest ls
}

@test "keys: scopes hold, down to the subcommand" {
  with_key search:query ingest:snapshot
  HART_API_KEY=$key run -0 hart-search query fox --strategy text --json
  HART_API_KEY=$key run -0 hart-ingest snapshot list
  HART_API_KEY=$key run -77 hart-search index list
  HART_API_KEY=$key run -77 hart-ingest ls
  assert_output --partial "does not permit hart-ingest ls"
  run -0 hart-bill audit --refused --json
  assert_equal "$(jq -s -r '.[-1].actor' <<<"$output")" "key $id"
  assert_equal "$(jq -s -r '.[-1].tenant' <<<"$output")" alpha
}

@test "keys: the files' owner administers, and no key does" {
  with_key '*'
  for command in "hart-bill tenant list" "hart-bill key list" "hart-bill audit" \
    "hart-ingest gc" "hart-ingest fsck --quick" "hart-ingest stat --all-tenants" \
    "hart-ingest retention list" "hart-ingest backup copy.hart"; do
    read -ra words <<<"$command"
    HART_API_KEY=$key run -77 "${words[@]}"
    assert_output --partial "not for an API key"
    run -0 "${words[@]}"
  done
}

@test "keys: a wrong one is refused whatever it looks like, and a key file is closed to others" {
  with_key ingest
  for wrong in x "${key%?}" "${key}0" "hart_000000000000_${key:18}" "${key:0:18}$(printf '0%.0s' {1..64})"; do
    HART_API_KEY=$wrong run -77 hart-ingest ls
    assert_output "hart-ingest: the API key is not valid"
  done
  echo "$key" >key.txt
  chmod 644 key.txt
  run -77 hart-ingest ls --api-key-file key.txt
  chmod 600 key.txt
  run -0 hart-ingest ls --api-key-file key.txt
  run -66 hart-ingest ls --api-key-file nowhere
  : >key.txt
  run -65 hart-ingest ls --api-key-file key.txt
  run -0 hart-bill key issue -t alpha --scope ingest -o new.key --json
  refute_output --partial '"key"'
  assert_equal "$(stat -c %a new.key)" 600
  run -0 hart-ingest ls --api-key-file new.key
  run -73 hart-bill key issue -t alpha --scope ingest -o new.key
}

@test "keys: revoking ends one at once, rotation puts another in its place" {
  with_key ingest
  next=$(hart-bill key rotate -t alpha "$id" --grace 1h --json | jq -r .key)
  HART_API_KEY=$key run -0 hart-ingest ls
  HART_API_KEY=$next run -0 hart-ingest ls
  hart-bill key revoke -t alpha "$id" >/dev/null
  HART_API_KEY=$key run -77 hart-ingest ls
  assert_output --partial "was revoked"
  hart-bill key rotate -t alpha "${next:5:12}" >/dev/null
  HART_API_KEY=$next run -77 hart-ingest ls
  run -66 hart-bill key revoke -t default "$id"
  run -77 hart-bill key rotate -t alpha "$id"
  # Without a valid key the tenant stays closed, until its owner opens it.
  run -77 hart-ingest ls -t alpha
  hart-bill tenant set alpha --require-key no >/dev/null
  run -0 hart-ingest ls -t alpha
}

@test "keys: one that has expired is refused" {
  with_key ingest
  brief=$(hart-bill key issue -t alpha --scope ingest --expires 1s --json | jq -r .key)
  sleep 1.1
  HART_API_KEY=$brief run -77 hart-ingest ls
  assert_output --partial "has expired"
  run -0 hart-bill key list -t alpha --json
  assert_equal "$(jq -s -r '.[-1].state' <<<"$output")" expired
  run -2 hart-bill key issue -t alpha --scope ingest --expires 2020-01-01
  run -2 hart-bill key issue -t alpha --scope nonsense
  run -2 hart-bill key issue -t alpha
}

@test "keys: a rate holds over all processes, and says when to come again" {
  with_key ingest
  limited=$(hart-bill key issue -t alpha --scope ingest --rate 1 --burst 5 --json | jq -r .key)
  export HART_API_KEY=$limited
  for _ in {1..12}; do
    { hart-ingest ls >/dev/null 2>&1 && echo 0 || echo $?; } &
  done >statuses
  wait
  assert_equal "$(sort statuses | uniq -c | tr -s ' ' | paste -sd,)" " 5 0, 7 75"
  run -75 hart-ingest ls
  assert_output --partial "limited to 1 requests a minute: try again in"
}

@test "keys: each line of a stream is a request, which waits its turn" {
  with_key infer search
  limited=$(hart-bill key issue -t alpha --scope search --rate 60 --burst 4 --json | jq -r .key)
  yes '{"text":"fox"}' | head -6 >lines
  start=$(date +%s%N)
  HART_API_KEY=$limited run -0 hart-search query - --strategy text --json <lines
  # Four at once, two more a second apart.
  assert [ $((($(date +%s%N) - start) / 1000000)) -ge 1500 ]
  sleep 0.2
  HART_API_KEY=$limited run -75 hart-search query - --strategy text --json --timeout 0 <lines
}

@test "keys: neither the process list nor what a process shows of its environment has one" {
  with_key infer search
  mkfifo lines
  HART_API_KEY=$key hart-search query - --strategy text --json <lines >answers &
  exec 7>lines
  echo '{"text":"fox"}' >&7
  for _ in {1..600}; do [[ -s answers ]] && break || sleep 0.1; done
  pid=$!
  run -1 grep -a -F -e "${key:18}" "/proc/$pid/environ" "/proc/$pid/cmdline"
  exec 7>&-
  wait "$pid"
}

@test "tenant set: limits hold, and leave what was there before" {
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  hart-bill tenant add alpha >/dev/null
  run -0 hart-bill tenant set alpha --max-atoms 40 --max-storage 1000 --json
  assert_equal "$(json .max_atoms)" 40
  echo "The quick brown fox." >note.txt
  run -0 hart-ingest add -t alpha note.txt
  printf 'word%s ' {1..60} >long.txt
  run -77 hart-ingest add -t alpha long.txt
  assert_output --partial "may have 40 atoms"
  run -0 hart-ingest ls -t alpha --json
  assert_equal "$(jq -s length <<<"$output")" 1
  # Lines of a stream fail by themselves.
  printf '%s\n' '{"path":"long.txt"}' '{"text":"a fox"}' >records
  run -65 hart-ingest add -t alpha --jsonl --json - <records
  assert_equal "$(jq -s -r '.[0].code' <<<"$output")" denied
  assert_equal "$(jq -s -r '.[1].type' <<<"$output")" object
  hart-bill tenant set alpha --max-atoms none --max-storage 100 >/dev/null
  run -77 hart-ingest add -t alpha long.txt
  assert_output --partial "bytes of files"
  hart-bill tenant set alpha --max-storage none --max-models 0 >/dev/null
  run -0 hart-ingest add -t alpha long.txt
  need_shared stories260K.gguf
  run -77 hart-ingest add -t alpha "$HART_SHARED_DATA/stories260K.gguf"
  assert_output --partial "0 models"
  hart-bill tenant set alpha --active no >/dev/null
  run -66 hart-ingest ls -t alpha
  run -2 hart-bill tenant set default --active no
  run -66 hart-bill tenant set nobody --active no
  run -2 hart-bill tenant set alpha --max-atoms many
}
