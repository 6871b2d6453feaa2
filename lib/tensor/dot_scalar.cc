#include "core/endian.h"
#include "tensor/convert.h"
#include "tensor/dot_kernels.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kRowLanes = 32;

/// Adds the lanes in halves; `lanes` is a power of two.
float add_halves(float* sums, std::size_t lanes) noexcept {
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) sums[k] += sums[k + half];
  return sums[0];
}

/// Sums product(i) for i in [0, n) as the header says.
template <typename Product> float sum_lanes(std::size_t n, Product product) noexcept {
  float sums[kRowLanes] = {};
  std::size_t i = 0;
  for (; i + kRowLanes <= n; i += kRowLanes)
    for (std::size_t k = 0; k < kRowLanes; ++k) sums[k] += product(i + k);
  // Adding zero is not idle: it turns a lane of -0 into +0.
  for (std::size_t k = 0; i < n && k < kRowLanes; ++k)
    sums[k] += i + k < n ? product(i + k) : 0.0f;
  return add_halves(sums, kRowLanes);
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

}  // namespace

DotKernels scalar_dot_kernels() noexcept {
  return {"scalar", dot_f32, dot_f16, dot_bf16, dot_i8, dot_i8_i8, squared_l2};
}

}  // namespace hart::tensor
