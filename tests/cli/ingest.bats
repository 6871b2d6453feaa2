# hart-ingest: what goes into a store, what comes out of it, and what is refused.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
  printf 'The cat sat.\n\nA second paragraph, with more words than the first one has.\n' >text.txt
}

@test "init: makes a store once, and leaves what is there alone" {
  run --separate-stderr hart-ingest init fresh.hart
  assert_success
  assert_equal "$(json '.type + .store + .tenant')" storefresh.hartdefault
  run --separate-stderr hart-ingest init fresh.hart
  assert_failure 73
  mkdir full && touch full/file
  run --separate-stderr hart-ingest init full
  assert_failure 73
  assert [ -e full/file ]
}

@test "add: says what a file is and what it brought, and its id is what sha256sum prints" {
  run --separate-stderr hart-ingest add text.txt
  assert_success
  assert_equal "$(json .atom)" "sha256:$(sha256sum <text.txt | cut -d' ' -f1)"
  assert_equal "$(json '[.type, .kind, .modality, .subtype, .name, .version, .bytes] | tojson')" \
    '["object","document","text","plain","text.txt",1,74]'
  assert_equal "$(json '.new_atoms == .atoms and .new_bytes == .bytes and .dedup_ratio == 0')" true
}

@test "add: the same file again changes nothing; under another name it brings nothing" {
  hart-ingest add text.txt >/dev/null
  run --separate-stderr hart-ingest add text.txt
  assert_success
  assert_equal "$(json '[.unchanged, .version, .new_atoms, .new_bytes, .dedup_ratio] | tojson')" \
    '[true,1,0,0,1]'
  run --separate-stderr hart-ingest add --name other text.txt
  assert_equal "$(json '[.unchanged, .new_atoms, .new_bytes] | tojson')" '[null,0,0]'
  assert_equal "$(hart-ingest ls | jq -r .name | paste -sd,)" text.txt,other
}

@test "add: another content under the same name is its next version" {
  hart-ingest add --name a text.txt >/dev/null
  echo changed >text.txt
  assert_equal "$(hart-ingest add --name a --version-tag new text.txt | jq .version)" 2
  assert_equal "$(hart-ingest cat a)" changed
  assert_equal "$(hart-ingest cat a@1 | head -n 1)" 'The cat sat.'
  assert_equal "$(hart-ingest cat a@new)" changed
}

@test "add: a folder is its files, hidden ones, stores and links round in circles left out" {
  mkdir -p folder/sub folder/.hidden
  echo one >folder/a.txt
  echo two >folder/sub/b.txt
  echo no >folder/.hidden/c.txt
  ln -s .. folder/sub/loop
  hart-ingest init folder/inner.hart >/dev/null
  run --separate-stderr hart-ingest add folder
  assert_success
  assert_equal "$(json .name | paste -sd,)" a.txt,sub/b.txt
}

@test "add: one bad file does not stop the others, and decides the status" {
  printf 'fine\n\377\376 not\n' >bad.txt
  echo good >good.txt
  run --separate-stderr hart-ingest add bad.txt absent.txt good.txt
  assert_failure 65
  assert_equal "$(json .name)" good.txt
  assert_equal "${#stderr_lines[@]}" 2
  assert_regex "${stderr_lines[0]}" 'bad.txt: invalid UTF-8 at byte offset 5'
  assert_regex "${stderr_lines[1]}" 'absent.txt'
  run --separate-stderr hart-ingest add absent.txt
  assert_failure 66
}

@test "add: a file that grows while it is added is refused by name, and no other is" {
  mkdir many
  for i in {100..355}; do echo "text number $i" >"many/$i.txt"; done
  echo before >grows.txt
  echo another >stays.txt
  # What it answers of the first 256 is more than a pipe holds: it waits to be read before it
  # goes on to the last two, whose sizes it has taken down.
  hart-ingest add many grows.txt stays.txt 2>messages | {
    read -r _
    echo after >>grows.txt
    cat
  } >answers
  assert_equal "${PIPESTATUS[0]}" 65
  assert [ "$(stat -c %s answers)" -gt 65536 ]
  assert_equal "$(cat messages)" "hart-ingest: grows.txt: grew while it was added: 13 bytes,\
 where 7 had been set aside"
  run -0 hart-ingest ls --json
  assert_equal "${#lines[@]}" 257
  run -66 hart-ingest show grows.txt
  run -0 hart-ingest cat stays.txt
  assert_output another
  hart-ingest add grows.txt >/dev/null
  run -0 hart-ingest fsck
}

@test "add: what is refused after it was read leaves no byte in the packs" {
  hart-ingest add text.txt >/dev/null
  hart-bill tenant set default --max-atoms 40 >/dev/null
  before=$(stat -c %s "$HART_STORE"/packs/*.hpk)
  printf 'word%s ' {1..60000} >many-words.txt
  run -77 hart-ingest add many-words.txt
  assert_equal "$(stat -c %s "$HART_STORE"/packs/*.hpk)" "$before"
  # What fits goes on.
  echo "The cat sat again." >few.txt
  run -77 hart-ingest add many-words.txt few.txt
  run -0 hart-ingest cat few.txt
  assert [ $(($(stat -c %s "$HART_STORE"/packs/*.hpk) - before)) -lt 1000 ]
  run -0 hart-ingest fsck
}

@test "add: --modality refuses what is of another, and leaves nothing of it" {
  run --separate-stderr hart-ingest add --modality model text.txt
  assert_failure 65
  assert_regex "$stderr" 'is a text, not a model'
  echo '{"text":"a text"}' | hart-ingest add --jsonl --modality model - || true
  assert_equal "$(hart-ingest ls)" ""
  hart-ingest add --modality text text.txt
}

@test "add: a file of no bytes is an object of no bytes" {
  : >empty
  run --separate-stderr hart-ingest add empty
  assert_success
  assert_equal "$(json .bytes)" 0
  hart-ingest export empty -o back
  cmp empty back
}

@test "add: standard input, under the name that is given" {
  run --separate-stderr hart-ingest add - --name piped <text.txt
  assert_success
  assert_equal "$(json .name)" piped
  hart-ingest export piped -o - | cmp - text.txt
}

@test "add: --jsonl answers every line in its place, with its id, and survives bad ones" {
  run --separate-stderr hart-ingest add --jsonl - <<LINES
{"id":"one","text":"first text","metadata":{"lang":"en"}}
not json
{"id":3}
[1]
{"id":4,"path":"$PWD/text.txt","name":"named"}
{"id":5,"path":"absent.txt"}
LINES
  assert_failure 65
  assert_equal "$(json '[.type, .id, .line, .name] | tojson' | paste -sd' ')" \
    '["object","one",null,"one"] ["error",null,2,null] ["error",3,3,null] ["error",null,4,null] ["object",4,null,"named"] ["error",5,6,null]'
  assert_equal "$(hart-ingest ls | jq -c .metadata | paste -sd,)" '{"lang":"en"},null'
}

@test "ls: filters by modality, kind, time and number" {
  hart-ingest add text.txt >/dev/null
  hart-ingest add --name second text.txt >/dev/null
  local created
  created=$(hart-ingest ls | jq -r .created | tail -n 1)
  assert_equal "$(hart-ingest ls --modality text | wc -l)" 2
  assert_equal "$(hart-ingest ls --modality model | wc -l)" 0
  assert_equal "$(hart-ingest ls --kind model | wc -l)" 0
  assert_equal "$(hart-ingest ls --limit 1 | jq -r .name)" text.txt
  assert_equal "$(hart-ingest ls --since "$created" | jq -r .name)" second
  assert_equal "$(hart-ingest ls --until "$created" | jq -r .name)" text.txt
  run --separate-stderr hart-ingest ls --since yesterdayish
  assert_failure
}

@test "show: an object, its structure, and what that is made of" {
  hart-ingest add text.txt >/dev/null
  run --separate-stderr hart-ingest show text.txt --geometry
  assert_success
  assert_equal "$(json .type | uniq -c | awk '{print $2 $1}' | paste -sd,)" object1,atom1,component4
  assert_regex "$(json 'select(.type == "component") | .spatial_key' | head -n 1)" '^POINT ZM ?\(1 1 0 0\)$'
}

@test "cat: a word, a paragraph and a file by their ids, or the first six digits" {
  hart-ingest add text.txt >/dev/null
  local word paragraph
  word=$(printf cat | sha256sum | cut -c1-12)
  assert_equal "$(hart-ingest cat "$word")" cat
  paragraph=$(hart-ingest show text.txt | jq -r 'select(.position == 0) | .atom')
  assert_equal "$(hart-ingest cat "$paragraph")" 'The cat sat.'
  hart-ingest cat text.txt | cmp - text.txt
  hart-ingest cat "sha256:$(sha256sum <text.txt | cut -c1-6)" | cmp - text.txt
  run --separate-stderr hart-ingest cat "${word:0:5}"
  assert_failure 66
}

@test "export: rebuilds the file, or finds that the store is damaged and leaves the target" {
  head -c 100000 /dev/urandom | base64 >large.txt
  hart-ingest add --compress none --materialize none large.txt >/dev/null
  run --separate-stderr hart-ingest export large.txt -o back
  assert_equal "$(json '[.type, .verified] | tojson')" '["exported",true]'
  cmp large.txt back
  printf '#' | dd of="$HART_STORE/packs/pack-00000001.hpk" bs=1 seek=5000 conv=notrunc status=none
  echo older >kept
  run --separate-stderr hart-ingest export large.txt -o kept
  assert_failure 65
  assert_equal "$(cat kept)" older
  run --separate-stderr hart-ingest export large.txt -o absent/folder
  assert_failure 73
}

@test "rm: drops one name, and the words it shares stay with the other" {
  echo 'shared apple' >a.txt
  echo 'shared pear' >b.txt
  hart-ingest add a.txt b.txt >/dev/null
  assert_equal "$(hart-ingest rm --dry-run a.txt | jq -r '[.type, .dry_run] | tojson')" '["removed",true]'
  assert_equal "$(hart-ingest ls | wc -l)" 2
  hart-ingest rm a.txt >/dev/null
  assert_equal "$(hart-ingest ls | jq -r .name)" b.txt
  hart-ingest cat "$(printf shared | sha256sum | cut -c1-12)"
  run --separate-stderr hart-ingest cat "$(printf apple | sha256sum | cut -c1-12)"
  assert_failure 66
  run --separate-stderr hart-ingest rm a.txt
  assert_failure 66
  hart-ingest export b.txt -o back
  cmp b.txt back
}

@test "stat: counts what the tenant holds, and what deduplication saves" {
  hart-ingest add text.txt >/dev/null
  hart-ingest add --name again text.txt >/dev/null
  run --separate-stderr hart-ingest stat
  assert_success
  assert_equal "$(json 'select(.type == "modality") | [.modality, .objects] | tojson')" '["text",2]'
  assert_equal "$(json 'select(.type == "summary") | [.objects, .object_bytes, .decoded_bytes] | tojson')" \
    '[2,148,74]'
}

@test "a closed pipe ends ls and cat without a word" {
  seq 100000 >numbers
  hart-ingest add --materialize none numbers >/dev/null
  hart-ingest cat numbers 2>errors | head -n 1 >first || true
  assert_equal "$(cat first errors)" 1
}
