#include "core/endian.h"
#include "tensor/convert.h"
#include "tensor/dot_kernels.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kLanes = 32;
constexpr std::size_t kBlock = 32;
constexpr std::size_t kIntLanes = 8;
constexpr std::size_t kScaleBytes = 2;

/// Adds the lanes in halves; `lanes` is a power of two.
float add_halves(float* sums, std::size_t lanes) noexcept {
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
  return sums[0];
}

/// Sums product(i) for i in [0, n) as the header says.
template <typename Product> float sum_lanes(std::size_t n, Product product) noexcept {
  float sums[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::size_t k = 0; k < kLanes; ++k) sums[k] += product(i + k);
  // Adding zero is not idle: it turns a lane of -0 into +0.
  for (std::size_t k = 0; i < n && k < kLanes; ++k)
    sums[k] += i + k < n ? product(i + k) : 0.0f;
  return add_halves(sums, kLanes);
}

float dot_f32(const std::uint8_t* row, const float* x, std::size_t n) noexcept {
  return sum_lanes(n, [&](std::size_t i) { return load_le<float>(row + 4 * i) * x[i]; });
}

float dot_f16(const std::uint8_t* row, const float* x, std::size_t n) noexcept {
  return sum_lanes(
      n, [&](std::size_t i) { return f16_to_f32(load_le<std::uint16_t>(row + 2 * i)) * x[i]; });
}

float dot_bf16(const std::uint8_t* row, const float* x, std::size_t n) noexcept {
  return sum_lanes(n, [&](std::size_t i) {
    return bf16_to_f32(load_le<std::uint16_t>(row + 2 * i)) * x[i];
  });
}

float dot_i8(const std::uint8_t* row, const float* x, std::size_t n) noexcept {
  return sum_lanes(n, [&](std::size_t i) {
    return static_cast<float>(static_cast<std::int8_t>(row[i])) * x[i];
  });
}

std::int32_t dot_i8_i8(const std::uint8_t* a, const std::uint8_t* b, std::size_t n) noexcept {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < n; ++i)
    sum += static_cast<std::int8_t>(a[i]) * static_cast<std::int8_t>(b[i]);
  return sum;
}

float squared_l2(const float* a, const float* b, std::size_t n) noexcept {
  return sum_lanes(n, [&](std::size_t i) { return (a[i] - b[i]) * (a[i] - b[i]); });
}

/// Sums blocks whose weights are weight(block, i), i in [0, 32).
template <typename Weight>
float sum_blocks(const std::uint8_t* row, std::size_t block_bytes, const std::int8_t* q,
                 const float* scales, std::size_t n, Weight weight) noexcept {
  float sums[2][kIntLanes] = {};
  for (std::size_t b = 0; b < n; ++b, row += block_bytes, q += kBlock) {
    const float scale = f16_to_f32(load_le<std::uint16_t>(row)) * scales[b];
    for (std::size_t j = 0; j < kIntLanes; ++j) {
      int sum = 0;
      for (std::size_t i = 4 * j; i < 4 * j + 4; ++i)
        sum += weight(row + kScaleBytes, i) * q[i];
      sums[b % 2][j] += static_cast<float>(sum) * scale;
    }
  }
  for (std::size_t j = 0; j < kIntLanes; ++j) sums[0][j] += sums[1][j];
  return add_halves(sums[0], kIntLanes);
}

float dot_q8_0(const std::uint8_t* row, const std::int8_t* q, const float* scales,
               std::size_t n) noexcept {
  return sum_blocks(row, kScaleBytes + kBlock, q, scales, n,
                    [](const std::uint8_t* weights, std::size_t i) {
                      return static_cast<int>(static_cast<std::int8_t>(weights[i]));
                    });
}

float dot_q4_0(const std::uint8_t* row, const std::int8_t* q, const float* scales,
               std::size_t n) noexcept {
  constexpr std::size_t kHalf = kBlock / 2;
  return sum_blocks(row, kScaleBytes + kHalf, q, scales, n,
                    [](const std::uint8_t* weights, std::size_t i) {
                      return (i < kHalf ? weights[i] & 15 : weights[i - kHalf] >> 4) - 8;
                    });
}

}  // namespace

DotKernels scalar_dot_kernels() noexcept {
  return {"scalar",  dot_f32,  dot_f16,  dot_bf16,  dot_i8,
          dot_i8_i8, dot_q8_0, dot_q4_0, squared_l2};
}

}  // namespace hart::tensor
