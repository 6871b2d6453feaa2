#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "core/bytes.h"

struct evp_cipher_ctx_st;

namespace hart::crypto {

inline constexpr std::size_t kAesKeyBytes = 32;
inline constexpr std::size_t kGcmNonceBytes = 12;
inline constexpr std::size_t kGcmTagBytes = 16;
using GcmNonce = std::array<std::uint8_t, kGcmNonceBytes>;

/// An AES-256-GCM key set up for one direction; OpenSSL wipes it when the object goes. One
/// thread at a time; a moved-from object may only be destroyed or assigned to. Source: NIST SP
/// 800-38D; computed by OpenSSL's EVP.
class GcmContext {
 protected:
  /// Throws Error(internal) unless `key` has kAesKeyBytes bytes.
  GcmContext(ByteView key, bool sealing);

  struct Free {
    void operator()(evp_cipher_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_cipher_ctx_st, Free> context_;
};

/// Encrypts and authenticates.
class GcmSealer : private GcmContext {
 public:
  explicit GcmSealer(ByteView key) : GcmContext{key, true} {}

  /// Writes the ciphertext of `plain` and its tag to `out`, which is larger by kGcmTagBytes.
  /// `bound` is authenticated and not stored. A nonce serves a key once.
  void seal(const GcmNonce& nonce, ByteView bound, ByteView plain, std::span<std::uint8_t> out);
};

/// Decrypts what GcmSealer made.
class GcmOpener : private GcmContext {
 public:
  explicit GcmOpener(ByteView key) : GcmContext{key, false} {}

  /// Writes the plaintext of `sealed` to `out`, which is smaller by kGcmTagBytes. False, and
  /// `out` zeros, when anything was changed: the bytes, the tag, `bound`, the nonce or the key.
  [[nodiscard]] bool open(const GcmNonce& nonce, ByteView bound, ByteView sealed,
                          std::span<std::uint8_t> out);
};

}  // namespace hart::crypto
