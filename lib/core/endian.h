#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/bytes.h"

namespace hart {

static_assert(std::endian::native == std::endian::little,
              "the store's encodings are little-endian and are read in place");

/// Reads a little-endian T at `data`, which need not be aligned.
template <typename T> [[nodiscard]] inline T load_le(const std::uint8_t* data) noexcept {
  T value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

/// Writes `value` at `data` in little-endian order.
template <typename T> inline void store_le(std::uint8_t* data, T value) noexcept {
  std::memcpy(data, &value, sizeof value);
}

/// Appends `value` in little-endian order.
template <typename T> inline void append_le(ByteBuffer& out, T value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof value);
  store_le(out.data() + at, value);
}

// Not inlined: gcc 12 then warns falsely (stringop-overflow) about the growth of an empty
// buffer.
[[gnu::noinline]] inline void append(ByteBuffer& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace hart
