#include "crypto/crc32c.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace hart::crypto {
namespace {

ByteBuffer random_buffer(std::size_t size) {
  std::mt19937_64 random{size + 1};
  ByteBuffer bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST_CASE("crc32c: every kernel agrees with the published check value and RFC 3720, B.4") {
  ByteBuffer ascending(32);
  for (std::size_t i = 0; i < ascending.size(); ++i)
    ascending[i] = static_cast<std::uint8_t>(i);
  const ByteBuffer descending(ascending.rbegin(), ascending.rend());
  const ByteBuffer zeros(32, 0x00);
  const ByteBuffer ones(32, 0xff);
  for (const Crc32cKernel& kernel : crc32c_kernels()) {
    if (!kernel.supported) continue;
    CAPTURE(std::string{kernel.name});
    const auto run = [&](ByteView bytes) { return kernel.run(bytes.data(), bytes.size(), 0); };
    CHECK(run({}) == 0);
    CHECK(run(as_bytes("123456789")) == 0xE3069283);
    CHECK(run(zeros) == 0x8A9136AA);
    CHECK(run(ones) == 0x62A8AB43);
    CHECK(run(ascending) == 0x46DD794E);
    CHECK(run(descending) == 0x113FDB5C);
  }
}

TEST_CASE("crc32c: every kernel equals the scalar one at every length round its steps") {
  const ByteBuffer bytes = random_buffer(20'011);
  const Crc32cKernel& scalar = crc32c_kernels().front();
  for (const Crc32cKernel& kernel : crc32c_kernels()) {
    if (!kernel.supported) continue;
    CAPTURE(std::string{kernel.name});
    for (const std::size_t size :
         {0u, 1u, 7u, 8u, 9u, 3071u, 3072u, 3073u, 6143u, 6144u, 20'000u})
      for (const std::size_t offset : {0u, 1u, 11u}) {
        CAPTURE(size);
        const std::uint32_t expected = scalar.run(bytes.data() + offset, size, 0x1234);
        CHECK(kernel.run(bytes.data() + offset, size, 0x1234) == expected);
      }
  }
}

TEST_CASE("crc32c: a checksum continued from its first part is that of the whole") {
  const ByteBuffer bytes = random_buffer(10'000);
  const ByteView all{bytes};
  const std::uint32_t whole = crc32c(all);
  for (const std::size_t cut : {0u, 1u, 4095u, 9999u, 10'000u})
    CHECK(crc32c(all.subspan(cut), crc32c(all.first(cut))) == whole);
}

TEST_CASE("crc32c: one flipped bit changes the checksum") {
  ByteBuffer bytes = random_buffer(5000);
  const std::uint32_t before = crc32c(bytes);
  bytes[4321] ^= 0x10;
  CHECK(crc32c(bytes) != before);
}

}  // namespace
}  // namespace hart::crypto
