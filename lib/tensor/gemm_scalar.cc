#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>

#include "tensor/block_levels.h"
#include "tensor/gemm_kernels.h"
#include "tensor/interleave.h"
#include "tensor/quant.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kSums16 = kBlock / 16;

/// The lanes of the sum of one row with one vector.
struct Lanes {
  float sums[kLanes] = {};

  float total() noexcept {
    for (std::size_t half = kLanes / 2; half > 0; half /= 2)
      for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
    return sums[0];
  }
};

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
  // Of a block so small that this overflows nothing would be left anyway.
  const float inverse = 127 / most <= FLT_MAX ? 127 / most : 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const float rounded = std::nearbyint(values[i] * inverse);
    out[i] = static_cast<std::int8_t>(std::clamp(rounded, -127.0f, 127.0f));
  }
  return most / 127;
}

/// Sums value(i) × x[i] as dot_matrix_kernels.h says.
template <typename Value>
float fused_product(const float* x, std::size_t columns, Value value) noexcept {
  Lanes lanes;
  for (std::size_t i = 0; i < columns; i += kLanes)
    for (std::size_t k = 0; k < kLanes; ++k)
      // A zero for what is missing is not idle: it turns a lane of -0 into +0.
      lanes.sums[k] = i + k < columns ? std::fma(value(i + k), x[i + k], lanes.sums[k])
                                      : lanes.sums[k] + 0.0f;
  return lanes.total();
}

void float_rows(const WeightRows& w, const float* x, float* y) noexcept {
  for (std::size_t row = 0; row < w.n; ++row) {
    const std::uint8_t* values = w.bytes + row * w.row_bytes;
    if (w.dtype == DType::f32)
      y[row] = fused_product(x, w.columns,
                             [&](std::size_t i) { return load_le<float>(values + 4 * i); });
    else if (w.dtype == DType::f16)
      y[row] =
          fused_product(x, w.columns, [&](std::size_t i) { return load_half(values + 2 * i); });
    else
      y[row] = fused_product(x, w.columns, [&](std::size_t i) {
        return bf16_to_f32(load_le<std::uint16_t>(values + 2 * i));
      });
  }
}

void quantize(const float* values, std::size_t columns, const QuantizedRows& out,
              std::size_t i) noexcept {
  std::int8_t* integers = out.values + i * out.columns;
  std::fill(integers + columns, integers + out.columns, std::int8_t{0});
  for (std::size_t b = 0; b < out.columns / kBlock; ++b) {
    const std::size_t at = i * (out.columns / kBlock) + b;
    out.scales[at] =
        b < columns / kBlock ? quantize_block(values + b * kBlock, integers + b * kBlock) : 0;
    out.sums_of_32[at] = 0;
    for (std::size_t half = 0; half < kSums16; ++half) {
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < 16; ++k) sum += integers[b * kBlock + half * 16 + k];
      out.sums_of_16[at * kSums16 + half] = sum;
      out.scaled_sums_of_16[at * kSums16 + half] = static_cast<float>(sum) * out.scales[at];
      out.sums_of_32[at] += sum;
    }
    out.scaled_sums_of_32[at] = static_cast<float>(out.sums_of_32[at]) * out.scales[at];
  }
}

/// block(b) gives the address of the row's block b.
template <typename Block>
float dot_row(DType dtype, std::size_t columns, const QuantizedRows& x, std::size_t i,
              Block block) noexcept {
  const LevelLayout layout = level_layout(dtype);
  const std::size_t groups = layout.block_elements / layout.group;
  const std::int8_t* integers = x.values + i * x.columns;
  const float* scaled_sums = (layout.group == 16 ? x.scaled_sums_of_16 : x.scaled_sums_of_32) +
                             i * (x.columns / layout.group);
  std::int8_t levels[kSuperBlock];
  float scales[kSuperBlock / 16], mins[kSuperBlock / 16];
  Lanes lanes;
  for (std::size_t b = 0; b < columns / layout.block_elements; ++b) {
    unpack_levels(dtype, block(b), levels, scales, mins);
    for (std::size_t k = 0; k < groups; ++k) {
      const std::size_t g = b * groups + k;
      std::int32_t sum = 0;
      for (std::size_t e = 0; e < layout.group; ++e)
        sum += levels[k * layout.group + e] * integers[g * layout.group + e];
      const float scale =
          scales[k] * x.scales[i * (x.columns / kBlock) + g * layout.group / kBlock];
      float& lane = lanes.sums[g % kLanes];
      lane = std::fma(scale, static_cast<float>(sum), lane);
      if (layout.has_min) lane = std::fma(mins[k], scaled_sums[g], lane);
    }
  }
  return lanes.total();
}

void rows(const WeightRows& w, const QuantizedRows& x, float* y, std::size_t stride,
          std::uint8_t* /*panel*/) noexcept {
  const std::size_t block_bytes = level_layout(w.dtype).block_bytes;
  for (std::size_t i = 0; i < x.n; ++i)
    for (std::size_t row = 0; row < w.n; ++row)
      y[i * stride + row] = dot_row(w.dtype, w.columns, x, i, [&](std::size_t b) {
        return w.bytes + row * w.row_bytes + b * block_bytes;
      });
}

void interleaved(const WeightRows& w, const QuantizedRows& x, float* y,
                 std::size_t stride) noexcept {
  const std::size_t tile_bytes = level_layout(w.dtype).block_bytes * kTileRows;
  std::uint8_t copy[kChunk];
  for (std::size_t i = 0; i < x.n; ++i)
    for (std::size_t row = 0; row < w.n; ++row) {
      const std::uint8_t* tile = w.bytes + row / kTileRows * kTileRows * w.row_bytes;
      y[i * stride + row] = dot_row(w.dtype, w.columns, x, i, [&](std::size_t b) {
        extract_block(w.dtype, tile + b * tile_bytes, row % kTileRows, copy);
        return copy;
      });
    }
}

}  // namespace

GemmKernels scalar_gemm_kernels() noexcept {
  return {"scalar", float_rows, quantize, rows, interleaved};
}

}  // namespace hart::tensor
