#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "core/bytes.h"
#include "core/endian.h"

namespace hart::formats {

/// The order in which a file stores the bytes of its numbers.
enum class ByteOrder : std::uint8_t { little, big };

/// `little-endian` or `big-endian`.
[[nodiscard]] constexpr std::string_view byte_order_name(ByteOrder order) noexcept {
  return order == ByteOrder::little ? "little-endian" : "big-endian";
}

namespace detail {

template <std::size_t Size> struct UintOf;
template <> struct UintOf<1> { using type = std::uint8_t; };
template <> struct UintOf<2> { using type = std::uint16_t; };
template <> struct UintOf<4> { using type = std::uint32_t; };
template <> struct UintOf<8> { using type = std::uint64_t; };

}  // namespace detail

/// `value` with the order of its bytes reversed.
template <typename T> [[nodiscard]] constexpr T byte_swapped(T value) noexcept {
  static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
  using Bits = typename detail::UintOf<sizeof(T)>::type;
  const Bits bits = std::bit_cast<Bits>(value);
  if constexpr (sizeof(T) == 2) return std::bit_cast<T>(__builtin_bswap16(bits));
  if constexpr (sizeof(T) == 4) return std::bit_cast<T>(__builtin_bswap32(bits));
  if constexpr (sizeof(T) == 8) return std::bit_cast<T>(__builtin_bswap64(bits));
  return value;
}

/// Reads a T stored in `order` at `data`, which need not be aligned. Floats are better read as
/// the integer of their size: a processor may change the bits of a NaN it copies.
template <typename T>
[[nodiscard]] inline T load_ordered(const std::uint8_t* data, ByteOrder order) noexcept {
  const T value = load_le<T>(data);
  return order == ByteOrder::little ? value : byte_swapped(value);
}

/// Appends `value` in `order`.
template <typename T> inline void append_ordered(ByteBuffer& out, T value, ByteOrder order) {
  append_le(out, order == ByteOrder::little ? value : byte_swapped(value));
}

}  // namespace hart::formats
