#include "formats/gguf_values.h"

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace hart::formats {
namespace {

/// Bytes of a value of a scalar type; the least bytes of a string or an array.
std::uint64_t least_value_bytes(GgufType type, std::uint64_t length_bytes) noexcept {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean:
      return 1;
    case GgufType::u16:
    case GgufType::i16:
      return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32:
      return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64:
      return 8;
    case GgufType::string:
      return length_bytes;
    case GgufType::array:
      return length_bytes + 4;
  }
  return 1;
}

bool read_bool(GgufCursor& cursor) {
  return cursor.read<std::uint8_t>("a boolean") != 0;
}

std::int64_t read_integer(GgufCursor& cursor, GgufType type) {
  switch (type) {
    case GgufType::u8:
      return cursor.read<std::uint8_t>("a u8");
    case GgufType::i8:
      return cursor.read<std::int8_t>("an i8");
    case GgufType::u16:
      return cursor.read<std::uint16_t>("a u16");
    case GgufType::i16:
      return cursor.read<std::int16_t>("an i16");
    case GgufType::u32:
      return cursor.read<std::uint32_t>("a u32");
    case GgufType::i32:
      return cursor.read<std::int32_t>("an i32");
    case GgufType::boolean:
      return read_bool(cursor) ? 1 : 0;
    default:
      return cursor.read<std::int64_t>("a 64-bit integer");
  }
}

double read_float(GgufCursor& cursor, GgufType type) {
  return type == GgufType::f32 ? widen_f32(cursor.read<std::uint32_t>("an f32"))
                               : std::bit_cast<double>(cursor.read<std::uint64_t>("an f64"));
}

GgufArray read_array(GgufCursor& cursor, int depth) {
  GgufArray array;
  const std::uint64_t type_at = cursor.offset();
  if (depth > kMaxGgufArrayDepth)
    fail_gguf(type_at, "expected arrays nested at most " + std::to_string(kMaxGgufArrayDepth) +
                           " deep, found one deeper");
  array.element = read_gguf_type(cursor);
  const std::uint64_t count_at = cursor.offset();
  const std::uint64_t count = cursor.read_length("an array's length");
  if (count > cursor.remaining() / least_value_bytes(array.element, cursor.length_bytes()))
    fail_gguf(count_at, "expected an array that fits the remaining " +
                            std::to_string(cursor.remaining()) + " bytes, found " +
                            std::to_string(count) + " elements");
  // An empty array takes many times its bytes in the file: these grow as they are read.
  if (array.element == GgufType::array) {
    for (std::uint64_t i = 0; i < count; ++i)
      array.arrays.push_back(read_array(cursor, depth + 1));
  } else if (array.element == GgufType::string) {
    array.strings.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i)
      array.strings.push_back(cursor.read_string("a string"));
  } else if (is_float(array.element)) {
    array.floats.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i)
      array.floats.push_back(read_float(cursor, array.element));
  } else {
    array.integers.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i)
      array.integers.push_back(read_integer(cursor, array.element));
  }
  return array;
}

template <typename T> void append_narrow(ByteBuffer& out, std::int64_t value, ByteOrder order) {
  if (!std::in_range<T>(value))
    throw Error{Fault::usage, "GGUF value " + std::to_string(value) + " does not fit its type"};
  append_ordered(out, static_cast<T>(value), order);
}

void append_integer(ByteBuffer& out, GgufType type, std::int64_t value, ByteOrder order) {
  switch (type) {
    case GgufType::u8:
      return append_narrow<std::uint8_t>(out, value, order);
    case GgufType::i8:
      return append_narrow<std::int8_t>(out, value, order);
    case GgufType::u16:
      return append_narrow<std::uint16_t>(out, value, order);
    case GgufType::i16:
      return append_narrow<std::int16_t>(out, value, order);
    case GgufType::u32:
      return append_narrow<std::uint32_t>(out, value, order);
    case GgufType::i32:
      return append_narrow<std::int32_t>(out, value, order);
    case GgufType::u64:
    case GgufType::i64:
      return append_ordered(out, value, order);
    case GgufType::boolean:
      return append_le<std::uint8_t>(out, value != 0 ? 1 : 0);
    default:
      throw Error{Fault::usage, "GGUF integer given for a type that is not one"};
  }
}

void append_float(ByteBuffer& out, GgufType type, double value, ByteOrder order) {
  if (type == GgufType::f64)
    return append_ordered(out, std::bit_cast<std::uint64_t>(value), order);
  if (type != GgufType::f32)
    throw Error{Fault::usage, "GGUF float given for a type that is not one"};
  if (std::isfinite(value) && std::abs(value) > double{std::numeric_limits<float>::max()})
    throw Error{Fault::usage, "GGUF value " + std::to_string(value) + " does not fit its type"};
  append_ordered(out, f32_bits(value), order);
}

/// Elements in the column that `array.element` names.
std::size_t column_size(const GgufArray& array) noexcept {
  if (array.element == GgufType::array) return array.arrays.size();
  if (array.element == GgufType::string) return array.strings.size();
  return is_float(array.element) ? array.floats.size() : array.integers.size();
}

void append_array(ByteBuffer& out, const GgufArray& array, ByteOrder order, int depth) {
  if (depth > kMaxGgufArrayDepth)
    throw Error{Fault::usage,
                "GGUF arrays nested more than " + std::to_string(kMaxGgufArrayDepth) + " deep"};
  if (column_size(array) != array.size())
    throw Error{Fault::usage, "GGUF array holds elements of more than its type"};
  append_ordered(out, static_cast<std::uint32_t>(array.element), order);
  append_ordered<std::uint64_t>(out, array.size(), order);
  for (const GgufArray& inner : array.arrays) append_array(out, inner, order, depth + 1);
  for (const std::string_view text : array.strings) append_gguf_string(out, text, order);
  for (const double value : array.floats) append_float(out, array.element, value, order);
  for (const std::int64_t value : array.integers)
    append_integer(out, array.element, value, order);
}

}  // namespace

double widen_f32(std::uint32_t bits) noexcept {
  const auto value = std::bit_cast<float>(bits);
  if (!std::isnan(value)) return double{value};
  const std::uint64_t sign = std::uint64_t{bits >> 31} << 63;
  const std::uint64_t payload = std::uint64_t{bits & 0x7FFFFF} << 29;
  return std::bit_cast<double>(sign | 0x7FF0000000000000 | payload);
}

std::uint32_t f32_bits(double value) noexcept {
  if (!std::isnan(value)) return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto payload = static_cast<std::uint32_t>(bits >> 29) & 0x7FFFFF;
  // A payload that only a double can hold must not become that of an infinity.
  return static_cast<std::uint32_t>(bits >> 63) << 31 | 0x7F800000 |
         (payload == 0 ? 0x400000 : payload);
}

GgufType read_gguf_type(GgufCursor& cursor) {
  const std::uint64_t at = cursor.offset();
  const auto id = cursor.read<std::uint32_t>("a value type");
  if (id > static_cast<std::uint32_t>(GgufType::f64))
    fail_gguf(at, "expected a value type from 0 to 12, found " + std::to_string(id));
  return static_cast<GgufType>(id);
}

GgufValue read_gguf_value(GgufCursor& cursor, GgufType type) {
  switch (type) {
    case GgufType::array:
      return read_array(cursor, 1);
    case GgufType::string:
      return cursor.read_string("a string");
    case GgufType::boolean:
      return read_bool(cursor);
    case GgufType::f32:
    case GgufType::f64:
      return read_float(cursor, type);
    default:
      return read_integer(cursor, type);
  }
}

void append_gguf_string(ByteBuffer& out, std::string_view text, ByteOrder order) {
  append_ordered<std::uint64_t>(out, text.size(), order);
  append(out, as_bytes(text));
}

void append_gguf_value(ByteBuffer& out, GgufType type, const GgufValue& value,
                       ByteOrder order) {
  const auto require = [&](GgufType wanted) {
    if (type != wanted) throw Error{Fault::usage, "GGUF value is not of the type given for it"};
  };
  if (const auto* array = std::get_if<GgufArray>(&value)) {
    require(GgufType::array);
    append_array(out, *array, order, 1);
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    require(GgufType::string);
    append_gguf_string(out, *text, order);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    require(GgufType::boolean);
    out.push_back(*flag ? 1 : 0);
  } else if (const auto* real = std::get_if<double>(&value)) {
    append_float(out, type, *real, order);
  } else {
    if (type == GgufType::boolean)
      throw Error{Fault::usage, "GGUF integer given for a boolean"};
    append_integer(out, type, std::get<std::int64_t>(value), order);
  }
}

}  // namespace hart::formats
