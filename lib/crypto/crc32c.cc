#include "crypto/crc32c.h"

#include <array>

#include "core/cpu.h"
#include "core/endian.h"
#include "crypto/crc32c_kernels.h"

namespace hart::crypto {
namespace {

/// tables[k][b] is the remainder of byte b followed by k zero bytes.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit)
      remainder = remainder >> 1 ^ ((remainder & 1) != 0 ? kCrc32cPolynomial : 0);
    tables[0][byte] = remainder;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = before >> 8 ^ tables[0][before & 0xff];
    }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32c_scalar(const std::uint8_t* data, std::size_t size,
                            std::uint32_t seed) noexcept {
  std::uint32_t crc = ~seed;
  for (; size >= 8; size -= 8, data += 8) {
    const std::uint64_t word = load_le<std::uint64_t>(data) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][word >> (8 * i) & 0xff];
  }
  for (; size > 0; --size, ++data) crc = crc >> 8 ^ kTables[0][(crc ^ *data) & 0xff];
  return ~crc;
}

std::span<const Crc32cKernel> crc32c_kernels() noexcept {
  static const std::array kernels {
    Crc32cKernel{"scalar", true, crc32c_scalar},
#if defined(__x86_64__)
        Crc32cKernel{"sse42", cpu_features().sse42, crc32c_sse42},
#endif
  };
  return kernels;
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t seed) noexcept {
  static const auto run = [] {
    auto best = crc32c_kernels().front().run;
    for (const Crc32cKernel& kernel : crc32c_kernels())
      if (kernel.supported) best = kernel.run;
    return best;
  }();
  return run(bytes.data(), bytes.size(), seed);
}

}  // namespace hart::crypto
