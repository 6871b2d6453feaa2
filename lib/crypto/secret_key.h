#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/bytes.h"

namespace hart::crypto {

/// 256 secret bits, wiped when the object goes.
class SecretKey {
 public:
  static constexpr std::size_t kBytes = 32;

  SecretKey() noexcept = default;
  ~SecretKey();
  /// The other is wiped.
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;

  [[nodiscard]] ByteView bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::span<std::uint8_t, kBytes> writable() noexcept { return bytes_; }

 private:
  std::array<std::uint8_t, kBytes> bytes_{};
};

/// Derives `out` from `secret` for the use that `info` names, where uses with other `info` or
/// `salt` learn nothing of it. At most 8160 bytes. Source: RFC 5869 (HKDF) with SHA-256; test
/// vectors in its appendix A.
void hkdf_sha256(ByteView secret, ByteView salt, ByteView info, std::span<std::uint8_t> out);

}  // namespace hart::crypto
