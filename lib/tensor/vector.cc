#include "tensor/vector.h"

#include <cassert>
#include <cmath>
#include <cstdint>

#include "tensor/dot_kernels.h"

namespace hart::tensor {

float dot(std::span<const float> a, std::span<const float> b) noexcept {
  assert(a.size() == b.size());
  const auto* row = reinterpret_cast<const std::uint8_t*>(a.data());
  return dot_kernels().dot_f32(row, b.data(), a.size());
}

float squared_l2(std::span<const float> a, std::span<const float> b) noexcept {
  assert(a.size() == b.size());
  return dot_kernels().squared_l2(a.data(), b.data(), a.size());
}

float norm(std::span<const float> a) noexcept {
  return std::sqrt(dot(a, a));
}

void normalize(std::span<float> a) noexcept {
  const float length = norm(a);
  if (length == 0 || !std::isfinite(length)) return;
  for (float& value : a) value /= length;
}

void dot_rows(std::span<const float> query, const float* rows, std::span<float> out) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = dot({rows + i * query.size(), query.size()}, query);
}

void squared_l2_rows(std::span<const float> query, const float* rows,
                     std::span<float> out) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = squared_l2({rows + i * query.size(), query.size()}, query);
}

}  // namespace hart::tensor
