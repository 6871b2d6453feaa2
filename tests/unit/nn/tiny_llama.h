#pragma once

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "header_builder.h"
#include "nn/transformer.h"
#include "tensor/convert.h"

namespace hart::nn {

/// A llama of random weights in memory, small enough to compute in float64 beside it.
class TinyLlama {
 public:
  struct Shape {
    std::uint32_t n_vocab = 40, n_embd = 64, n_layers = 3, n_heads = 4, n_kv_heads = 2,
                  n_ff = 96, context_length = 64, rope_dims = 16;
    tensor::DType dtype = tensor::DType::f32;  ///< of the matrices
    bool tied = false, biases = false, rope_divisors = false;
    double rope_factor = 0;
  };

  explicit TinyLlama(Shape shape) : shape_{shape} {
    builder_.text("general.architecture", "llama")
        .integer("llama.embedding_length", shape.n_embd)
        .integer("llama.block_count", shape.n_layers)
        .integer("llama.feed_forward_length", shape.n_ff)
        .integer("llama.context_length", shape.context_length)
        .integer("llama.attention.head_count", shape.n_heads)
        .integer("llama.attention.head_count_kv", shape.n_kv_heads)
        .integer("llama.rope.dimension_count", shape.rope_dims)
        .number("llama.attention.layer_norm_rms_epsilon", 1e-5);
    if (shape.rope_factor != 0) builder_.number("llama.rope.scaling.factor", shape.rope_factor);
    add_weights();
  }

  [[nodiscard]] ModelSource source() const {
    return {builder_.header(), [this](std::string_view name) { return find(name); }};
  }
  [[nodiscard]] TransformerModel model() const { return TransformerModel{source()}; }

  [[nodiscard]] HeaderBuilder& builder() noexcept { return builder_; }
  [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
  void erase(const std::string& name) { tensors_.erase(name); }
  [[nodiscard]] tensor::TensorView& view(const std::string& name) {
    return tensors_.at(name).view;
  }
  /// The weights as the model sees them; empty when there is no such tensor.
  [[nodiscard]] std::vector<double> values(const std::string& name) const {
    const auto found = tensors_.find(name);
    return found == tensors_.end() ? std::vector<double>{} : found->second.values;
  }

 private:
  struct Stored {
    std::vector<std::uint8_t> bytes;
    tensor::TensorView view;
    std::vector<double> values;
  };

  [[nodiscard]] std::optional<tensor::TensorView> find(std::string_view name) const {
    const auto found = tensors_.find(std::string{name});
    if (found == tensors_.end()) return std::nullopt;
    return found->second.view;
  }

  void add(const std::string& name, std::vector<std::uint64_t> shape, tensor::DType dtype,
           float mean, float deviation) {
    std::uint64_t count = 1;
    for (const std::uint64_t size : shape) count *= size;
    std::vector<float> values(count);
    std::normal_distribution<float> normal{mean, deviation};
    for (float& value : values) value = normal(random_);
    Stored& stored = tensors_[name];
    stored.bytes.resize(tensor::tensor_bytes(dtype, shape));
    tensor::quantize_row(dtype, values, stored.bytes);
    tensor::dequantize_row(dtype, stored.bytes, values);
    stored.values.assign(values.begin(), values.end());
    stored.view = {dtype, std::move(shape), stored.bytes};
  }

  void add_linear(const std::string& name, std::uint64_t columns, std::uint64_t rows) {
    const float deviation = 1.0f / std::sqrt(static_cast<float>(columns));
    add(name + ".weight", {columns, rows}, shape_.dtype, 0, deviation);
    if (shape_.biases) add(name + ".bias", {rows}, tensor::DType::f32, 0, 0.3f);
  }

  void add_weights() {
    const std::uint64_t d = shape_.n_embd, head_dim = d / shape_.n_heads;
    add("token_embd.weight", {d, shape_.n_vocab}, shape_.dtype, 0, 1);
    for (std::uint32_t layer = 0; layer < shape_.n_layers; ++layer) {
      const std::string prefix = "blk." + std::to_string(layer) + ".";
      add(prefix + "attn_norm.weight", {d}, tensor::DType::f32, 1, 0.2f);
      add_linear(prefix + "attn_q", d, d);
      add_linear(prefix + "attn_k", d, shape_.n_kv_heads * head_dim);
      add_linear(prefix + "attn_v", d, shape_.n_kv_heads * head_dim);
      add_linear(prefix + "attn_output", d, d);
      add(prefix + "ffn_norm.weight", {d}, tensor::DType::f32, 1, 0.2f);
      add_linear(prefix + "ffn_gate", d, shape_.n_ff);
      add_linear(prefix + "ffn_up", d, shape_.n_ff);
      add_linear(prefix + "ffn_down", shape_.n_ff, d);
    }
    add("output_norm.weight", {d}, tensor::DType::f32, 1, 0.2f);
    if (!shape_.tied) add("output.weight", {d, shape_.n_vocab}, shape_.dtype, 0, 0.2f);
    if (shape_.rope_divisors)
      add("rope_freqs.weight", {shape_.rope_dims / 2}, tensor::DType::f32, 4, 0.5f);
  }

  Shape shape_;
  std::mt19937 random_{42};
  HeaderBuilder builder_;
  std::map<std::string, Stored> tensors_;
};

}  // namespace hart::nn
