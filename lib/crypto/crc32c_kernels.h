#pragma once

#include <cstddef>
#include <cstdint>

namespace hart::crypto {

/// RFC 3720's polynomial with its bits reversed.
inline constexpr std::uint32_t kCrc32cPolynomial = 0x82F63B78;

/// Eight tables, eight bytes a step.
std::uint32_t crc32c_scalar(const std::uint8_t* data, std::size_t size,
                            std::uint32_t seed) noexcept;

/// The instruction of SSE4.2 over three interleaved streams. x86-64 only.
std::uint32_t crc32c_sse42(const std::uint8_t* data, std::size_t size,
                           std::uint32_t seed) noexcept;

}  // namespace hart::crypto
