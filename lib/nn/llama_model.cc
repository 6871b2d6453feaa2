#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"
#include "nn/decoded_matrix.h"
#include "nn/llama.h"
#include "nn/llama_parameters.h"
#include "tensor/convert.h"
#include "tensor/dot.h"

namespace hart::nn {
namespace {

std::string shape_text(std::span<const std::uint64_t> shape) {
  std::string text = "(";
  for (const std::uint64_t size : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + ")";
}

/// Integers are counts and ids, never weights.
bool is_weight(tensor::DType dtype) noexcept {
  return tensor::is_convertible(dtype) && dtype != tensor::DType::i8 &&
         dtype != tensor::DType::i16 && dtype != tensor::DType::i32 &&
         dtype != tensor::DType::i64;
}

/// Fetches tensors and checks them against the shapes that the parameters imply.
class TensorReader {
 public:
  /// `decoded` takes the bytes of matrices that must be decoded to run.
  TensorReader(const ModelSource& source, std::vector<ByteBuffer>& decoded)
      : source_{source}, decoded_{decoded} {}

  /// The tensor, or nothing when the source has none of this name. Shapes innermost first.
  std::optional<tensor::TensorView> find(const std::string& name,
                                         std::vector<std::uint64_t> shape) const {
    std::optional<tensor::TensorView> view = source_.tensor(name);
    if (!view) return view;
    if (view->shape != shape)
      throw Error{Fault::data, "tensor '" + name + "': its shape is " +
                                   shape_text(view->shape) + ", the parameters need " +
                                   shape_text(shape)};
    check_payload(name, *view);
    return view;
  }

  tensor::TensorView require(const std::string& name, std::vector<std::uint64_t> shape) const {
    std::optional<tensor::TensorView> view = find(name, std::move(shape));
    if (!view) throw Error{Fault::data, "tensor '" + name + "': missing"};
    return *std::move(view);
  }

  void check_payload(const std::string& name, const tensor::TensorView& view) const {
    if (!is_weight(view.dtype))
      throw Error{Fault::data, "tensor '" + name + "': type " +
                                   std::string{tensor::dtype_info(view.dtype).name} +
                                   " is not supported"};
    if (view.bytes.size() != tensor::tensor_bytes(view.dtype, view.shape))
      throw Error{Fault::data, "tensor '" + name + "': " + std::to_string(view.bytes.size()) +
                                   " bytes do not fit its shape and type"};
  }

  std::vector<float> vector(const std::string& name, std::uint64_t size) const {
    return values(require(name, {size}));
  }
  std::vector<float> optional_vector(const std::string& name, std::uint64_t size) const {
    const std::optional<tensor::TensorView> view = find(name, {size});
    return view ? values(*view) : std::vector<float>{};
  }

  /// `<name>.weight` and, if there is one, `<name>.bias`.
  Linear linear(const std::string& name, std::uint64_t columns, std::uint64_t rows) const {
    return {runnable(require(name + ".weight", {columns, rows})),
            optional_vector(name + ".bias", rows)};
  }

  /// The matrix as it is, or decoded where no kernel computes with its type.
  tensor::TensorView runnable(tensor::TensorView view) const {
    if (tensor::has_dot(view.dtype)) return view;
    decoded_.emplace_back();
    decode_matrix(view, decoded_.back());
    return view;
  }

 private:
  static std::vector<float> values(const tensor::TensorView& view) {
    std::vector<float> out(view.columns());
    tensor::dequantize_row(view.dtype, view.bytes, out);
    return out;
  }

  const ModelSource& source_;
  std::vector<ByteBuffer>& decoded_;
};

LlamaBlock read_block(const TensorReader& read, const LlamaParameters& p, std::uint32_t layer) {
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  LlamaBlock block;
  block.attn_norm = read.vector(prefix + "attn_norm.weight", p.n_embd);
  block.attn_q = read.linear(prefix + "attn_q", p.n_embd, p.q_dim());
  block.attn_k = read.linear(prefix + "attn_k", p.n_embd, p.kv_dim());
  block.attn_v = read.linear(prefix + "attn_v", p.n_embd, p.kv_dim());
  block.attn_output = read.linear(prefix + "attn_output", p.q_dim(), p.n_embd);
  block.ffn_norm = read.vector(prefix + "ffn_norm.weight", p.n_embd);
  block.ffn_gate = read.linear(prefix + "ffn_gate", p.n_embd, p.n_ff);
  block.ffn_up = read.linear(prefix + "ffn_up", p.n_embd, p.n_ff);
  block.ffn_down = read.linear(prefix + "ffn_down", p.n_ff, p.n_embd);
  return block;
}

/// Source: J. Su et al., "RoFormer", 2021. `rope_freqs.weight` holds divisors of the
/// frequencies, as llama 3.1 scales long wavelengths.
std::vector<double> make_rope_frequencies(const TensorReader& read, const LlamaParameters& p) {
  const std::vector<float> divisors =
      read.optional_vector("rope_freqs.weight", p.rope_dims / 2);
  std::vector<double> frequencies(p.rope_dims / 2);
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    frequencies[i] = p.rope_scale * std::pow(p.rope_base, -2.0 * i / p.rope_dims);
    if (divisors.empty()) continue;
    if (!(divisors[i] > 0) || !std::isfinite(divisors[i]))
      throw Error{Fault::data, "tensor 'rope_freqs.weight': a divisor is not positive"};
    frequencies[i] /= divisors[i];
  }
  return frequencies;
}

}  // namespace

ModelSource gguf_source(const formats::GgufHeader& header, ByteView file) {
  const auto find = [&header,
                     file](std::string_view name) -> std::optional<tensor::TensorView> {
    const formats::GgufTensor* tensor = header.find_tensor(name);
    if (tensor == nullptr) return std::nullopt;
    return tensor::TensorView{tensor->dtype, tensor->shape,
                              file.subspan(header.data_offset + tensor->offset, tensor->bytes)};
  };
  return {header, find};
}

LlamaModel::LlamaModel(const ModelSource& source)
    : parameters_{read_llama_parameters(source.header)} {
  const TensorReader read{source, decoded_};
  LlamaParameters& p = parameters_;
  const auto embedding = source.tensor("token_embd.weight");
  if (!embedding) throw Error{Fault::data, "tensor 'token_embd.weight': missing"};
  const std::uint64_t n_vocab = embedding->shape.size() == 2 ? embedding->shape[1] : 0;
  if (n_vocab < 1 || n_vocab > std::numeric_limits<TokenId>::max())
    throw Error{Fault::data, "tensor 'token_embd.weight': its shape is " +
                                 shape_text(embedding->shape) + ", not (n_embd, n_vocab)"};
  p.n_vocab = static_cast<std::uint32_t>(n_vocab);
  token_embd_ = read.require("token_embd.weight", {p.n_embd, p.n_vocab});
  for (std::uint32_t layer = 0; layer < p.n_layers; ++layer)
    blocks_.push_back(read_block(read, p, layer));
  output_norm_ = read.vector("output_norm.weight", p.n_embd);
  const auto output = read.find("output.weight", {p.n_embd, p.n_vocab});
  is_tied_ = !output;
  output_ = {read.runnable(output ? *output : token_embd_), {}};
  rope_frequencies_ = make_rope_frequencies(read, p);
}

}  // namespace hart::nn
