# hart-ingest export: models in another format, tensors alone, and what cannot be.

bats_require_minimum_version 1.5.0
load helper

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export HART_STORE=$BATS_TEST_TMPDIR/s.hart
  model=$HART_SOURCE/share/models/wordnet-llama.gguf
  hart-ingest init "$HART_STORE" >/dev/null
  hart-ingest add --name llama "$model" >/dev/null
}

# structure NAME: the id of the stored model's structure.
structure() { hart-ingest show "$1" | jq -r 'select(.type == "object") | .structure'; }

# round_trip FILE: to SafeTensors and back makes the same model of it.
round_trip() {
  hart-ingest add --name there "$1" >/dev/null
  hart-ingest export there --as safetensors -o there.safetensors >/dev/null
  hart-ingest add --name between there.safetensors >/dev/null
  hart-ingest export between --as gguf -o back.gguf >/dev/null
  hart-ingest add --name back back.gguf >/dev/null
  assert_equal "$(structure back)" "$(structure there)"
}

@test "export --as: a model goes to SafeTensors and comes back byte for byte" {
  run --separate-stderr hart-ingest export llama --as safetensors -o a.safetensors
  assert_success
  assert_equal "$(json '[.type, .format, .tensors, .changed_tensors, .verified] | tojson')" \
    '["exported","safetensors",38,0,true]'
  assert_equal "$(json .bytes)" "$(stat -c %s a.safetensors)"
  hart-ingest add --name b a.safetensors >/dev/null
  hart-ingest export b --as gguf -o b.gguf >/dev/null
  cmp b.gguf "$model"
  # Their tensors are the same atoms.
  run --separate-stderr hart-ingest diff llama b
  assert_equal "$(json 'select(.type == "summary") | [.shared + .moved, .only_a, .only_b] | tojson')" \
    '[38,0,0]'
}

@test "export --as: every model of plain types in the shared data survives there and back" {
  need_shared gguf-wellformed
  local file
  for file in "$HART_SHARED_DATA"/{stories260K,vocab/*,gguf-wellformed/[HK]*}.gguf; do
    round_trip "$file"
  done
}

@test "export --as: block types become F32 in SafeTensors, and what was asked for" {
  hart-ingest extract llama -o small --quantize q4_k >/dev/null
  hart-ingest export small --as safetensors -o a.safetensors >/dev/null
  hart-ingest add --name a a.safetensors >/dev/null
  hart-ingest export small --tensor blk.0.attn_q.weight --npy -o want.npy >/dev/null
  hart-ingest export a --tensor blk.0.attn_q.weight --npy -o found.npy >/dev/null
  cmp want.npy found.npy
  run --separate-stderr hart-ingest export small --as safetensors --dtype bf16 -o b.safetensors
  assert_success
  assert [ "$(json .bytes)" -lt "$(stat -c %s a.safetensors)" ]
}

@test "export --as gguf --quantize: the result runs" {
  run --separate-stderr hart-ingest export llama --as gguf --quantize q8_0 -o small.gguf
  assert_success
  assert [ "$(json .changed_tensors)" -gt 20 ]
  assert [ "$(json .bytes)" -lt "$(stat -c %s "$model")" ]
  # As extract makes it, but for what extract says of its origin.
  hart-ingest add --name small small.gguf >/dev/null
  hart-ingest extract llama -o student --quantize q8_0 >/dev/null
  run --separate-stderr hart-ingest diff small student
  assert_equal "$(json 'select(.type == "summary") | [.shared, .near, .different] | tojson')" '[38,0,0]'
  run --separate-stderr hart-infer generate --json -m small.gguf -n 4 --temperature 0 "dog (noun):"
  assert_success
}

@test "export --max-shard-bytes: a folder of shards is one model and can be put together" {
  run --separate-stderr hart-ingest export llama --as safetensors --max-shard-bytes 2MB -o shards
  assert_success
  assert_equal "$(json .shards)" "$(find shards -name 'model-*.safetensors' | wc -l)"
  assert [ "$(json .shards)" -gt 2 ]
  assert_equal "$(jq '.weight_map | length' shards/model.safetensors.index.json)" 38
  hart-ingest add --name shards shards >/dev/null
  hart-ingest export shards --as gguf -o back.gguf >/dev/null
  cmp back.gguf "$model"
  # The folder itself comes back file by file.
  hart-ingest export shards -o again >/dev/null
  diff -r shards again
  run --separate-stderr hart-ingest export llama --as safetensors --max-shard-bytes 2MB -o shards
  assert_failure 73
}

@test "export --as: - streams what the file would be" {
  hart-ingest export llama --as safetensors -o a.safetensors >/dev/null
  hart-ingest export llama --as safetensors -o - | cmp - a.safetensors
}

@test "export --as gguf: a Hugging Face folder of no known architecture keeps its names" {
  mkdir hf
  printf '{"model_type": "nonesuch"}' >hf/config.json
  hart-ingest export llama --as safetensors -o hf/weights >/dev/null
  # Other metadata: nothing tells that it came from GGUF.
  python3 - hf/weights hf/model.safetensors <<'EOF'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
size, = struct.unpack("<Q", data[:8])
header = json.loads(data[8:8 + size])
header["__metadata__"] = {"format": "pt"}
text = json.dumps(header).encode()
open(sys.argv[2], "wb").write(struct.pack("<Q", len(text)) + text + data[8 + size:])
EOF
  rm hf/weights
  hart-ingest add --name hf hf >/dev/null
  run --separate-stderr hart-ingest export hf --as gguf -o hf.gguf
  assert_success
  [[ $stderr == *"keep their names"*nonesuch* ]]
  assert_equal "$(json '[.tensors, .changed_tensors] | tojson')" '[38,0]'
}

@test "export --tensor: the bytes are the file's own, and NumPy's after a header" {
  hart-ingest export llama --tensor output_norm.weight -o raw >/dev/null
  run --separate-stderr hart-ingest export llama --tensor output_norm.weight --npy -o a.npy
  assert_success
  assert_equal "$(json '[.format, .tensor, .dtype, .shape, .bytes] | tojson')" \
    '["npy","output_norm.weight","f32",[256],1152]'
  tail -c 1024 a.npy | cmp - raw
  hart-ingest export llama --tensor output_norm.weight --npy -o - | cmp - a.npy
  hart-ingest export llama --tensor blk.0.ffn_up.weight --npy -o b.npy >/dev/null
  run python3 - b.npy <<'EOF'
import ast, struct, sys
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x93NUMPY\x01\x00"
size, = struct.unpack("<H", data[8:10])
assert (10 + size) % 64 == 0
header = ast.literal_eval(data[10:10 + size].decode("latin1"))
print(header["descr"], header["fortran_order"], header["shape"][1], len(data) - 10 - size)
EOF
  assert_success
  assert_output "<f2 False 256 $(hart-ingest export llama --tensor blk.0.ffn_up.weight -o - | wc -c)"
}

@test "export --npy: NumPy reads what is meant" {
  python3 -c 'import numpy' 2>/dev/null || skip "no NumPy"
  hart-ingest export llama --tensor blk.0.attn_k.weight --npy -o k.npy >/dev/null
  hart-ingest export llama --tensor blk.0.attn_k.weight -o raw >/dev/null
  python3 - <<'EOF'
import numpy
array = numpy.load("k.npy")
assert (array == numpy.fromfile("raw", "<f2").reshape(array.shape)).all()
assert array.shape[1] == 256
EOF
}

@test "export: what does not go together is a usage error, what is not there is missing" {
  local options
  for options in "--npy" "--dtype f16" "--quantize q8_0" "--max-shard-bytes 5GB" \
    "--as gguf --dtype f16" "--as gguf --max-shard-bytes 5GB" "--as safetensors --quantize q8_0" \
    "--as gguf --tensor a" "--as onnx" "--as gguf --quantize q8_k" \
    "--as safetensors --max-shard-bytes 0" "--as safetensors --max-shard-bytes 5X" \
    "--as safetensors --max-shard-bytes 99999999999T"; do
    # shellcheck disable=SC2086 # several options
    run --separate-stderr hart-ingest export llama $options -o out
    assert_failure 2
    assert [ ! -e out ]
  done
  run --separate-stderr hart-ingest export llama --tensor nonesuch -o out
  assert_failure 66
  printf 'a text\n' | hart-ingest add --name text - >/dev/null
  run --separate-stderr hart-ingest export text --as gguf -o out
  assert_failure 65
  hart-ingest export llama --as safetensors --max-shard-bytes 2MB -o shards >/dev/null
  hart-ingest add --name shards shards >/dev/null
  run --separate-stderr hart-ingest export shards -o -
  assert_failure 2
  run --separate-stderr hart-ingest export llama --as safetensors --max-shard-bytes 2MB -o -
  assert_failure 2
}

@test "export --as-of: the model of then is converted" {
  hart-ingest snapshot create before >/dev/null
  hart-ingest extract llama -o other --layers 0 >/dev/null
  hart-ingest export other -o other.gguf >/dev/null
  hart-ingest add --name llama other.gguf >/dev/null
  hart-ingest export llama --as-of before --as gguf -o then.gguf >/dev/null
  cmp then.gguf "$model"
}
