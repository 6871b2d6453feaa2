#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

store() { hart-ingest init -s s.hart >/dev/null && export HART_STORE=$PWD/s.hart; }

# entries: the log's commands, outcomes and details, a line each
entries() { hart-bill audit --json "$@" | jq -r '"\(.command)|\(.outcome)|\(.tenant)|\(.detail)"'; }

@test "audit: upkeep of the store is in the log, with what came of it" {
  store
  echo "The quick brown fox." >note.txt
  hart-ingest add note.txt >/dev/null
  hart-ingest rm note.txt >/dev/null
  hart-ingest gc --dry-run >/dev/null
  hart-ingest gc >/dev/null
  hart-ingest fsck --quick >/dev/null
  hart-ingest fsck --repair >/dev/null
  hart-ingest backup copy.hart >/dev/null
  hart-ingest retention set tenant_object_history 30d >/dev/null
  hart-ingest retention prune --dry-run >/dev/null
  hart-ingest retention prune >/dev/null
  entries >log
  # Nothing of a dry run, and nothing twice.
  assert_equal "$(cut -d'|' -f1-3 <log | paste -sd,)" "\
hart-ingest gc|done|null,hart-ingest fsck|done|null,hart-ingest fsck|done|null,\
hart-ingest backup|done|null,hart-ingest retention set|done|null,\
hart-ingest retention prune|done|null"
  grep -q '^hart-ingest gc|.*[1-9][0-9]* atoms' log
  grep -q '^hart-ingest fsck|.*check: 0 findings' log
  grep -q '^hart-ingest fsck|.*repair: 0 findings, 0 repaired' log
  grep -q '^hart-ingest backup|.*to copy.hart: 0 objects' log
  grep -q '^hart-ingest retention set|.*tenant_object_history 30 days' log
  # What a backup has of the log ends before it.
  HART_STORE=$PWD/copy.hart entries >copied
  assert_equal "$(wc -l <copied)" 3
}

@test "audit: a repair that has something to repair says how much" {
  store
  echo "The quick brown fox." >note.txt
  hart-ingest add note.txt >/dev/null
  sqlite3 "$HART_STORE/hart.db" 'UPDATE tenant_atom SET holders = 7 WHERE atom_id <= 2'
  hart-ingest fsck --repair >/dev/null
  entries >log
  grep -q '^hart-ingest fsck|done|null|repair: 2 findings, 2 repaired$' log
}

@test "audit: what decides about money is in the log, once for each change" {
  store
  cat >plan.json <<'END'
{"name": "p", "currency": "USD", "effective_from": "2026-01-01",
 "operations": [{"operation": "o", "unit": "u", "base_rate": "2"}]}
END
  hart-bill plan apply --dry-run plan.json >/dev/null
  hart-bill plan apply plan.json >/dev/null
  hart-bill plan apply plan.json >/dev/null
  hart-bill credit grant 5 --idempotency-key k >/dev/null
  hart-bill credit grant 5 --idempotency-key k >/dev/null
  echo '{"source":"t","id":1,"operation":"o","units":3,"unit":"u","time":"2026-11-05T00:00:00Z"}' |
    hart-bill record - >/dev/null
  hart-bill invoice create --month 2026-11 --dry-run >/dev/null
  hart-bill invoice create --month 2026-11 >/dev/null
  hart-bill invoice create --month 2026-11 >/dev/null
  hart-bill invoice void 2026-11-001 --reason 'wrong address' >/dev/null
  hart-bill invoice void 2026-11-001 --reason 'wrong address' >/dev/null
  hart-bill quota set tokens 5 >/dev/null
  hart-bill quota set --hook /bin/true >/dev/null
  run -0 entries
  assert_output "\
hart-bill plan apply|done|default|version 1 of p, from 2026-01-01T00:00:00.000000Z
hart-bill credit grant|done|default|5.000000 USD, k
hart-bill invoice create|done|default|2026-11-001, 6.000000 USD
hart-bill invoice void|done|default|2026-11-001: wrong address
hart-bill quota set|done|default|tokens 5 a month
hart-bill quota set|done|default|the hook [\"/bin/true\"]"
}

@test "audit: each refusal of upkeep is in the log" {
  store
  hart-bill tenant add alpha >/dev/null
  key=$(hart-bill key issue -t alpha --scope '*' --json | jq -r .key)
  for command in gc "fsck --repair" fsck "backup copy.hart" "retention prune" \
    "retention set tenant_object_history 1" migrate; do
    read -ra words <<<"$command"
    HART_API_KEY=$key run -77 hart-ingest "${words[@]}"
    assert_output --partial "not for an API key"
  done
  entries --refused >log
  assert_equal "$(cut -d'|' -f1,2 <log | sort | uniq -c | awk '{$1=$1; print}' | paste -sd,)" "\
1 hart-ingest backup|refused,2 hart-ingest fsck|refused,1 hart-ingest gc|refused,\
1 hart-ingest migrate|refused,1 hart-ingest retention prune|refused,\
1 hart-ingest retention set|refused"
  refute [ -e copy.hart ]
}

@test "audit: what limits of storage refuse is in the log, and nothing that they let pass" {
  store
  hart-bill quota set storage 20 >/dev/null
  printf 'twenty bytes of text' >a.txt
  printf 'one byte too many' >b.txt
  hart-ingest add a.txt >/dev/null
  run -77 hart-ingest add b.txt
  echo '{"text":"of a stream","id":1}' >records
  run -65 hart-ingest add --jsonl - <records
  entries --refused >log
  assert_equal "$(cut -d'|' -f1-3 <log | paste -sd,)" \
    "hart-ingest add|refused|default,hart-ingest add|refused|default"
  grep -q '|tenant default may have 20 bytes of files and would have [0-9]*$' log
  run -0 hart-ingest ls --json
  assert_equal "$(json .name)" a.txt
}

@test "audit: a migration is in the log of the store that it made" {
  mkdir old && tar -C old -xf "$HART_SOURCE/tests/data/store-v1.tar.zst" --zstd
  directory=$(dirname "$(find old -name hart.db)")
  hart-ingest migrate -s "$directory" --dry-run >/dev/null
  hart-ingest migrate -s "$directory" >/dev/null
  hart-ingest migrate -s "$directory" >/dev/null
  export HART_STORE=$directory
  run -0 entries
  assert_output --regexp '^hart-ingest migrate\|done\|null\|from schema 1 to [0-9]+$'
}
