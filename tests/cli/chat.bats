# hart-infer chat: a conversation, written as the model's chat template says.

bats_require_minimum_version 1.5.0
load helper

MODEL=$HART_SOURCE/share/models/wordnet-llama.gguf

# A template that shows in the prompt's length which turns were written.
template() {
  cat >turns.jinja <<'JINJA'
{{ bos_token }}
{%- for message in messages %}
{{ message.role }}: {{ message.content | trim }}
{% endfor %}
{% if add_generation_prompt %}assistant:{% endif %}
JINJA
}

# le64 N: eight bytes, the lowest first.
le64() {
  local i
  for i in 0 8 16 24 32 40 48 56; do printf '%b' "\\x$(printf %02x $((($1 >> i) & 255)))"; done
}

# with_template FILE: the model with FILE as its chat template. What is put in front of the other
# metadata is a multiple of 32 bytes, so that the tensors stay aligned.
with_template() {
  local key=tokenizer.chat_template text count pad
  text=$(cat "$1")
  pad=$(((32 - (8 + ${#key} + 4 + 8 + ${#text} + 4) % 32) % 32))
  text+="{#$(printf "%${pad}s" '')#}"
  count=$(od -An -tu8 -j16 -N8 "$MODEL")
  {
    head -c 16 "$MODEL"
    le64 $((count + 1))
    le64 ${#key}
    printf %s "$key"
    printf '\x08\0\0\0'
    le64 ${#text}
    printf %s "$text"
    tail -c +25 "$MODEL"
  } >chat.gguf
}

# chat ARGS: a greedy conversation of short replies.
chat() { hart-infer chat --temperature 0 -n 8 "$@"; }

@test "chat: without a template it refuses, and says what to give" {
  run --separate-stderr chat -m "$MODEL" <<<'{"text":"hi"}'
  assert_failure 65
  assert_output ''
  assert_equal "${#stderr_lines[@]}" 1
  assert_regex "$stderr" 'no chat template.*--chat-template FILE'
}

@test "chat: a turn is answered by what generate continues the written conversation with" {
  template
  run --separate-stderr chat -m "$MODEL" --chat-template turns.jinja <<<'{"id":7,"text":" hello "}'
  assert_success
  assert_equal "$(json '[.type, .id, .receipt] | tojson')" '["inference",7,null]'
  assert_equal "$(json .text)" \
    "$(hart-infer generate -m "$MODEL" --temperature 0 -n 8 $'user: hello\nassistant:' | jq -r .text)"
}

@test "chat: the model's own template is used, and --chat-template goes before it" {
  template
  with_template turns.jinja
  echo '{"text":"hello"}' >turns
  local own given
  own=$(chat -m ./chat.gguf <turns | jq -c '[.text, .tokens_in]')
  assert_equal "$own" "$(chat -m "$MODEL" --chat-template turns.jinja <turns | jq -c '[.text, .tokens_in]')"
  echo '{{ messages[0].content }} (noun):' >other.jinja
  given=$(chat -m ./chat.gguf --chat-template other.jinja <turns | jq -c '[.text, .tokens_in]')
  refute [ "$own" = "$given" ]
}

@test "chat: turns are one conversation, and a reply is that to the whole of it" {
  template
  run --separate-stderr chat -m "$MODEL" --chat-template turns.jinja <<'LINES'
{"text":"one"}
{"text":"two"}
{"text":"three"}
LINES
  assert_success
  local first second third
  { read -r first; read -r second; read -r third; } < <(json .text | sed 's/^ *//')
  # The same conversation, each reply from the beginning: nothing was known then.
  printf '%s\n' "$first" "$second" |
    jq -Rsc 'rtrimstr("\n") | split("\n") as [$a, $b] | {messages: [{role: "user", content: "one"},
      {role: "assistant", content: $a}, {role: "user", content: "two"},
      {role: "assistant", content: $b}, {role: "user", content: "three"}]}' >whole
  assert_equal "$(chat -m "$MODEL" --chat-template turns.jinja <whole | jq -r .text | sed 's/^ *//')" "$third"
  assert_equal "$(json .tokens_in | sort -n | uniq | wc -l)" 3
}

@test "chat: --system comes first, messages replace the conversation" {
  template
  local with without
  with=$(chat -m "$MODEL" --chat-template turns.jinja --system 'Be brief.' <<<'{"text":"hi"}' | jq .tokens_in)
  without=$(chat -m "$MODEL" --chat-template turns.jinja <<<'{"text":"hi"}' | jq .tokens_in)
  assert [ "$with" -gt "$without" ]
  printf '%s\n' '{"text":"some other turn"}' '{"messages":[{"role":"user","content":"hi"}]}' |
    chat -m "$MODEL" --chat-template turns.jinja --system 'Be brief.' >lines
  assert_equal "$(jq -s '.[1].tokens_in' lines)" "$without"
}

@test "chat: a bad line is answered in its place and leaves the conversation as it was" {
  template
  echo '{% if messages | length > 1 and messages[-2].role == "user" %}{{ raise_exception("two turns of the user") }}{% endif %}' |
    cat - turns.jinja >strict.jinja
  run --separate-stderr chat -m "$MODEL" --chat-template strict.jinja <<'LINES'
{"id":1,"text":"one"}
{"id":2}
{"id":3,"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}
{"id":4,"messages":[]}
{"id":5,"text":"two"}
LINES
  assert_failure 65
  assert_equal "$(json '[.type, .id] | tojson' | paste -sd' ')" \
    '["inference",1] ["error",2] ["error",3] ["error",4] ["inference",5]'
  assert_regex "$(json 'select(.id == 3) | .message')" 'chat template: line 1, column .*two turns of the user'
  assert [ "$(json 'select(.id == 5) | .tokens_in')" -gt "$(json 'select(.id == 1) | .tokens_in')" ]
}

@test "chat: a malformed template names line and column, status 65" {
  printf 'x\n{%% if %%}' >bad.jinja
  run --separate-stderr chat -m "$MODEL" --chat-template bad.jinja <<<'{"text":"hi"}'
  assert_failure 65
  assert_regex "$stderr" 'chat template: line 2, column 7: expected an expression'
  run --separate-stderr chat -m "$MODEL" --chat-template absent.jinja <<<'{"text":"hi"}'
  assert_failure 66
}

@test "chat: the context grows by itself, and one that is given holds" {
  template
  local long
  long=$(printf 'word %.0s' {1..1500})
  printf '{"text":"short"}\n{"text":"%s"}\n' "$long" |
    chat -m "$MODEL" --chat-template turns.jinja >lines
  assert [ "$(jq -s '.[1].tokens_in' lines)" -gt 1024 ]
  run --separate-stderr chat -m "$MODEL" --chat-template turns.jinja --context-length 64 <<<"{\"text\":\"$long\"}"
  assert_failure 65
  assert_regex "$(json .message)" 'the context holds 64'
}

@test "chat: --stream is a line a token; a stop text ends the reply before it" {
  template
  chat -m "$MODEL" --chat-template turns.jinja --stream <<<'{"text":"hello"}' >lines
  assert_equal "$(jq -rj 'select(.type == "token") | .text' lines)" \
    "$(jq -rj 'select(.type == "inference") | .text' lines)"
  local stop
  stop=$(jq -r 'select(.type == "token" and .index == 3) | .text' lines)
  run --separate-stderr chat -m "$MODEL" --chat-template turns.jinja --stop "$stop" <<<'{"text":"hello"}'
  assert_equal "$(json .finish_reason)" stop
  refute_output --partial "\"text\":\"$stop"
  assert [ "$(json .tokens_out)" -le 4 ]
}

@test "chat: a store meters each reply and keeps its receipt" {
  template
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  hart-ingest init "$HART_STORE" >/dev/null
  run --separate-stderr chat -m "$MODEL" --chat-template turns.jinja <<<'{"text":"hello"}'
  assert_success
  refute [ "$(json .receipt)" = null ]
  assert_equal "$(hart-prov why "$(json .inference)" | jq -r .asked)" \
    $'<|bos|>user: hello\nassistant:'
}
