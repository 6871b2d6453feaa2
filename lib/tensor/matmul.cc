#include <algorithm>
#include <atomic>
#include <functional>
#include <string>

#include "core/checked.h"
#include "core/parallel.h"
#include "tensor/block_levels.h"
#include "tensor/dot.h"
#include "tensor/dot_matrix.h"
#include "tensor/dot_matrix_kernels.h"
#include "tensor/gemm_kernels.h"

namespace hart::tensor {
namespace {

// Waking a thread that waits costs about what reading so much costs.
constexpr std::size_t kParallelBytes = std::size_t{256} << 10;
// What a thread takes at a time: small enough that no thread waits long for the last one.
constexpr std::size_t kGrainBytes = std::size_t{128} << 10;
// From so many vectors on, float weights are widened once for all of them.
constexpr std::size_t kWidenVectors = 3;
// Widened rows stay in the second-level cache.
constexpr std::size_t kWidenBytes = std::size_t{192} << 10;
constexpr std::size_t kAlignment = 64;

struct Product {
  WeightRows w;
  RowLayout layout;
  const float* x;
  std::size_t n;
  float* y;
  std::size_t stride;  ///< rows of the whole matrix

  /// The rows from `begin` to `end`.
  [[nodiscard]] WeightRows part(std::size_t begin, std::size_t end) const noexcept {
    return {w.dtype, w.bytes + begin * w.row_bytes, w.row_bytes, end - begin, w.columns};
  }
};

void require_sizes(const TensorView& w, RowLayout layout, std::size_t x, std::size_t y,
                   std::size_t n) {
  if (!has_dot(w.dtype))
    throw Error{Fault::data, "no matrix product for weights of type " +
                                 std::string{dtype_info(w.dtype).name}};
  if (layout == RowLayout::interleaved16 && !has_interleaved(w.dtype))
    throw Error{Fault::data,
                "no interleaved rows of type " + std::string{dtype_info(w.dtype).name}};
  const bool agree = w.bytes.size() == tensor_bytes(w.dtype, w.shape) &&
                     x == checked_multiply(n, w.columns(), "activations") &&
                     y == checked_multiply(n, w.rows(), "results");
  if (!agree)
    throw Error{Fault::usage, "matrix product: sizes of weights (" + std::to_string(w.rows()) +
                                  ", " + std::to_string(w.columns()) +
                                  "), activations and results do not agree"};
}

/// Calls body(begin, end) over the rows, in parallel where that pays; whole tiles but for the
/// last.
template <typename Body> void for_rows(const Product& p, unsigned threads, Body body) {
  const std::size_t row_work = std::max<std::size_t>(1, p.w.row_bytes) * p.n;
  const std::size_t work = row_work * p.w.n;
  if (threads <= 1 || work < kParallelBytes) return body(std::size_t{0}, p.w.n);
  threads = static_cast<unsigned>(std::min<std::size_t>(threads, work / kGrainBytes));
  const std::size_t tiles = std::max<std::size_t>(1, kGrainBytes / row_work / kTileRows);
  const std::size_t step = tiles * kTileRows;
  std::atomic<std::size_t> next{0};
  const auto take_rows = [&](std::size_t, std::size_t) {
    for (std::size_t begin = next.fetch_add(step); begin < p.w.n; begin = next.fetch_add(step))
      body(begin, std::min(begin + step, p.w.n));
  };
  parallel_for(threads, 1, threads, std::cref(take_rows));
}

/// Memory of this thread, at least `bytes` of it, aligned.
std::uint8_t* scratch(std::size_t bytes) {
  thread_local std::vector<std::uint8_t> room;
  if (room.size() < bytes + kAlignment) room.resize(bytes + kAlignment);
  const auto at = reinterpret_cast<std::uintptr_t>(room.data());
  return room.data() + (kAlignment - at % kAlignment) % kAlignment;
}

void multiply_blocks(const Product& p, const QuantizedRows& x, unsigned threads) {
  const GemmKernels& kernels = gemm_kernels();
  const std::size_t whole = p.w.n / kTileRows * kTileRows;
  for_rows(p, threads, [&](std::size_t begin, std::size_t end) {
    if (p.layout == RowLayout::interleaved16) {
      const std::size_t tiled = std::min(end, whole);
      if (begin < tiled) kernels.interleaved(p.part(begin, tiled), x, p.y + begin, p.stride);
      begin = std::max(begin, tiled);
    }
    if (begin == end) return;
    std::uint8_t* panel = p.n < kTileVectors ? nullptr : scratch(panel_bytes(p.w.columns));
    kernels.rows(p.part(begin, end), x, p.y + begin, p.stride, panel);
  });
}

void quantize(const Product& p, const QuantizedRows& out, unsigned threads) {
  const std::size_t row_work = p.w.columns * sizeof(float);
  const std::size_t grain = std::max<std::size_t>(1, kParallelBytes / (row_work + 1));
  const GemmKernels& kernels = gemm_kernels();
  const auto quantize_some = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      kernels.quantize(p.x + i * p.w.columns, p.w.columns, out, i);
  };
  parallel_for(p.n, grain, threads, std::cref(quantize_some));
}

/// Rows of float weights as binary32: widened in this thread's scratch where they are not.
const float* widened(const WeightRows& w) {
  if (w.dtype == DType::f32) return reinterpret_cast<const float*>(w.bytes);
  auto* out = reinterpret_cast<float*>(scratch(w.n * w.columns * sizeof(float)));
  const MatrixKernels& kernels = matrix_kernels();
  WidenKernel* widen = w.dtype == DType::f16 ? kernels.widen_f16 : kernels.widen_bf16;
  widen(w.bytes, w.n * w.columns, out);
  return out;
}

void multiply_floats(const Product& p, unsigned threads) {
  const GemmKernels& kernels = gemm_kernels();
  const auto is_aligned = reinterpret_cast<std::uintptr_t>(p.w.bytes) % alignof(float) == 0;
  if (p.n < kWidenVectors || (p.w.dtype == DType::f32 && !is_aligned))
    return for_rows(p, threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = 0; i < p.n; ++i)
        kernels.float_rows(p.part(begin, end), p.x + i * p.w.columns,
                           p.y + i * p.stride + begin);
    });
  const std::size_t fit = kWidenBytes / (sizeof(float) * std::max<std::size_t>(1, p.w.columns));
  const std::size_t step = std::max<std::size_t>(4, fit / 4 * 4);
  for_rows(p, threads, [&](std::size_t begin, std::size_t end) {
    for (; begin < end; begin += std::min(step, end - begin)) {
      const std::size_t last = std::min(begin + step, end);
      dot_matrix(p.x, p.n, widened(p.part(begin, last)), last - begin, p.w.columns, p.y + begin,
                 p.stride);
    }
  });
}

/// A small matrix of floats as it lies, times one vector: what small models do a million times
/// a second goes without tables, divisions and threads. False where the general way is to go.
bool multiply_small(const TensorView& w, RowLayout layout, std::span<const float> x,
                    std::span<float> y, unsigned threads) {
  if (w.shape.size() != 2 || !is_plain_float(w.dtype) || layout != RowLayout::rows ||
      (threads > 1 && w.bytes.size() >= kParallelBytes) || x.size() != w.shape[0] ||
      y.size() != w.shape[1])
    return false;
  const std::size_t row_bytes = x.size() * (w.dtype == DType::f32 ? 4 : 2);
  if (checked_multiply(row_bytes, y.size(), "weights") != w.bytes.size()) return false;
  gemm_kernels().float_rows({w.dtype, w.bytes.data(), row_bytes, y.size(), x.size()}, x.data(),
                            y.data());
  return true;
}

void multiply(const TensorView& w, RowLayout layout, std::span<const float> x,
              std::span<float> y, std::size_t n, unsigned threads) {
  if (n == 1 && multiply_small(w, layout, x, y, threads)) return;
  require_sizes(w, layout, x.size(), y.size(), n);
  const std::size_t rows = w.rows();
  if (n == 0 || rows == 0) return;
  const Product product{{w.dtype, w.bytes.data(), w.bytes.size() / rows, rows, w.columns()},
                        layout,
                        x.data(),
                        n,
                        y.data(),
                        rows};
  if (is_plain_float(w.dtype)) return multiply_floats(product, threads);
  thread_local QuantizedBuffer activations;
  activations.resize(n, w.columns());
  quantize(product, activations.view(), threads);
  multiply_blocks(product, activations.view(), threads);
}

}  // namespace

void matvec(const TensorView& w, std::span<const float> x, std::span<float> y,
            unsigned threads) {
  multiply(w, RowLayout::rows, x, y, 1, threads);
}

void matvec(const WeightMatrix& w, std::span<const float> x, std::span<float> y,
            unsigned threads) {
  multiply(w.view, w.layout, x, y, 1, threads);
}

void matmul(const TensorView& w, std::span<const float> x, std::span<float> y, std::size_t n,
            unsigned threads) {
  multiply(w, RowLayout::rows, x, y, n, threads);
}

void matmul(const WeightMatrix& w, std::span<const float> x, std::span<float> y, std::size_t n,
            unsigned threads) {
  multiply(w.view, w.layout, x, y, n, threads);
}

}  // namespace hart::tensor
