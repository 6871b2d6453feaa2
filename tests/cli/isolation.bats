#!/usr/bin/env bats

bats_require_minimum_version 1.5.0
load helper

# Two tenants that share a model and a document, and have a private one each. Whatever is beta's
# alone has a word with "beta" in it, or its secret word; $alpha and $beta are their keys.
two_tenants() {
  need_shared stories260K.gguf
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  echo "A dog is an animal that barks." >shared.md
  mkdir alpha beta
  echo "Alphaville lies by the sea, and a dog lives there." >alpha/own.md
  echo "Zanzibarella of betaland keeps a dog in her attic." >beta/betanote.md
  for tenant in alpha beta; do
    hart-bill tenant add $tenant >/dev/null
    export HART_TENANT=$tenant
    hart-ingest add "$HART_SHARED_DATA/stories260K.gguf" shared.md $tenant/*.md --json >$tenant/added
    hart-ingest snapshot create ${tenant}snap stories260K.gguf >/dev/null
    hart-ingest relate shared.md stories260K.gguf --type ${tenant}kin --weight 0.5 >/dev/null
    hart-search index build --kind flat >/dev/null 2>&1 || true
    hart-search query "$tenant dog" --json >$tenant/hits
    hart-infer generate -m stories260K.gguf -n 4 --context - --json "${tenant}prompt" \
      <$tenant/hits >$tenant/generated
    hart-ingest rm shared.md >/dev/null
    hart-ingest add shared.md >/dev/null
  done
  unset HART_TENANT
  alpha=$(hart-bill key issue -t alpha --scope '*' --label alphakey --json 2>/dev/null | jq -r .key)
  beta=$(hart-bill key issue -t beta --scope '*' --label betakey --json 2>/dev/null | jq -r .key)
}

# Every subcommand of every tool, many with what is beta's as the argument. What needs another
# store, or changes what the others read, stands last.
commands() {
  cat <<'EOF'
hart-ingest ls --json
hart-ingest ls --format human
hart-ingest ls --as-of 2100-01-01
hart-ingest show $theirs
hart-ingest show shared.md --json
hart-ingest show shared.md --format human
hart-ingest show betanote.md
hart-ingest tree shared.md
hart-ingest tree $theirs
hart-ingest cat $theirs
hart-ingest cat shared.md
hart-ingest export $theirs -o -
hart-ingest export betanote.md -o -
hart-ingest history shared.md
hart-ingest history betanote.md
hart-ingest history --json stories260K.gguf
hart-ingest diff shared.md betanote.md
hart-ingest diff stories260K.gguf stories260K.gguf
hart-ingest score stories260K.gguf
hart-ingest snapshot list
hart-ingest snapshot diff betasnap
hart-ingest ls --as-of betasnap
hart-ingest stat
hart-ingest stat --all-tenants
hart-ingest relate shared.md $theirs --type new
hart-ingest relate $theirs shared.md --type new
hart-ingest gc --dry-run
hart-ingest fsck
hart-ingest backup copy.hart
hart-ingest access
hart-ingest access betanote.md --level none
hart-ingest retention list
hart-ingest migrate
hart-ingest init
hart-ingest init other.hart
hart-search query "Zanzibarella betaland" --strategy text --json
hart-search query "dog" --strategy text -k 50 --json
hart-search query "dog" --strategy hybrid -k 50 --json
hart-search query "dog" -k 50 --explain --json
hart-search query --atom $theirs
hart-search query "dog" --format human
hart-search index list
hart-search index check
hart-search index build --kind flat
hart-search project show
hart-search project fit
hart-search neighbors shared.md -k 50
hart-search neighbors $theirs
hart-search walk shared.md --hops 5
hart-search walk $theirs
hart-search path shared.md stories260K.gguf
hart-search path shared.md $theirs
hart-search map -o -
hart-search density
hart-search cluster
hart-search anomalies
hart-infer generate -m stories260K.gguf -n 3 --json alphaprompt
hart-infer generate -m stories260K.gguf -n 4 --temperature 0 --json betaprompt-not
hart-infer chat -m stories260K.gguf --json </dev/null
hart-infer embed --json "dog"
hart-infer embed --json - <<<"{\"atom\":\"$theirs\"}"
hart-infer tokenize -m stories260K.gguf "dog"
hart-infer detokenize -m stories260K.gguf 1 2 3
hart-infer perplexity -m stories260K.gguf shared.md
hart-infer logits -m stories260K.gguf "dog"
hart-infer models
hart-infer cache stat
hart-infer bench -m stories260K.gguf -n 2 -p 4
hart-bill tenant list
hart-bill tenant add gamma
hart-bill tenant set beta --active no
hart-bill key list
hart-bill key list -t beta
hart-bill key issue -t beta --scope search
hart-bill audit
hart-bill plan show
hart-bill record - <<<'{}'
hart-bill price - <<<'{}'
hart-bill usage --json
hart-bill usage --format human
hart-bill hotspots
hart-bill quota check
hart-bill quota violations
hart-bill credit balance
hart-bill credit history
hart-bill invoice list
hart-bill verify
hart-prov show $inference
hart-prov why $inference
hart-prov why --json - <alpha/generated
hart-prov trace $inference
hart-prov trace shared.md
hart-prov verify $inference
hart-prov verify --all
hart-prov verify --all --replay
hart-prov log root
hart-prov log prove $inference
hart-prov query 'MATCH (n) RETURN n'
hart-prov query 'MATCH (a)-[r]->(b) RETURN a, r, b'
hart-prov export --as cypher
hart-prov export --as csv
hart-prov export --as prov-json
hart-prov sync out
hart-prov stats
hart-prov retention --dry-run
hart-ooda run
hart-ooda status
hart-ooda history
hart-ooda rollback 1 --dry-run
hart-ooda stop
hart-ooda resume
hart-ooda observe
hart-ooda health
hart-ingest extract stories260K.gguf -o small --layers 0
hart-ingest rollback stories260K.gguf --to betasnap
hart-ingest rm betanote.md
hart-ingest rm $theirs
hart-ingest erase betanote.md
hart-ingest erase $theirs --dry-run
hart-ingest add alpha/own.md --name another.md --json
hart-infer cache clear
EOF
}

# run_all: every command as alpha; its output, of both kinds, and a line with its status.
run_all() {
  local theirs inference
  theirs=$(jq -r 'select(.name == "betanote.md").atom' beta/added)
  inference=$(jq -r .inference beta/generated)
  export HART_API_KEY=$alpha
  while IFS= read -r line; do
    echo "+ ${line%%[ ]*}"
    # What the command itself says again, arguments and error messages about them, is no leak.
    eval "timeout 300 $line" </dev/null 2>&1 | sed "s/$theirs/THEIRS/g; s/$inference/THEIRS/g;
      s/no such [a-z]*: betanote.md/no such ARGUMENT/; s/betanote.md: no such/no such/; s/betasnap/ARGUMENT/g;
      s/Zanzibarella betaland/ARGUMENT/g; s/Zanzibarella[^a-z]* OR [^a-z]*betaland/ARGUMENT/g; s/betaprompt-not/ARGUMENT/g; s/tenant beta/ARGUMENT/g"
    echo "= ${PIPESTATUS[0]}"
  done < <(commands)
}

@test "isolation: no byte of another tenant's is in the output of any subcommand of any tool" {
  two_tenants
  # What is looked for is there to be found, by whom it belongs to.
  HART_API_KEY=$beta run -0 hart-search query "Zanzibarella" --strategy text --json
  assert_output --partial "Zanzibarella of betaland"
  run_all >outputs
  grep -a -c '^= 0$' outputs >worked
  assert [ "$(cat worked)" -ge 45 ]
  # alpha saw its own.
  run -0 grep -a -c Alphaville outputs
  run -1 grep -a -i -n -e beta -e Zanzibarella -e attic outputs
  # And beta has lost nothing.
  HART_API_KEY=$beta run -0 hart-ingest cat betanote.md
  assert_output "Zanzibarella of betaland keeps a dog in her attic."
  HART_API_KEY=$beta run -0 hart-prov why - --json <beta/generated
  assert_equal "$(json .asked)" betaprompt
}

@test "isolation: what a tenant is told of its own content does not depend on who else has it" {
  hart-ingest init -s s.hart >/dev/null
  export HART_STORE=$PWD/s.hart
  hart-bill tenant add alpha >/dev/null
  hart-bill tenant add beta >/dev/null
  printf 'word%s ' {1..500} >text.txt
  figures='{new_atoms, new_bytes, stored_bytes, atoms, dedup_ratio}'
  hart-ingest add -t beta text.txt --json | jq -c "$figures" >first
  hart-ingest add -t alpha text.txt --json | jq -c "$figures" >second
  assert_equal "$(cat second)" "$(cat first)"
  hart-search query -t alpha word7 --strategy text --json | jq -c '[.score]' >alone
  printf 'word7 %s ' {1..500} >more.txt
  hart-ingest add -t beta more.txt >/dev/null
  hart-search query -t alpha word7 --strategy text --json | jq -c '[.score]' >beside
  assert_equal "$(cat beside)" "$(cat alone)"
}

@test "isolation: the list of commands has every subcommand of every tool" {
  for tool in ingest search infer bill prov ooda; do
    for subcommand in $(hart-$tool --help | sed -n '/^[A-Z].*\.$/,/^Common/p' |
      sed -n 's/^  [A-Z][a-z ]*: *\(.*\)/\1/p; s/^  \([a-z]*\)  .*/\1/p'); do
      run -0 grep -q "^hart-$tool $subcommand\b" <(commands)
    done
  done
}
