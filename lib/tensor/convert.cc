#include "tensor/convert.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/endian.h"
#include "core/error.h"

namespace hart::tensor {
namespace {

constexpr std::size_t kBlock = 32;
constexpr std::size_t kScaleBytes = 2;
constexpr std::size_t kQ8Bytes = kScaleBytes + kBlock;
constexpr std::size_t kQ4Bytes = kScaleBytes + kBlock / 2;

/// Drops the lowest `bits` of `value`, rounding to nearest, ties to even.
std::uint32_t round_off(std::uint32_t value, unsigned bits) noexcept {
  const std::uint32_t half = 1u << (bits - 1);
  const std::uint32_t odd = value >> bits & 1;
  return (value + half - 1 + odd) >> bits;
}

void dequantize_q8_0(const std::uint8_t* block, float* out) noexcept {
  const float scale = f16_to_f32(load_le<std::uint16_t>(block));
  for (std::size_t i = 0; i < kBlock; ++i)
    out[i] = static_cast<float>(static_cast<std::int8_t>(block[kScaleBytes + i])) * scale;
}

void dequantize_q4_0(const std::uint8_t* block, float* out) noexcept {
  const float scale = f16_to_f32(load_le<std::uint16_t>(block));
  for (std::size_t i = 0; i < kBlock / 2; ++i) {
    const int pair = block[kScaleBytes + i];
    out[i] = static_cast<float>((pair & 15) - 8) * scale;
    out[i + kBlock / 2] = static_cast<float>((pair >> 4) - 8) * scale;
  }
}

void quantize_q8_0(const float* values, std::uint8_t* block) noexcept {
  float most = 0;
  for (std::size_t i = 0; i < kBlock; ++i) most = std::max(most, std::fabs(values[i]));
  const float scale = most / 127;
  const float inverse = scale != 0 ? 1 / scale : 0;
  store_le(block, f32_to_f16(scale));
  for (std::size_t i = 0; i < kBlock; ++i) {
    const float scaled = std::round(values[i] * inverse);
    const bool fits = std::fabs(scaled) <= 127;
    block[kScaleBytes + i] = static_cast<std::uint8_t>(fits ? static_cast<int>(scaled) : 0);
  }
}

int to_nibble(float scaled) noexcept {
  const float shifted = scaled + 8.5f;
  return shifted >= 0 && shifted < 17 ? std::min(15, static_cast<int>(shifted)) : 8;
}

void quantize_q4_0(const float* values, std::uint8_t* block) noexcept {
  float most = 0;
  float signed_most = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    if (std::fabs(values[i]) <= most || std::isnan(values[i])) continue;
    most = std::fabs(values[i]);
    signed_most = values[i];
  }
  const float scale = signed_most / -8;
  const float inverse = scale != 0 ? 1 / scale : 0;
  store_le(block, f32_to_f16(scale));
  for (std::size_t i = 0; i < kBlock / 2; ++i) {
    const int low = to_nibble(values[i] * inverse);
    const int high = to_nibble(values[i + kBlock / 2] * inverse);
    block[kScaleBytes + i] = static_cast<std::uint8_t>(low | high << 4);
  }
}

void check_size(DType dtype, std::size_t elements, std::size_t bytes) {
  const std::uint64_t shape[] = {elements};
  const std::uint64_t expected = tensor_bytes(dtype, shape);
  if (expected == bytes) return;
  throw Error{Fault::usage,
              std::to_string(elements) + " elements of " + std::string{dtype_info(dtype).name} +
                  " take " + std::to_string(expected) + " bytes, not " + std::to_string(bytes)};
}

[[noreturn]] void fail_type(DType dtype) {
  throw Error{Fault::data, "rows of " + std::string{dtype_info(dtype).name} +
                               " cannot be converted: only f32, f16, bf16, q8_0 and q4_0 can"};
}

}  // namespace

float f16_to_f32(std::uint16_t half) noexcept {
  const std::uint32_t sign = std::uint32_t{half} >> 15 << 31;
  const std::uint32_t exponent = half >> 10 & 0x1F;
  const std::uint32_t mantissa = half & 0x3FF;
  if (exponent == 0) {
    // A subnormal half is mantissa × 2^-24, exact in binary32.
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  std::uint32_t bits = sign | (exponent + 127 - 15) << 23 | mantissa << 13;
  if (exponent == 0x1F) {
    const std::uint32_t quiet = mantissa == 0 ? 0 : 1u << 22;
    bits = sign | 0x7F800000 | quiet | mantissa << 13;
  }
  return std::bit_cast<float>(bits);
}

std::uint16_t f32_to_f16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 31 << 15;
  const std::uint32_t magnitude = bits & 0x7FFFFFFF;
  const auto with_sign = [&](std::uint32_t rest) {
    return static_cast<std::uint16_t>(sign | rest);
  };
  if (magnitude > 0x7F800000) return with_sign(0x7E00 | (magnitude >> 13 & 0x3FF));
  // From 65520 on, half way to the next power of two, values round to infinity.
  if (magnitude >= 0x477FF000) return with_sign(0x7C00);
  if (magnitude >= 0x38800000) return with_sign(round_off(magnitude - 0x38000000, 13));
  // Below 2^-14 the result is subnormal; below 2^-25 nothing is left of it.
  if (magnitude < 0x33000000) return with_sign(0);
  const std::uint32_t exponent = magnitude >> 23;
  const std::uint32_t mantissa = (magnitude & 0x7FFFFF) | 0x800000;
  return with_sign(round_off(mantissa, 126 - exponent));
}

std::uint16_t f32_to_bf16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

bool is_convertible(DType dtype) noexcept {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16 ||
         dtype == DType::q8_0 || dtype == DType::q4_0;
}

void dequantize_row(DType dtype, ByteView bytes, std::span<float> values) {
  check_size(dtype, values.size(), bytes.size());
  const std::uint8_t* in = bytes.data();
  const std::size_t n = values.size();
  switch (dtype) {
    case DType::f32:
      std::copy_n(in, bytes.size(), reinterpret_cast<std::uint8_t*>(values.data()));
      return;
    case DType::f16:
      for (std::size_t i = 0; i < n; ++i)
        values[i] = f16_to_f32(load_le<std::uint16_t>(in + 2 * i));
      return;
    case DType::bf16:
      for (std::size_t i = 0; i < n; ++i)
        values[i] = bf16_to_f32(load_le<std::uint16_t>(in + 2 * i));
      return;
    case DType::q8_0:
      for (std::size_t i = 0; i < n; i += kBlock, in += kQ8Bytes)
        dequantize_q8_0(in, &values[i]);
      return;
    case DType::q4_0:
      for (std::size_t i = 0; i < n; i += kBlock, in += kQ4Bytes)
        dequantize_q4_0(in, &values[i]);
      return;
    default:
      fail_type(dtype);
  }
}

void quantize_row(DType dtype, std::span<const float> values, std::span<std::uint8_t> bytes) {
  check_size(dtype, values.size(), bytes.size());
  std::uint8_t* out = bytes.data();
  const std::size_t n = values.size();
  switch (dtype) {
    case DType::f32:
      std::copy_n(reinterpret_cast<const std::uint8_t*>(values.data()), bytes.size(), out);
      return;
    case DType::f16:
      for (std::size_t i = 0; i < n; ++i) store_le(out + 2 * i, f32_to_f16(values[i]));
      return;
    case DType::bf16:
      for (std::size_t i = 0; i < n; ++i) store_le(out + 2 * i, f32_to_bf16(values[i]));
      return;
    case DType::q8_0:
      for (std::size_t i = 0; i < n; i += kBlock, out += kQ8Bytes)
        quantize_q8_0(&values[i], out);
      return;
    case DType::q4_0:
      for (std::size_t i = 0; i < n; i += kBlock, out += kQ4Bytes)
        quantize_q4_0(&values[i], out);
      return;
    default:
      fail_type(dtype);
  }
}

}  // namespace hart::tensor
