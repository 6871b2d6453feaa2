#include "tensor/dot.h"

#include <cmath>
#include <string>

#include "core/error.h"
#include "tensor/block_levels.h"
#include "tensor/gemm_kernels.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kBlock = 32;

}  // namespace

bool has_dot(DType weight) noexcept {
  return is_plain_float(weight) || level_layout(weight).block_elements > 0;
}

Activation::Activation(std::span<const float> values, DType weight)
    : values_{values.begin(), values.end()} {
  if (!has_dot(weight))
    throw Error{Fault::data,
                "no dot product for weights of type " + std::string{dtype_info(weight).name}};
  if (is_plain_float(weight)) return;
  const std::size_t block = level_layout(weight).block_elements;
  if (values.size() % block != 0)
    throw Error{Fault::usage, "activations of " + std::to_string(values.size()) +
                                  " values are not whole blocks of " + std::to_string(block)};
  quantized_.resize(1, values.size());
  gemm_kernels().quantize(values.data(), values.size(), quantized_.view(), 0);
}

float dot(DType weight, const std::uint8_t* row, const Activation& x) noexcept {
  const WeightRows w{weight, row, 0, 1, x.size()};
  float y = NAN;
  if (is_plain_float(weight))
    gemm_kernels().float_rows(w, x.values(), &y);
  else if (has_dot(weight))
    gemm_kernels().rows(w, x.rows(), &y, 1, nullptr);
  return y;
}

}  // namespace hart::tensor
