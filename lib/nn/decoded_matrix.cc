#include "nn/decoded_matrix.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/parallel.h"
#include "tensor/convert.h"

namespace hart::nn {
namespace {

/// The largest finite F16.
constexpr float kLargestF16 = 65504;
constexpr std::size_t kElementsPerThread = std::size_t{1} << 18;

/// Decodes into `dtype`, row by row. False when a finite value does not fit it.
bool decode_rows(const tensor::TensorView& view, tensor::DType dtype, ByteBuffer& out) {
  const std::size_t rows = view.rows(), columns = view.columns();
  const std::size_t from_bytes = rows == 0 ? 0 : view.bytes.size() / rows;
  const std::size_t to_bytes = columns * tensor::dtype_info(dtype).block_bytes;
  out.resize(rows * to_bytes);
  std::atomic<bool> fits{true};
  const std::size_t grain = std::max<std::size_t>(1, kElementsPerThread / (columns + 1));
  parallel_for(rows, grain, default_threads(), [&](std::size_t begin, std::size_t end) {
    std::vector<float> values(columns);
    for (std::size_t row = begin; row < end; ++row) {
      tensor::dequantize_row(view.dtype, view.bytes.subspan(row * from_bytes, from_bytes),
                             values);
      if (dtype == tensor::DType::f16 &&
          std::any_of(values.begin(), values.end(), [](float value) {
            return std::isfinite(value) && std::abs(value) > kLargestF16;
          }))
        fits = false;
      tensor::quantize_row(dtype, values, std::span{out}.subspan(row * to_bytes, to_bytes));
    }
  });
  return fits;
}

}  // namespace

void decode_matrix(tensor::TensorView& view, ByteBuffer& storage) {
  const bool is_block = tensor::dtype_info(view.dtype).block_elements > 1;
  tensor::DType dtype = is_block ? tensor::DType::f16 : tensor::DType::f32;
  if (!decode_rows(view, dtype, storage)) {
    dtype = tensor::DType::f32;
    decode_rows(view, dtype, storage);
  }
  view.dtype = dtype;
  view.bytes = storage;
}

}  // namespace hart::nn
