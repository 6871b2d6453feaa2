#pragma once

#include <initializer_list>
#include <memory>

#include "core/bytes.h"

struct evp_md_ctx_st;

namespace hart::crypto {

/// SHA-256 over bytes that arrive in pieces. One object serves any number of messages, one
/// after the other; one thread at a time. A moved-from object may only be destroyed or assigned
/// to. Source: FIPS 180-4; computed by OpenSSL's EVP, whose algorithm is fetched once a
/// process.
class Sha256 {
 public:
  /// Throws Error(unavailable) when OpenSSL offers no SHA-256.
  Sha256();

  /// Appends to the message. Returns itself, so that calls can be chained.
  Sha256& update(ByteView bytes);

  /// The digest of what was appended since construction or the last `finish`; a new message
  /// begins.
  [[nodiscard]] Hash256 finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };

  void start();

  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// SHA-256 of `bytes`. Reuses one context a thread, so short inputs cost no allocation.
[[nodiscard]] Hash256 sha256(ByteView bytes);

/// SHA-256 of the parts joined without separators. The caller sees to it that two lists that
/// must differ never join to the same bytes.
[[nodiscard]] Hash256 sha256_concat(std::initializer_list<ByteView> parts);

/// HMAC-SHA-256 of `bytes` under a key of any length, the empty one included.
/// Source: RFC 2104; test vectors RFC 4231.
[[nodiscard]] Hash256 hmac_sha256(ByteView key, ByteView bytes);

/// Whether two digests are equal, in a time that does not depend on where they differ: for
/// secrets such as keys; `==` serves elsewhere.
[[nodiscard]] bool equal_constant_time(const Hash256& a, const Hash256& b) noexcept;

}  // namespace hart::crypto
