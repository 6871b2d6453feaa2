#include <cmath>
#include <cstring>

#include "index/cell_kernels.h"
#include "tensor/convert.h"

namespace hart::index {
namespace {

constexpr std::size_t kLanes = 32;

std::uint32_t scan(const std::uint8_t* block, const CodeQuery& query, float threshold,
                   float* estimates) noexcept {
  std::uint32_t above = 0;
  for (std::size_t v = 0; v < kCodesPerBlock; ++v) {
    const std::uint8_t* codes = block + kBlockCodes + v % 16;
    const unsigned shift = v < 16 ? 0 : 4;
    std::uint32_t sum = 0;
    for (std::size_t s = 0; s < query.segments; ++s)
      sum += query.table[s * 16 + ((codes[s * 16] >> shift) & 15U)];
    float factor;
    float add;
    std::memcpy(&factor, block + kBlockFactor + v * sizeof factor, sizeof factor);
    std::memcpy(&add, block + kBlockAdd + v * sizeof add, sizeof add);
    const float scaled = static_cast<float>(sum) * query.step;
    const float product = scaled + query.low;
    const float weighted = product * factor;
    estimates[v] = weighted + add;
    if (estimates[v] > threshold) above |= std::uint32_t{1} << v;
  }
  return above;
}

float fill_table(const float* query, std::size_t segments, std::uint8_t* table) noexcept {
  float widest = 0;
  for (std::size_t s = 0; s < segments; ++s) {
    const float* q = query + s * kDimsPerSegment;
    const float reach =
        (std::fabs(q[0]) + std::fabs(q[1])) + (std::fabs(q[2]) + std::fabs(q[3]));
    if (reach * 2 > widest) widest = reach * 2;
  }
  const float scale = widest > 0 ? 255 / widest : 0;
  for (std::size_t s = 0; s < segments; ++s) {
    const float* q = query + s * kDimsPerSegment;
    const float reach =
        (std::fabs(q[0]) + std::fabs(q[1])) + (std::fabs(q[2]) + std::fabs(q[3]));
    for (unsigned t = 0; t < 16; ++t) {
      const float low = ((t & 1U) != 0 ? q[0] : -q[0]) + ((t & 2U) != 0 ? q[1] : -q[1]);
      const float high = ((t & 4U) != 0 ? q[2] : -q[2]) + ((t & 8U) != 0 ? q[3] : -q[3]);
      const float raised = (low + high) + reach;
      const float scaled = raised * scale;
      const float entry = std::nearbyint(scaled);
      table[s * 16 + t] = static_cast<std::uint8_t>(entry < 0 ? 0 : entry > 255 ? 255 : entry);
    }
  }
  return widest;
}

void hadamard(float* values, std::size_t n) noexcept {
  for (std::size_t half = 1; half < n; half *= 2)
    for (std::size_t begin = 0; begin < n; begin += 2 * half)
      for (std::size_t i = begin; i < begin + half; ++i) {
        const float a = values[i];
        const float b = values[i + half];
        values[i] = a + b;
        values[i + half] = a - b;
      }
}

float add_lanes(float* lanes) noexcept {
  for (std::size_t width = kLanes / 2; width > 0; width /= 2)
    for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  return lanes[0];
}

template <typename Value> float dot(Value value, const float* b, std::size_t n) noexcept {
  float lanes[kLanes] = {};
  for (std::size_t i = 0; i < n; ++i)
    lanes[i % kLanes] = std::fma(value(i), b[i], lanes[i % kLanes]);
  return add_lanes(lanes);
}

float dot_f32(const float* a, const float* b, std::size_t n) noexcept {
  return dot([a](std::size_t i) { return a[i]; }, b, n);
}

float dot_f16(const std::uint16_t* a, const float* b, std::size_t n) noexcept {
  return dot([a](std::size_t i) { return tensor::f16_to_f32(a[i]); }, b, n);
}

float dot_i8(const std::int8_t* a, const float* b, std::size_t n) noexcept {
  return dot([a](std::size_t i) { return static_cast<float>(a[i]); }, b, n);
}

}  // namespace

CellKernels scalar_cell_kernels() noexcept {
  return {"scalar", scan, fill_table, hadamard, dot_f32, dot_f16, dot_i8};
}

}  // namespace hart::index
