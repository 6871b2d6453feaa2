#include "tensor/convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/endian.h"
#include "core/error.h"
#include "tensor/quant.h"

namespace hart::tensor {
namespace {

/// Drops the lowest `bits` of `value`, rounding to nearest, ties to even.
std::uint32_t round_off(std::uint32_t value, unsigned bits) noexcept {
  const std::uint32_t half = 1u << (bits - 1);
  const std::uint32_t odd = value >> bits & 1;
  return (value + half - 1 + odd) >> bits;
}

void check_size(DType dtype, std::size_t elements, std::size_t bytes) {
  const std::uint64_t shape[] = {elements};
  const std::uint64_t expected = tensor_bytes(dtype, shape);
  if (expected == bytes) return;
  throw Error{Fault::usage,
              std::to_string(elements) + " elements of " + std::string{dtype_info(dtype).name} +
                  " take " + std::to_string(expected) + " bytes, not " + std::to_string(bytes)};
}

BlockCodec block_codec(DType dtype) noexcept {
  for (const auto find : {legacy_codec, k_codec, iq_codec, iq4_codec, fp4_codec, ternary_codec})
    if (const BlockCodec codec = find(dtype); codec.decode != nullptr) return codec;
  return {};
}

/// Elements of a row one by one, each a T that `convert` makes a float of.
template <typename T, typename Convert>
void decode_each(ByteView bytes, std::span<float> values, Convert convert) {
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = convert(load_le<T>(bytes.data() + sizeof(T) * i));
}

template <typename T> void decode_numbers(ByteView bytes, std::span<float> values) {
  decode_each<T>(bytes, values, [](T value) { return static_cast<float>(value); });
}

/// Decodes types whose elements stand alone.
void decode_plain(DType dtype, ByteView bytes, std::span<float> values) {
  switch (dtype) {
    case DType::f32:
      return decode_numbers<float>(bytes, values);
    case DType::f16:
      return decode_each<std::uint16_t>(bytes, values, f16_to_f32);
    case DType::bf16:
      return decode_each<std::uint16_t>(bytes, values, bf16_to_f32);
    case DType::f64:
      return decode_numbers<double>(bytes, values);
    case DType::i8:
      return decode_numbers<std::int8_t>(bytes, values);
    case DType::i16:
      return decode_numbers<std::int16_t>(bytes, values);
    case DType::i32:
      return decode_numbers<std::int32_t>(bytes, values);
    case DType::i64:
      return decode_numbers<std::int64_t>(bytes, values);
    case DType::u8:
      return decode_numbers<std::uint8_t>(bytes, values);
    case DType::u16:
      return decode_numbers<std::uint16_t>(bytes, values);
    case DType::u32:
      return decode_numbers<std::uint32_t>(bytes, values);
    case DType::u64:
      return decode_numbers<std::uint64_t>(bytes, values);
    case DType::f8_e4m3:
      return decode_each<std::uint8_t>(bytes, values, f8_e4m3_to_f32);
    case DType::f8_e5m2:
      return decode_each<std::uint8_t>(bytes, values, f8_e5m2_to_f32);
    case DType::boolean:
      return decode_each<std::uint8_t>(bytes, values,
                                       [](std::uint8_t b) { return b != 0 ? 1.0f : 0.0f; });
    default:
      throw Error{Fault::internal, "no decoder for " + std::string{dtype_info(dtype).name}};
  }
}

void encode_float(DType dtype, std::span<const float> values, std::uint8_t* out) {
  const std::size_t n = values.size();
  if (dtype == DType::f32)
    for (std::size_t i = 0; i < n; ++i) store_le(out + 4 * i, values[i]);
  else if (dtype == DType::f16)
    for (std::size_t i = 0; i < n; ++i) store_le(out + 2 * i, f32_to_f16(values[i]));
  else
    for (std::size_t i = 0; i < n; ++i) store_le(out + 2 * i, f32_to_bf16(values[i]));
}

/// Encodes one block, NaNs as zeros.
void encode_block(EncodeBlock encode, std::span<const float> values, const float* importance,
                  std::uint8_t* block) noexcept {
  const auto is_nan = [](float value) { return std::isnan(value); };
  if (std::none_of(values.begin(), values.end(), is_nan))
    return encode(values.data(), importance, block);
  std::array<float, kSuperBlock> numbers;
  std::replace_copy_if(values.begin(), values.end(), numbers.begin(), is_nan, 0.0f);
  encode(numbers.data(), importance, block);
}

}  // namespace

float f16_to_f32(std::uint16_t half) noexcept {
  // Without branches, so that a loop over halves is vectorised. The product moves the exponent
  // from bias 15 to bias 127, exactly for subnormals too; infinity and NaN it leaves too small.
  const std::uint32_t sign = std::uint32_t{half} >> 15 << 31;
  const std::uint32_t magnitude = half & 0x7FFFu;
  const auto scaled =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude << 13) * 0x1p112f);
  const std::uint32_t special = magnitude >= 0x7C00 ? 0x7F800000u : 0;
  const std::uint32_t quiet = magnitude > 0x7C00 ? 1u << 22 : 0;
  return std::bit_cast<float>(scaled | special | quiet | sign);
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

float f8_e4m3_to_f32(std::uint8_t bits) noexcept {
  const std::uint32_t sign = std::uint32_t{bits} >> 7 << 31;
  const std::uint32_t magnitude = bits & 0x7F;
  if (magnitude == 0x7F) return std::bit_cast<float>(sign | 0x7FC00000);
  if (magnitude < 8) {
    const float subnormal = static_cast<float>(magnitude) * 0x1p-9f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(subnormal) | sign);
  }
  // Four bits of exponent with bias 7 and three of mantissa.
  return std::bit_cast<float>(sign | (magnitude + ((127 - 7) << 3)) << 20);
}

bool is_convertible(DType dtype) noexcept {
  const auto known = dtypes();
  return std::any_of(known.begin(), known.end(),
                     [&](const DTypeInfo& info) { return info.dtype == dtype; });
}

bool can_quantize(DType dtype) noexcept {
  return is_plain_float(dtype) || block_codec(dtype).encode != nullptr;
}

std::string quantizable_names() {
  std::string names;
  for (const DTypeInfo& info : dtypes()) {
    if (!can_quantize(info.dtype)) continue;
    if (!names.empty()) names += ' ';
    names += info.name;
  }
  return names;
}

void dequantize_row(DType dtype, ByteView bytes, std::span<float> values) {
  check_size(dtype, values.size(), bytes.size());
  const BlockCodec codec = block_codec(dtype);
  if (codec.decode == nullptr) return decode_plain(dtype, bytes, values);
  const DTypeInfo& info = dtype_info(dtype);
  const std::uint8_t* block = bytes.data();
  for (std::size_t i = 0; i < values.size(); i += info.block_elements) {
    codec.decode(block, &values[i]);
    block += info.block_bytes;
  }
}

void quantize_row(DType dtype, std::span<const float> values, std::span<std::uint8_t> bytes,
                  std::span<const float> importance) {
  const DTypeInfo& info = dtype_info(dtype);
  if (!can_quantize(dtype))
    throw Error{Fault::data, "cannot write tensors of type " + std::string{info.name} +
                                 "; choose one of: " + quantizable_names()};
  check_size(dtype, values.size(), bytes.size());
  if (!importance.empty() && importance.size() != values.size())
    throw Error{Fault::usage, std::to_string(importance.size()) + " importance weights for " +
                                  std::to_string(values.size()) + " elements"};
  if (is_plain_float(dtype)) return encode_float(dtype, values, bytes.data());
  const EncodeBlock encode = block_codec(dtype).encode;
  std::uint8_t* block = bytes.data();
  for (std::size_t i = 0; i < values.size(); i += info.block_elements) {
    const float* weights = importance.empty() ? nullptr : &importance[i];
    encode_block(encode, values.subspan(i, info.block_elements), weights, block);
    block += info.block_bytes;
  }
}

}  // namespace hart::tensor
