#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bytes.h"

namespace hart::crypto {

/// CRC-32C of `bytes`: the checksum of stored extents, against damage and not against malice.
/// `seed` is the checksum of what went before, so that crc32c(b, crc32c(a)) is that of a ‖ b.
/// Source: RFC 3720, section 12.1: polynomial 0x1EDC6F41, reflected, inverted before and after.
[[nodiscard]] std::uint32_t crc32c(ByteView bytes, std::uint32_t seed = 0) noexcept;

/// One way of computing it. The first kernel is portable and defines the result.
struct Crc32cKernel {
  const char* name;
  bool supported;  ///< by the processor that runs this process
  std::uint32_t (*run)(const std::uint8_t* data, std::size_t size, std::uint32_t seed) noexcept;
};

/// Every kernel of this build; `crc32c` takes the last one supported.
[[nodiscard]] std::span<const Crc32cKernel> crc32c_kernels() noexcept;

}  // namespace hart::crypto
