#include "tensor/convert.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "core/endian.h"
#include "core/error.h"
#include "float_samples.h"

namespace hart::tensor {
namespace {

/// The value of a half by its definition, in double.
double half_value(std::uint16_t half) {
  const double sign = (half & 0x8000) != 0 ? -1 : 1;
  const int exponent = half >> 10 & 0x1F;
  const int mantissa = half & 0x3FF;
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

TEST_CASE("f16: every finite half is exact and comes back, infinities and NaNs included") {
  for (std::uint32_t half = 0; half < 0x10000; ++half) {
    const auto h = static_cast<std::uint16_t>(half);
    const float value = f16_to_f32(h);
    const bool is_special = (half & 0x7C00) == 0x7C00;
    const bool is_nan = is_special && (half & 0x3FF) != 0;
    const std::uint16_t back = f32_to_f16(value);
    bool right = std::isnan(value) == is_nan;
    right = right && back == (is_nan ? (h | 0x200) : h);
    if (!is_special) right = right && static_cast<double>(value) == half_value(h);
    if (!right) FAIL_CHECK("half " << half);
  }
}

TEST_CASE("f16: a value between two halves becomes the nearer, ties the even one") {
  for (std::uint32_t half = 0; half < 0x7C00; ++half) {
    const auto low = static_cast<std::uint16_t>(half),
               high = static_cast<std::uint16_t>(half + 1);
    // Above the largest half stands 2^16, which is written as infinity.
    const double above = half == 0x7BFF ? 65536.0 : half_value(high);
    const auto middle = static_cast<float>((half_value(low) + above) / 2);
    const float below = std::nextafter(middle, 0.0f);
    const float beyond = std::nextafter(middle, std::numeric_limits<float>::infinity());
    const bool right = f32_to_f16(below) == low && f32_to_f16(beyond) == high &&
                       f32_to_f16(middle) == (half % 2 == 0 ? low : high) &&
                       f32_to_f16(-middle) == (0x8000 | (half % 2 == 0 ? low : high));
    if (!right) FAIL_CHECK("half " << half);
  }
  CHECK(f32_to_f16(std::numeric_limits<float>::max()) == 0x7C00);
  CHECK(f32_to_f16(std::numeric_limits<float>::denorm_min()) == 0);
  CHECK(f32_to_f16(-0.0f) == 0x8000);
}

TEST_CASE("bf16: rounds to nearest even, keeps NaN and overflows to infinity") {
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper) {
    const auto b = static_cast<std::uint16_t>(upper);
    const float value = bf16_to_f32(b);
    const std::uint16_t expected = std::isnan(value) ? (b | 0x40) : b;
    if (f32_to_bf16(value) != expected) FAIL_CHECK("bf16 " << upper);
  }
  CHECK(f32_to_bf16(std::bit_cast<float>(0x3F808000u)) == 0x3F80);
  CHECK(f32_to_bf16(std::bit_cast<float>(0x3F818000u)) == 0x3F82);
  CHECK(f32_to_bf16(std::bit_cast<float>(0x3F808001u)) == 0x3F81);
  CHECK(f32_to_bf16(std::numeric_limits<float>::max()) == 0x7F80);
  CHECK(f32_to_bf16(std::bit_cast<float>(0x7F800001u)) == 0x7FC0);
}

TEST_CASE("quantize_row: q8_0 is a binary16 scale and 32 signed bytes") {
  std::vector<float> values(32);
  for (int i = 0; i < 32; ++i) values[i] = static_cast<float>(i - 16);
  values[0] = -127;
  values[1] = 0.5f;
  values[2] = -0.5f;
  std::vector<std::uint8_t> block(34);
  quantize_row(DType::q8_0, values, block);
  CHECK(block[0] == 0x00);
  CHECK(block[1] == 0x3C);
  CHECK(static_cast<std::int8_t>(block[2]) == -127);
  CHECK(static_cast<std::int8_t>(block[3]) == 1);  // halves round away from zero
  CHECK(static_cast<std::int8_t>(block[4]) == -1);
  CHECK(static_cast<std::int8_t>(block[33]) == 15);
  std::vector<float> back(32);
  dequantize_row(DType::q8_0, block, back);
  CHECK(back[0] == -127);
  CHECK(back[31] == 15);
}

TEST_CASE("quantize_row: q4_0 puts element i and i + 16 into byte i, offset by 8") {
  std::vector<float> values(32, 0.0f);
  values[0] = -8;
  values[16] = 7;
  values[1] = 100.0f / 64;
  std::vector<std::uint8_t> block(18);
  quantize_row(DType::q4_0, values, block);
  CHECK(block[0] == 0x00);
  CHECK(block[1] == 0x3C);
  CHECK(block[2] == (15 << 4 | 0));
  CHECK(block[3] == (8 << 4 | 10));
  CHECK(block[4] == (8 << 4 | 8));
  std::vector<float> back(32);
  dequantize_row(DType::q4_0, block, back);
  CHECK(back[0] == -8);
  CHECK(back[1] == 2);
  CHECK(back[16] == 7);
  CHECK(back[31] == 0);
}

TEST_CASE("quantize_row: the error of a block type is within half a step of its scale") {
  std::mt19937 random{1};
  std::normal_distribution<float> normal;
  std::vector<float> values(256), back(256);
  for (float& value : values) value = normal(random);
  for (const auto& [dtype, steps] : {std::pair{DType::q8_0, 127.0f}, {DType::q4_0, 8.0f}}) {
    std::vector<std::uint8_t> bytes(256 / 32 * dtype_info(dtype).block_bytes);
    quantize_row(dtype, values, bytes);
    dequantize_row(dtype, bytes, back);
    for (std::size_t i = 0; i < 256; ++i) {
      float most = 0;
      for (std::size_t k = i / 32 * 32; k < i / 32 * 32 + 32; ++k)
        most = std::max(most, std::fabs(values[k]));
      // q4_0 reaches +7 steps only, so the far side may miss by a whole one; 2^-11 is the
      // rounding of the scale to binary16.
      const float step = most / steps;
      const float bound = (dtype == DType::q4_0 ? 1.0f : 0.5f) * step + most * 0x1p-11f;
      CHECK(std::fabs(values[i] - back[i]) <= bound * 1.0001f);
    }
  }
}

TEST_CASE("quantize_row: blocks of zeros, infinities and NaN have defined results") {
  std::vector<std::uint8_t> q8(34), q4(18);
  const std::vector<float> zeros(32, 0.0f);
  quantize_row(DType::q8_0, zeros, q8);
  quantize_row(DType::q4_0, zeros, q4);
  CHECK(q8 == std::vector<std::uint8_t>(34, 0));
  CHECK(q4[17] == 0x88);
  std::vector<float> odd(32, 1.0f);
  odd[3] = std::nanf("");
  quantize_row(DType::q8_0, odd, q8);
  CHECK(q8[2 + 3] == 0);
  quantize_row(DType::q4_0, odd, q4);
  CHECK((q4[2 + 3] & 15) == 8);
  odd[3] = -std::numeric_limits<float>::infinity();
  quantize_row(DType::q8_0, odd, q8);
  quantize_row(DType::q4_0, odd, q4);
  CHECK((q8[1] & 0x7F) == 0x7C);
}

TEST_CASE("dequantize_row: plain types come back bit for bit, whatever their alignment") {
  const std::vector<float> values{1.5f, -0.0f, 65504, 0x1p-14f, 3};
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    const std::uint32_t size = dtype_info(dtype).block_bytes * 5;
    std::vector<std::uint8_t> bytes(size + 1);
    quantize_row(dtype, values, std::span{bytes}.subspan(1));
    std::vector<float> back(5);
    dequantize_row(dtype, ByteView{bytes}.subspan(1), back);
    for (std::size_t i = 0; i < 5; ++i) {
      if (dtype == DType::bf16 && i == 2) continue;
      CHECK(bits(back[i]) == bits(values[i]));
    }
  }
}

/// The bytes of one number and what they decode to.
template <typename T> float decoded(DType dtype, T number) {
  ByteBuffer bytes;
  append_le(bytes, number);
  float value = 0;
  dequantize_row(dtype, bytes, {&value, 1});
  return value;
}

TEST_CASE("dequantize_row: integers and f64 are rounded to nearest, a bool is 0 or 1") {
  CHECK(decoded(DType::i8, std::int8_t{-128}) == -128);
  CHECK(decoded(DType::u8, std::uint8_t{255}) == 255);
  CHECK(decoded(DType::i16, std::int16_t{-32768}) == -32768);
  CHECK(decoded(DType::u16, std::uint16_t{65535}) == 65535);
  CHECK(decoded(DType::i32, std::int32_t{(1 << 24) + 1}) == 0x1p24f);
  CHECK(decoded(DType::u32, std::uint32_t{0xFFFFFFFF}) == 0x1p32f);
  CHECK(decoded(DType::i64, std::numeric_limits<std::int64_t>::min()) == -0x1p63f);
  CHECK(decoded(DType::u64, std::numeric_limits<std::uint64_t>::max()) == 0x1p64f);
  CHECK(decoded(DType::f64, -0.1) == -0.1f);
  CHECK(std::isinf(decoded(DType::f64, 1e300)));
  CHECK(decoded(DType::boolean, std::uint8_t{0}) == 0);
  CHECK(decoded(DType::boolean, std::uint8_t{2}) == 1);
}

TEST_CASE("f8: all bytes of e4m3 and e5m2 have the values of their definition") {
  for (unsigned byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const double sign = byte >= 128 ? -1 : 1;
    const int exponent = static_cast<int>(byte >> 3 & 15);
    const int mantissa = static_cast<int>(byte & 7);
    const double e4m3 =
        exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
    const float value = decoded(DType::f8_e4m3, static_cast<std::uint8_t>(byte));
    CHECK(std::isnan(value) == ((byte & 127) == 127));
    if (!std::isnan(value)) CHECK(bits(value) == bits(static_cast<float>(sign * e4m3)));
    const float wide = decoded(DType::f8_e5m2, static_cast<std::uint8_t>(byte));
    const bool special = (byte & 0x7C) == 0x7C;
    CHECK(std::isinf(wide) == (special && (byte & 3) == 0));
    CHECK(std::isnan(wide) == (special && (byte & 3) != 0));
    if (!special) CHECK(wide == half_value(static_cast<std::uint16_t>(byte << 8)));
  }
}

TEST_CASE("dequantize_row: refuses wrong sizes and cut blocks, in every type") {
  std::vector<float> values(32);
  std::vector<std::uint8_t> bytes(34);
  CHECK_THROWS_AS(dequantize_row(DType::q4_0, bytes, values), Error);
  CHECK_THROWS_AS(quantize_row(DType::f16, values, bytes), Error);
  values.resize(31);
  CHECK_THROWS_AS(dequantize_row(DType::q8_0, bytes, values), Error);
  for (const DTypeInfo& info : dtypes()) {
    CAPTURE(info.name);
    CHECK(is_convertible(info.dtype));
    values.resize(info.block_elements);
    bytes.resize(info.block_bytes - 1);
    CHECK_THROWS_AS(dequantize_row(info.dtype, bytes, values), Error);
    bytes.resize(info.block_bytes);
    CHECK_NOTHROW(dequantize_row(info.dtype, bytes, values));
  }
  CHECK_FALSE(is_convertible(static_cast<DType>(4)));
}

TEST_CASE(
    "quantize_row: a type that cannot be written is refused with a list of those that can") {
  std::vector<float> values(256);
  for (const DTypeInfo& info : dtypes()) {
    CAPTURE(info.name);
    std::vector<std::uint8_t> bytes(256 / info.block_elements * info.block_bytes);
    if (can_quantize(info.dtype)) {
      CHECK_NOTHROW(quantize_row(info.dtype, values, bytes));
      continue;
    }
    try {
      quantize_row(info.dtype, values, bytes);
      FAIL_CHECK("not refused");
    } catch (const Error& error) {
      const std::string text = error.what();
      CHECK(text.find(info.name) != std::string::npos);
      CHECK(text.find(" q4_k q5_k q6_k ") != std::string::npos);
      CHECK(text.find("iq2_s") ==
            (info.dtype == DType::iq2_s ? text.find(info.name) : std::string::npos));
    }
  }
}

}  // namespace
}  // namespace hart::tensor
