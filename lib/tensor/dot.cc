#include "tensor/dot.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/checked.h"
#include "core/parallel.h"
#include "tensor/dot_kernels.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kBlock = 32;
// Starting a thread costs about what reading a megabyte costs.
constexpr std::size_t kParallelBytes = std::size_t{4} << 20;
constexpr std::size_t kGrainBytes = std::size_t{1} << 20;
// Rows that stay in the first-level caches while every activation passes over them.
constexpr std::size_t kRowBlock = 8;

bool is_block_type(DType dtype) noexcept {
  return dtype == DType::q8_0 || dtype == DType::q4_0;
}

void require_dot(DType dtype) {
  if (has_dot(dtype)) return;
  throw Error{Fault::data, "no matrix product for weights of type " +
                               std::string{dtype_info(dtype).name} +
                               ": f32, f16, bf16, q8_0 and q4_0 have one"};
}

/// Quantises 32 values; returns their scale.
float quantize_block(const float* values, std::int8_t* out) noexcept {
  float most = 0;
  bool is_finite = true;
  for (std::size_t i = 0; i < kBlock; ++i) {
    most = std::max(most, std::fabs(values[i]));
    is_finite = is_finite && std::isfinite(values[i]);
  }
  if (!is_finite) {
    // A block of ones with a scale of NaN: the sum must not hide that something was wrong.
    std::fill_n(out, kBlock, std::int8_t{1});
    return NAN;
  }
  const float inverse = most != 0 ? 127 / most : 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const long rounded = std::lrint(values[i] * inverse);
    out[i] = static_cast<std::int8_t>(std::clamp(rounded, -127L, 127L));
  }
  return most / 127;
}

void require_sizes(const TensorView& w, std::size_t x, std::size_t y, std::size_t n) {
  require_dot(w.dtype);
  const bool agree = w.bytes.size() == tensor_bytes(w.dtype, w.shape) &&
                     x == checked_multiply(n, w.columns(), "activations") &&
                     y == checked_multiply(n, w.rows(), "results");
  if (!agree)
    throw Error{Fault::usage, "matrix product: sizes of weights (" + std::to_string(w.rows()) +
                                  ", " + std::to_string(w.columns()) +
                                  "), activations and results"
                                  " do not agree"};
}

/// Calls body(begin, end) over the rows of `w`, in parallel where that pays. `passes` is how
/// often each row is computed with.
template <typename Body>
void for_rows(const TensorView& w, std::size_t passes, unsigned threads, Body body) {
  const std::size_t rows = w.rows();
  if (rows == 0) return;
  const std::size_t row_work = std::max<std::size_t>(1, w.bytes.size() / rows) * passes;
  if (row_work * rows < kParallelBytes) return body(std::size_t{0}, rows);
  parallel_for(rows, std::max<std::size_t>(1, kGrainBytes / row_work), threads, body);
}

}  // namespace

bool has_dot(DType weight) noexcept {
  return weight == DType::f32 || weight == DType::f16 || weight == DType::bf16 ||
         is_block_type(weight);
}

Activation::Activation(std::span<const float> values, DType weight)
    : values_{values.begin(), values.end()} {
  require_dot(weight);
  if (!is_block_type(weight)) return;
  if (values.size() % kBlock != 0)
    throw Error{Fault::usage, "activations of " + std::to_string(values.size()) +
                                  " values are not whole blocks of 32"};
  quantized_.resize(values.size());
  scales_.resize(values.size() / kBlock);
  for (std::size_t b = 0; b < scales_.size(); ++b)
    scales_[b] = quantize_block(&values_[b * kBlock], &quantized_[b * kBlock]);
}

float dot(DType weight, const std::uint8_t* row, const Activation& x) noexcept {
  const DotKernels& kernels = dot_kernels();
  switch (weight) {
    case DType::f32:
      return kernels.dot_f32(row, x.values(), x.size());
    case DType::f16:
      return kernels.dot_f16(row, x.values(), x.size());
    case DType::bf16:
      return kernels.dot_bf16(row, x.values(), x.size());
    case DType::q8_0:
      return kernels.dot_q8_0(row, x.quantized(), x.scales(), x.size() / kBlock);
    case DType::q4_0:
      return kernels.dot_q4_0(row, x.quantized(), x.scales(), x.size() / kBlock);
    default:
      return NAN;
  }
}

void matvec(const TensorView& w, std::span<const float> x, std::span<float> y,
            unsigned threads) {
  matmul(w, x, y, 1, threads);
}

void matmul(const TensorView& w, std::span<const float> x, std::span<float> y, std::size_t n,
            unsigned threads) {
  require_sizes(w, x.size(), y.size(), n);
  const std::size_t columns = w.columns();
  const std::size_t rows = w.rows();
  if (n == 0 || rows == 0) return;
  std::vector<Activation> activations;
  activations.reserve(n);
  for (std::size_t i = 0; i < n; ++i)
    activations.emplace_back(x.subspan(i * columns, columns), w.dtype);
  const std::size_t row_bytes = w.bytes.size() / rows;
  for_rows(w, n, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t first = begin; first < end; first += kRowBlock) {
      const std::size_t last = std::min(first + kRowBlock, end);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t row = first; row < last; ++row)
          y[i * rows + row] = dot(w.dtype, w.bytes.data() + row * row_bytes, activations[i]);
    }
  });
}

}  // namespace hart::tensor
