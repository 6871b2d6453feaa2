#include "atom/student.h"

#include <doctest/doctest.h>

#include "atom/scratch_file.h"
#include "atom/student_dtype.h"
#include "model_fixture.h"

namespace hart::atom {
namespace {

using tensor::DType;
using Numbers = std::vector<std::uint64_t>;

constexpr std::uint64_t kWide = 256, kNarrow = 96;

/// Four layers of a matrix with long rows, one with short ones, and a norm.
std::vector<TypedTensor> source_tensors() {
  std::vector<TypedTensor> tensors;
  tensors.push_back(
      {"token_embd.weight", DType::f16, {kWide, 8}, random_values(kWide * 8, 100)});
  for (unsigned layer = 0; layer < 4; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    tensors.push_back(
        {prefix + "attn_norm.weight", DType::f32, {kWide}, random_values(kWide, 200 + layer)});
    tensors.push_back({prefix + "attn_q.weight",
                       DType::f16,
                       {kWide, 3},
                       random_values(kWide * 3, 300 + layer)});
    tensors.push_back({prefix + "ffn_down.weight",
                       DType::f16,
                       {kNarrow, 4},
                       random_values(kNarrow * 4, 400 + layer)});
  }
  tensors.push_back({"output_norm.weight", DType::f32, {kWide}, random_values(kWide, 500)});
  return tensors;
}

formats::GgufWriter source_metadata() {
  formats::GgufWriter writer;
  writer.add_string("general.architecture", "llama");
  writer.add_string("general.name", "teacher");
  writer.add_u32("general.file_type", 1);
  writer.add_u32("llama.block_count", 4);
  writer.add_u32("llama.leading_dense_block_count", 2);
  writer.add_i32s("llama.attention.head_count_kv", std::vector<std::int32_t>{10, 11, 12, 13});
  writer.add_i32s("llama.rope.dimension_sections", std::vector<std::int32_t>{1, 2, 3, 4});
  writer.add_i32s("llama.other", std::vector<std::int32_t>{1, 2, 3});
  writer.add_i32s("tokenizer.four", std::vector<std::int32_t>{1, 2, 3, 4});
  return writer;
}

ByteBuffer student_file(store::Store& store, const CatalogModel& source,
                        const StudentSpec& spec, unsigned threads = 1) {
  const StudentPlan plan = plan_student(source, spec);
  ByteBuffer file;
  std::uint64_t read = 0;
  write_student(
      store, plan, threads, [&](ByteView bytes) { append(file, bytes); },
      [&](std::uint64_t bytes) { read += bytes; });
  std::uint64_t expected = 0;
  for (const StudentTensor& tensor : plan.tensors) expected += tensor.source->bytes;
  CHECK(read == expected);
  return file;
}

CatalogModel add_source(store::Store& store) {
  add(store, "teacher", typed_gguf(source_tensors(), source_metadata()));
  return catalog_model(store, "teacher");
}

TEST_CASE("student: kept layers are numbered anew and are the source's own atoms") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const CatalogModel source = add_source(store);
  const ByteBuffer file = student_file(store, source, {"pupil", Numbers{1, 3}, {}});
  const Atomized added = add(store, "pupil", file);
  const CatalogModel pupil = catalog_model(store, "pupil");
  CHECK(pupil.tensors.size() == 2 + 2 * 3);
  for (const char* role : {"attn_norm.weight", "attn_q.weight", "ffn_down.weight"}) {
    const std::string name = role;
    CHECK(tensor_named(pupil, "blk.0." + name).atom_id ==
          tensor_named(source, "blk.1." + name).atom_id);
    CHECK(tensor_named(pupil, "blk.1." + name).atom_id ==
          tensor_named(source, "blk.3." + name).atom_id);
  }
  CHECK(tensor_named(pupil, "token_embd.weight").atom_id ==
        tensor_named(source, "token_embd.weight").atom_id);
  // All but the header was there already.
  CHECK(added.totals.new_bytes == pupil.header.size());
}

TEST_CASE("student: what the metadata say by layer follows, everything else stays") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const CatalogModel source = add_source(store);
  const ByteBuffer file = student_file(store, source, {"pupil", Numbers{0, 2, 3}, {}});
  const formats::GgufHeader header = formats::parse_gguf(file, file.size());
  CHECK(header.get_uint("llama.block_count", 0) == 3);
  CHECK(header.get_uint("llama.leading_dense_block_count", 9) == 1);
  CHECK(header.get_array("llama.attention.head_count_kv")->integers ==
        std::vector<std::int64_t>{10, 12, 13});
  CHECK(header.get_array("llama.rope.dimension_sections")->integers.size() == 4);
  CHECK(header.get_array("llama.other")->integers.size() == 3);
  CHECK(header.get_array("tokenizer.four")->integers.size() == 4);
  CHECK(header.get_string("general.name", "") == "pupil");
  CHECK(header.get_string("general.base_model.0.name", "") == "teacher");
  CHECK(header.get_string("hart.source", "") == source.object.atom.text());
  CHECK(header.get_array("hart.source_layers")->integers == std::vector<std::int64_t>{0, 2, 3});
  CHECK(header.get_uint("general.file_type", 9) == 1);
}

TEST_CASE("student: a student of a student names its own source") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  add(store, "pupil", student_file(store, add_source(store), {"pupil", Numbers{1, 3}, {}}));
  const ByteBuffer file =
      student_file(store, catalog_model(store, "pupil"), {"novice", Numbers{1}, {}});
  const formats::GgufHeader header = formats::parse_gguf(file, file.size());
  CHECK(header.get_string("general.base_model.0.name", "") == "pupil");
  CHECK(header.get_array("hart.source_layers")->integers == std::vector<std::int64_t>{1});
  CHECK(header.get_array("llama.attention.head_count_kv")->integers ==
        std::vector<std::int64_t>{13});
}

TEST_CASE("student: quantised matrices hold what quantize_row makes of them, by any threads") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  // Longer than several runs.
  constexpr std::uint64_t kRows = 9000;
  const TypedTensor large{
      "blk.0.ffn_up.weight", DType::f32, {kWide, kRows}, random_values(kWide * kRows, 7)};
  add(store, "large", typed_gguf({large}, source_metadata()));
  const CatalogModel source = catalog_model(store, "large");
  const StudentSpec spec{"pupil", std::nullopt, DType::q8_0};
  const ByteBuffer file = student_file(store, source, spec, 3);
  CHECK(file == student_file(store, source, spec, 1));
  add(store, "pupil", file);
  ByteBuffer expected(tensor::tensor_bytes(DType::q8_0, large.shape));
  tensor::quantize_row(DType::q8_0, large.values, expected);
  const StoredModel pupil = open_model(store, "pupil");
  CHECK(pupil.tensors.at(0).dtype == static_cast<std::uint32_t>(DType::q8_0));
  const ByteView bytes = pupil.tensors.at(0).bytes.bytes();
  CHECK(ByteBuffer(bytes.begin(), bytes.end()) == expected);
}

TEST_CASE("student: norms stay, short rows fall back, tied logits keep six bits") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const ByteBuffer file =
      student_file(store, add_source(store), {"pupil", std::nullopt, DType::q4_k});
  const formats::GgufHeader header = formats::parse_gguf(file, file.size());
  CHECK(header.tensors.size() == 14);
  CHECK(header.find_tensor("blk.2.attn_norm.weight")->dtype == DType::f32);
  CHECK(header.find_tensor("blk.2.attn_q.weight")->dtype == DType::q4_k);
  CHECK(header.find_tensor("blk.2.ffn_down.weight")->dtype == DType::q5_0);
  CHECK(header.find_tensor("token_embd.weight")->dtype == DType::q6_k);
  CHECK(header.get_uint("general.file_type", 0) == 14);
  CHECK(header.get_uint("general.quantization_version", 0) == 2);
  CHECK(header.find("hart.source_layers") == nullptr);
}

TEST_CASE("student: the type of a tensor follows from its name, its rows and the target") {
  const Numbers wide{512, 4}, short_rows{64, 4}, odd{65, 4}, vector{512};
  const auto dtype = [](const char* name, const Numbers& shape, DType target,
                        bool is_tied = false) {
    return student_dtype(name, DType::f32, shape, target, is_tied);
  };
  CHECK(dtype("blk.0.attn_q.weight", wide, DType::q4_k) == DType::q4_k);
  CHECK(dtype("blk.0.attn_q.weight", odd, DType::q4_k) == DType::f16);
  CHECK(dtype("blk.0.attn_q.weight", odd, DType::bf16) == DType::bf16);
  CHECK(dtype("blk.0.attn_q.weight", vector, DType::q4_k) == DType::f32);
  CHECK(dtype("blk.0.attn_q.bias", wide, DType::q4_k) == DType::f32);
  CHECK(dtype("blk.0.ffn_gate_inp.weight", wide, DType::q4_k) == DType::f32);
  CHECK(dtype("blk.0.attn_q_norm.weight", wide, DType::q4_k) == DType::f32);
  const std::pair<DType, DType> fallbacks[] = {
      {DType::q6_k, DType::q8_0},   {DType::q5_k, DType::q5_1},   {DType::q4_k, DType::q5_0},
      {DType::q3_k, DType::iq4_nl}, {DType::q2_k, DType::iq4_nl}, {DType::tq1_0, DType::q4_0}};
  for (const auto& [target, fallback] : fallbacks)
    CHECK(dtype("blk.0.attn_q.weight", short_rows, target) == fallback);
  CHECK(dtype("output.weight", wide, DType::q4_0) == DType::q6_k);
  CHECK(dtype("output.weight", short_rows, DType::q4_0) == DType::q8_0);
  CHECK(dtype("output.weight", wide, DType::q8_0) == DType::q8_0);
  CHECK(dtype("token_embd.weight", wide, DType::q4_0, true) == DType::q6_k);
  CHECK(dtype("token_embd.weight", wide, DType::q4_0, false) == DType::q4_0);
  CHECK(student_dtype("position_ids.weight", DType::i64, wide, DType::q4_0, false) ==
        DType::i64);
  // Whatever is asked of whatever row, the result has whole blocks and can be written.
  for (const tensor::DTypeInfo& info : tensor::dtypes()) {
    if (!is_student_dtype(info.dtype)) continue;
    CAPTURE(info.name);
    for (const std::uint64_t columns : {1u, 32u, 96u, 128u, 192u, 256u}) {
      const DType chosen = dtype("output.weight", {columns, 2}, info.dtype);
      CHECK(columns % tensor::dtype_info(chosen).block_elements == 0);
      CHECK(is_student_dtype(chosen));
    }
  }
}

TEST_CASE("student: of SafeTensors, layers are numbered anew in the largest stack alone") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  std::vector<TypedTensor> tensors;
  for (unsigned layer = 0; layer < 3; ++layer)
    tensors.push_back({"model.layers." + std::to_string(layer) + ".w.weight",
                       DType::f32,
                       {8, 2},
                       random_values(16, layer)});
  tensors.push_back({"vision.layers.0.w.weight", DType::f32, {4}, random_values(4, 9)});
  add(store, "st", typed_safetensors(tensors, {{"format", "pt"}}));
  const CatalogModel source = catalog_model(store, "st");
  CHECK(main_stack(source) == "model.layers");
  CHECK(layer_numbers(source) == Numbers{0, 1, 2});
  add(store, "pupil", student_file(store, source, {"pupil", Numbers{2}, {}}));
  const CatalogModel pupil = catalog_model(store, "pupil");
  CHECK(pupil.tensors.size() == 2);
  CHECK(tensor_named(pupil, "model.layers.0.w.weight").atom_id ==
        tensor_named(source, "model.layers.2.w.weight").atom_id);
  CHECK(tensor_named(pupil, "vision.layers.0.w.weight").atom_id ==
        tensor_named(source, "vision.layers.0.w.weight").atom_id);
  add(store, "half", student_file(store, source, {"half", std::nullopt, DType::bf16}));
  CHECK(tensor_named(catalog_model(store, "half"), "model.layers.0.w.weight").dtype ==
        DType::bf16);
  CHECK(fault_of([&] {
          static_cast<void>(plan_student(source, {"x", std::nullopt, DType::q4_0}));
        }) == Fault::data);
}

TEST_CASE("student: what cannot be is refused") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const CatalogModel source = add_source(store);
  const auto fault = [&](const CatalogModel& model, const StudentSpec& spec) {
    return fault_of([&] { static_cast<void>(plan_student(model, spec)); });
  };
  CHECK(fault(source, {"x", Numbers{}, {}}) == Fault::usage);
  CHECK(fault(source, {"x", std::nullopt, DType::q8_k}) == Fault::usage);
  CHECK(fault(source, {"x", std::nullopt, DType::iq1_s}) == Fault::usage);
  formats::GgufWriter few;
  few.add_string("general.architecture", "llama");
  few.add_u32("llama.block_count", 2);
  add(store, "few", typed_gguf(source_tensors(), few));
  CHECK(fault(catalog_model(store, "few"), {"x", Numbers{3}, {}}) == Fault::data);
  add(store, "none", typed_gguf(source_tensors()));
  CHECK(fault(catalog_model(store, "none"), {"x", Numbers{3}, {}}) == Fault::data);
}

TEST_CASE("layers: lists and ranges are read, and nothing else") {
  const Numbers available{0, 1, 2, 3, 5};
  CHECK(parse_layers("0", available) == Numbers{0});
  CHECK(parse_layers("5,0,1-3", available) == Numbers{0, 1, 2, 3, 5});
  CHECK(parse_layers("2-2", available) == Numbers{2});
  for (const char* text : {"", ",", "0,", "-1", "1-", "3-1", "1-1000000000000", "0 1", "a",
                           "1,1", "0-2,2", "4", "0x1", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK(fault_of([&] { static_cast<void>(parse_layers(text, available)); }) == Fault::usage);
  }
}

TEST_CASE("scratch file: what was written is mapped, and no name is left in the directory") {
  const test::ScratchStore scratch{kCatalogOnly};
  const std::filesystem::path directory = scratch.directory();
  const auto entries = [&] {
    return std::distance(std::filesystem::directory_iterator{directory}, {});
  };
  const auto before = entries();
  MappedFile mapped;
  {
    ScratchFile file{directory.string()};
    file.write(as_bytes("hello "));
    file.write(as_bytes("there"));
    CHECK(entries() == before);
    mapped = file.map();
  }
  CHECK(ByteBuffer(mapped.bytes().begin(), mapped.bytes().end()) ==
        ByteBuffer{'h', 'e', 'l', 'l', 'o', ' ', 't', 'h', 'e', 'r', 'e'});
  CHECK(fault_of([] { ScratchFile{"/nonexistent/directory"}; }) == Fault::cannot_create);
}

}  // namespace
}  // namespace hart::atom
