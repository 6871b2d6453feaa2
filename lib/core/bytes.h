#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hart {

/// Bytes of which the caller keeps the ownership.
using ByteView = std::span<const std::uint8_t>;
using ByteBuffer = std::vector<std::uint8_t>;

/// A SHA-256 digest.
using Hash256 = std::array<std::uint8_t, 32>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Lower-case hexadecimal, two digits a byte.
[[nodiscard]] std::string to_hex(ByteView bytes);
/// The inverse, either case. Throws Error(data) on an odd length or another character.
[[nodiscard]] ByteBuffer from_hex(std::string_view hex);

/// RFC 4648 base64 with padding.
[[nodiscard]] std::string to_base64(ByteView bytes);
/// The inverse. Throws Error(data) on anything but canonical, padded base64.
[[nodiscard]] ByteBuffer from_base64(std::string_view text);

}  // namespace hart
