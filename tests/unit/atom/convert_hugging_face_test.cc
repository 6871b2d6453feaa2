#include "atom/convert_model.h"

#include <doctest/doctest.h>

#include <cmath>

#include "convert_fixture.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;
using formats::WeightFormat;
using tensor::DType;

/// A llama of two layers with grouped heads as Hugging Face stores it.
struct HuggingFaceLlama {
  static constexpr std::uint64_t kDim = 32, kHeads = 4, kHeadsKv = 2, kHeadDim = 8, kFfn = 64,
                                 kVocab = 16;

  explicit HuggingFaceLlama(const fs::path& root, std::string_view more_config = "",
                            const std::string& model_type = "llama") {
    unsigned seed = 0;
    const auto matrix = [&](const std::string& name, std::uint64_t columns,
                            std::uint64_t rows) {
      tensors.push_back(
          {name, DType::bf16, {columns, rows}, random_values(columns * rows, ++seed)});
    };
    const auto vector = [&](const std::string& name) {
      tensors.push_back({name, DType::bf16, {kDim}, random_values(kDim, ++seed)});
    };
    matrix("model.embed_tokens.weight", kDim, kVocab);
    for (const std::string layer : {"0", "1"}) {
      const std::string prefix = "model.layers." + layer + ".";
      vector(prefix + "input_layernorm.weight");
      matrix(prefix + "self_attn.q_proj.weight", kDim, kHeads * kHeadDim);
      matrix(prefix + "self_attn.k_proj.weight", kDim, kHeadsKv * kHeadDim);
      matrix(prefix + "self_attn.v_proj.weight", kDim, kHeadsKv * kHeadDim);
      matrix(prefix + "self_attn.o_proj.weight", kDim, kDim);
      vector(prefix + "post_attention_layernorm.weight");
      matrix(prefix + "mlp.gate_proj.weight", kDim, kFfn);
      matrix(prefix + "mlp.up_proj.weight", kDim, kFfn);
      matrix(prefix + "mlp.down_proj.weight", kFfn, kDim);
    }
    vector("model.norm.weight");
    matrix("lm_head.weight", kDim, kVocab);
    const std::string config =
        R"({"num_hidden_layers": 2, "max_position_embeddings": 128, "hidden_size": 32,)"
        R"( "intermediate_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2,)"
        R"( "rms_norm_eps": 1e-5, "vocab_size": 16, "model_type": ")" +
        model_type + '"' + std::string{more_config} + "}";
    write_file(root / "config.json", as_bytes(config));
    write_file(root / "tokenizer.json", as_bytes("{}"));
    write_file(root / "model.safetensors", typed_safetensors(tensors, {{"format", "pt"}}));
  }

  [[nodiscard]] std::vector<float> values(const std::string& name) const {
    for (const TypedTensor& tensor : tensors) {
      if (tensor.name != name) continue;
      std::vector<float> values(tensor.values.size());
      tensor::dequantize_row(tensor.dtype, tensor.bytes(), values);
      return values;
    }
    return {};
  }

  std::vector<TypedTensor> tensors;
};

/// A parsed GGUF file.
struct Parsed {
  explicit Parsed(ByteBuffer bytes)
      : file{std::move(bytes)}, header{formats::parse_gguf(file, file.size())} {}

  [[nodiscard]] std::vector<float> values(const std::string& name) const {
    const formats::GgufTensor* tensor = header.find_tensor(name);
    REQUIRE(tensor != nullptr);
    const tensor::DTypeInfo& info = tensor::dtype_info(tensor->dtype);
    std::vector<float> values(tensor->bytes / info.block_bytes * info.block_elements);
    tensor::dequantize_row(
        tensor->dtype,
        ByteView{file}.subspan(header.data_offset + tensor->offset, tensor->bytes), values);
    return values;
  }

  ByteBuffer file;
  formats::GgufHeader header;
};

std::vector<double> multiply(const std::vector<float>& matrix, const std::vector<float>& x) {
  std::vector<double> y(matrix.size() / x.size());
  for (std::size_t i = 0; i < matrix.size(); ++i)
    y[i / x.size()] += double{matrix[i]} * x[i % x.size()];
  return y;
}

/// Turns the pairs of a head by the angles of a position: its halves, as Hugging Face does, or
/// its neighbours, as GGUF's llama does.
std::vector<double> rotate(std::vector<double> head, double position, bool by_halves) {
  const std::size_t half = head.size() / 2;
  for (std::size_t i = 0; i < half; ++i) {
    double& a = head[by_halves ? i : 2 * i];
    double& b = head[by_halves ? i + half : 2 * i + 1];
    const double angle = position * std::pow(10'000.0, -static_cast<double>(i) / half);
    const double turned = a * std::cos(angle) - b * std::sin(angle);
    b = a * std::sin(angle) + b * std::cos(angle);
    a = turned;
  }
  return head;
}

/// The attention score of a head of `q` at position 5 on one of `k` at 2.
double score(const std::vector<float>& q, const std::vector<float>& k, std::size_t head,
             std::size_t head_kv, bool by_halves) {
  constexpr std::size_t kHeadDim = HuggingFaceLlama::kHeadDim;
  const auto project = [&](const std::vector<float>& matrix, unsigned seed, std::size_t index,
                           double position) {
    const std::vector<double> all =
        multiply(matrix, random_values(HuggingFaceLlama::kDim, seed));
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(index * kHeadDim);
    return rotate({begin, begin + kHeadDim}, position, by_halves);
  };
  const std::vector<double> turned_q = project(q, 1000, head, 5);
  const std::vector<double> turned_k = project(k, 1001, head_kv, 2);
  double sum = 0;
  for (std::size_t i = 0; i < kHeadDim; ++i) sum += turned_q[i] * turned_k[i];
  return sum;
}

TEST_CASE("convert: a Hugging Face llama gets GGUF's names, types and metadata") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const fs::path root = beside(scratch, "llama");
  const HuggingFaceLlama llama{root};
  add_folder(store, root, "llama");
  const Parsed gguf{converted(store, "llama", kToGguf)};
  CHECK(gguf.header.tensors.size() == llama.tensors.size());
  CHECK(gguf.header.get_string("general.architecture", "") == "llama");
  CHECK(gguf.header.get_string("general.name", "") == "llama");
  CHECK(gguf.header.get_uint("general.file_type", 0) == 32);
  CHECK(gguf.header.get_uint("llama.block_count", 0) == 2);
  CHECK(gguf.header.find("format") == nullptr);
  CHECK(gguf.header.find_tensor("blk.1.attn_norm.weight")->dtype == DType::f32);
  CHECK(gguf.header.find_tensor("blk.1.ffn_up.weight")->dtype == DType::bf16);
  const std::pair<const char*, const char*> same[] = {
      {"token_embd.weight", "model.embed_tokens.weight"},
      {"output.weight", "lm_head.weight"},
      {"output_norm.weight", "model.norm.weight"},
      {"blk.0.attn_v.weight", "model.layers.0.self_attn.v_proj.weight"},
      {"blk.1.attn_output.weight", "model.layers.1.self_attn.o_proj.weight"},
      {"blk.1.ffn_norm.weight", "model.layers.1.post_attention_layernorm.weight"},
      {"blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight"}};
  for (const auto& [name, source] : same) {
    CAPTURE(name);
    CHECK(gguf.values(name) == llama.values(source));
  }
  const auto notices = plan_conversion(store, catalog_model(store, "llama"), kToGguf).notices;
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].find("tokenizer") != std::string::npos);
}

TEST_CASE("convert: query and key rows give the same attention under GGUF's rotation") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const fs::path root = beside(scratch, "llama");
  const HuggingFaceLlama llama{root};
  add_folder(store, root, "llama");
  const Parsed gguf{converted(store, "llama", kToGguf)};
  const auto source_q = llama.values("model.layers.1.self_attn.q_proj.weight");
  const auto source_k = llama.values("model.layers.1.self_attn.k_proj.weight");
  const auto q = gguf.values("blk.1.attn_q.weight");
  const auto k = gguf.values("blk.1.attn_k.weight");
  for (std::size_t head = 0; head < HuggingFaceLlama::kHeads; ++head) {
    CAPTURE(head);
    const double expected = score(source_q, source_k, head, head / 2, true);
    CHECK(score(q, k, head, head / 2, false) == doctest::Approx(expected).epsilon(1e-9));
    CHECK(score(source_q, source_k, head, head / 2, false) !=
          doctest::Approx(expected).epsilon(1e-3));
  }
}

TEST_CASE("convert: quantised weights of a Hugging Face model are permuted before") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const fs::path root = beside(scratch, "llama");
  const HuggingFaceLlama llama{root};
  add_folder(store, root, "llama");
  const Parsed plain{converted(store, "llama", kToGguf)};
  const Parsed small{
      converted(store, "llama", {WeightFormat::gguf, DType::q8_0, DType::f32, {}})};
  CHECK(small.header.get_uint("general.file_type", 0) == 7);
  CHECK(small.header.get_uint("general.quantization_version", 0) == 2);
  const formats::GgufTensor* q = small.header.find_tensor("blk.0.attn_q.weight");
  REQUIRE(q != nullptr);
  CHECK(q->dtype == DType::q8_0);
  ByteBuffer expected(q->bytes);
  tensor::quantize_row(DType::q8_0, plain.values("blk.0.attn_q.weight"), expected);
  const ByteView found =
      ByteView{small.file}.subspan(small.header.data_offset + q->offset, q->bytes);
  CHECK(std::equal(found.begin(), found.end(), expected.begin(), expected.end()));
  CHECK(small.header.find_tensor("output_norm.weight")->dtype == DType::f32);
}

TEST_CASE("convert: the norms of a Gemma are one more, its rows stay where they are") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const fs::path root = beside(scratch, "gemma");
  const HuggingFaceLlama gemma{root, R"(, "head_dim": 8)", "gemma"};
  add_folder(store, root, "gemma");
  const Parsed gguf{converted(store, "gemma", kToGguf)};
  CHECK(gguf.header.get_string("general.architecture", "") == "gemma");
  std::vector<float> expected = gemma.values("model.layers.1.input_layernorm.weight");
  for (float& value : expected) value += 1;
  CHECK(gguf.values("blk.1.attn_norm.weight") == expected);
  CHECK(gguf.header.find_tensor("blk.1.attn_norm.weight")->dtype == DType::f32);
  CHECK(gguf.values("blk.1.attn_q.weight") ==
        gemma.values("model.layers.1.self_attn.q_proj.weight"));
}

TEST_CASE("convert: llama3's stretched rotation becomes a tensor of divisors") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const fs::path root = beside(scratch, "llama");
  const HuggingFaceLlama llama{
      root,
      R"(, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,)"
      R"( "high_freq_factor": 4.0, "original_max_position_embeddings": 64})"};
  add_folder(store, root, "llama");
  const Parsed gguf{converted(store, "llama", kToGguf)};
  CHECK(gguf.header.tensors.size() == llama.tensors.size() + 1);
  const std::vector<float> divisors = gguf.values("rope_freqs.weight");
  REQUIRE(divisors.size() == HuggingFaceLlama::kHeadDim / 2);
  // Ten turns within 64 positions stay, a hundredth of a turn is stretched in full.
  CHECK(divisors.front() == 1);
  CHECK(divisors.back() == 8);
}

TEST_CASE("convert: heads that do not fit, and types that GGUF has not, are refused") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const fs::path root = beside(scratch, "llama");
  const HuggingFaceLlama llama{root, R"(, "head_dim": 8)"};
  // Three rows are no four heads; a configuration without any is of no use.
  write_file(root / "model.safetensors",
             typed_safetensors({{"model.layers.0.self_attn.q_proj.weight",
                                 DType::bf16,
                                 {32, 3},
                                 random_values(96, 1)}}));
  add_folder(store, root, "three rows");
  CHECK(fault_of([&] { static_cast<void>(converted(store, "three rows", kToGguf)); }) ==
        Fault::data);
  write_file(root / "config.json", as_bytes(R"({"model_type": "llama"})"));
  add_folder(store, root, "no heads");
  CHECK(fault_of([&] { static_cast<void>(converted(store, "no heads", kToGguf)); }) ==
        Fault::data);
  ByteBuffer file = formats::write_safetensors_header(
      std::vector<formats::SafetensorsTensor>{{"flags", DType::u8, {4}, 0, 0}});
  append(file, ByteBuffer{1, 2, 3, 4});
  add(store, "bytes", file);
  CHECK(fault_of([&] { static_cast<void>(converted(store, "bytes", kToGguf)); }) ==
        Fault::data);
}

TEST_CASE("convert: an unknown architecture keeps its names; 8-bit floats are F16") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  ByteBuffer file = formats::write_safetensors_header(
      std::vector<formats::SafetensorsTensor>{{"a.weight", DType::f8_e4m3, {4}, 0, 0}},
      std::vector<std::pair<std::string, std::string>>{{"format", "pt"}});
  append(file, ByteBuffer{0x00, 0x01, 0x38, 0x7E});
  add(store, "m", file);
  const ModelConversion plan = plan_conversion(store, catalog_model(store, "m"), kToGguf);
  REQUIRE(plan.notices.size() == 1);
  CHECK(plan.notices[0].find("keep their names") != std::string::npos);
  const Parsed gguf{converted(store, "m", kToGguf)};
  CHECK(gguf.header.get_string("general.architecture", "") == "unknown");
  CHECK(gguf.header.get_string("format", "") == "pt");
  CHECK(gguf.header.find_tensor("a.weight")->dtype == DType::f16);
  CHECK(gguf.values("a.weight") == std::vector<float>{0, 0x1p-9F, 1, 448});
}

TEST_CASE("convert: a Hugging Face folder in other shards keeps its other files") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  const fs::path root = beside(scratch, "llama");
  const HuggingFaceLlama llama{root};
  add_folder(store, root, "llama");
  ConversionOptions options = kToSafetensors;
  options.max_shard_bytes = 8000;
  const CatalogModel source = catalog_model(store, "llama");
  const fs::path out = beside(scratch, "out");
  write_conversion(store, plan_conversion(store, source, options), out.string(), 1,
                   [](std::uint64_t) {});
  CHECK(read_file(out / "config.json") == read_file(root / "config.json"));
  CHECK_FALSE(fs::exists(out / "model.safetensors"));
  add_folder(store, out, "again");
  CHECK(converted(store, "again", kToGguf).size() > 1000);
  std::map<std::string, std::int64_t> before, after;
  for (const CatalogTensor& tensor : source.tensors) before[tensor.name] = tensor.atom_id;
  const CatalogModel again = catalog_model(store, "again");
  for (const CatalogTensor& tensor : again.tensors) after[tensor.name] = tensor.atom_id;
  CHECK(after == before);
}

}  // namespace
}  // namespace hart::atom
