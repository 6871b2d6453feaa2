#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/bytes.h"

struct evp_pkey_st;

namespace hart::crypto {

/// Ed25519, the pure variant: the message itself is signed, and a key and a message have one
/// signature. Source: RFC 8032; computed by OpenSSL's EVP.
using Ed25519PublicKey = std::array<std::uint8_t, 32>;
using Ed25519Signature = std::array<std::uint8_t, 64>;

/// A private key, held by OpenSSL and wiped from memory when the object goes. A moved-from
/// object may only be destroyed or assigned to. Any number of threads may sign with one key.
class Ed25519PrivateKey {
 public:
  /// A fresh key from the system's random numbers.
  [[nodiscard]] static Ed25519PrivateKey generate();
  /// The key of RFC 8032's 32 bytes of private key. Throws Error(data) on another length.
  [[nodiscard]] static Ed25519PrivateKey from_seed(ByteView seed);
  /// The first private key of a PEM text (PKCS #8, as `openssl genpkey -algorithm ed25519`
  /// writes it), not encrypted. Throws Error(data, "<what>: ...") on anything else.
  [[nodiscard]] static Ed25519PrivateKey from_pem(std::string_view pem,
                                                  const std::string& what);

  [[nodiscard]] Ed25519PublicKey public_key() const;
  /// The 32 bytes of `from_seed`. The caller keeps them secret.
  [[nodiscard]] std::array<std::uint8_t, 32> seed() const;
  [[nodiscard]] Ed25519Signature sign(ByteView message) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  explicit Ed25519PrivateKey(evp_pkey_st* key) : key_{key} {}

  std::unique_ptr<evp_pkey_st, Free> key_;
};

/// Whether `signature` is that of `message` under `key`. Never throws for what a signer chose:
/// a key or a signature that cannot be one is false.
[[nodiscard]] bool verify_ed25519(const Ed25519PublicKey& key, ByteView message,
                                  ByteView signature);

}  // namespace hart::crypto
