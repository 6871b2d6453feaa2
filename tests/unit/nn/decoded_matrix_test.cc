#include "nn/decoded_matrix.h"

#include <doctest/doctest.h>

#include <cmath>

#include "llama_reference.h"
#include "tensor/convert.h"
#include "tensor/dot.h"
#include "tiny_llama.h"

namespace hart::nn {
namespace {

using tensor::DType;

tensor::TensorView quantized(DType dtype, const std::vector<float>& values,
                             std::vector<std::uint64_t> shape, ByteBuffer& bytes) {
  bytes.resize(tensor::tensor_bytes(dtype, shape));
  tensor::quantize_row(dtype, values, bytes);
  return {dtype, std::move(shape), bytes};
}

TEST_CASE("decode_matrix: block types become F16 within its rounding, others F32 exactly") {
  std::vector<float> values(256 * 7);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::sin(static_cast<float>(i)) * 3;
  for (const DType dtype : {DType::q4_k, DType::q6_k, DType::q5_0, DType::iq4_nl}) {
    ByteBuffer bytes, storage;
    tensor::TensorView view = quantized(dtype, values, {256, 7}, bytes);
    std::vector<float> exact(values.size()), found(values.size());
    tensor::dequantize_row(dtype, bytes, exact);
    decode_matrix(view, storage);
    CHECK(view.dtype == DType::f16);
    CHECK(view.shape == std::vector<std::uint64_t>{256, 7});
    CHECK(view.bytes.data() == storage.data());
    tensor::dequantize_row(view.dtype, view.bytes, found);
    for (std::size_t i = 0; i < found.size(); ++i)
      REQUIRE(std::abs(found[i] - exact[i]) <= std::abs(exact[i]) / 2048 + 1e-7);
  }
}

TEST_CASE("decode_matrix: values beyond F16's range make it F32") {
  std::vector<float> values(256 * 2, 1);
  values[300] = 1e6f;
  ByteBuffer bytes, storage;
  tensor::TensorView view = quantized(DType::q5_1, values, {256, 2}, bytes);
  std::vector<float> exact(values.size()), found(values.size());
  tensor::dequantize_row(DType::q5_1, bytes, exact);
  decode_matrix(view, storage);
  CHECK(view.dtype == DType::f32);
  tensor::dequantize_row(view.dtype, view.bytes, found);
  CHECK(found == exact);
}

TEST_CASE("TransformerModel: types without a kernel run, and compute what their values say") {
  for (const DType dtype : {DType::q8_1, DType::q8_k, DType::nvfp4}) {
    REQUIRE_FALSE(tensor::has_dot(dtype));
    for (const bool tied : {false, true}) {
      TinyLlama::Shape shape;
      shape.n_embd = 256;
      shape.n_ff = 256;
      shape.rope_dims = 64;
      shape.dtype = dtype;
      shape.tied = tied;
      const TinyLlama weights{shape};
      TransformerModel moved = weights.model();
      const TransformerModel model = std::move(moved);
      CHECK(model.token_embd().view.dtype == dtype);
      CHECK(model.output().weight.view.dtype == DType::f16);
      CHECK(model.is_tied() == tied);
      const std::vector<TokenId> tokens{1, 5, 9};
      TransformerSession session{model};
      const auto logits = session.evaluate(tokens);
      const auto expected = LlamaReference{weights}.logits(tokens);
      double error = 0, size = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        error += std::pow(static_cast<double>(logits[i]) - expected[i], 2);
        size += std::pow(expected[i], 2);
      }
      // F16 rounds each weight by at most 2^-11 of it.
      CHECK(std::sqrt(error / size) < 3.0 / 2048);
    }
  }
}

}  // namespace
}  // namespace hart::nn
