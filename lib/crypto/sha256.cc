#include "crypto/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "core/error.h"

namespace hart::crypto {
namespace {

/// FIPS 180-4, table in section 1: SHA-256 works on blocks of 512 bits.
constexpr std::size_t kShaBlockBytes = 64;

void check(int ok, const char* what) {
  if (ok != 1) throw Error{Fault::internal, std::string{"OpenSSL: "} + what + " failed"};
}

/// Fetching looks through the providers under a lock and costs more than hashing a short
/// message. It is never freed: OpenSSL's own clean-up may run before that of static objects.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (fetched == nullptr) throw Error{Fault::unavailable, "OpenSSL offers no SHA-256"};
  return fetched;
}

Sha256& hasher_of_this_thread() {
  thread_local Sha256 hasher;
  return hasher;
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_{EVP_MD_CTX_new()} {
  if (!context_) throw Error{Fault::unavailable, "OpenSSL: no memory for a digest context"};
  start();
}

void Sha256::start() {
  check(EVP_DigestInit_ex2(context_.get(), algorithm(), nullptr), "EVP_DigestInit_ex2");
}

Sha256& Sha256::update(ByteView bytes) {
  check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()), "EVP_DigestUpdate");
  return *this;
}

Hash256 Sha256::finish() {
  Hash256 digest;
  check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr), "EVP_DigestFinal_ex");
  start();
  return digest;
}

Hash256 sha256(ByteView bytes) {
  return hasher_of_this_thread().update(bytes).finish();
}

Hash256 sha256_concat(std::initializer_list<ByteView> parts) {
  Sha256& hasher = hasher_of_this_thread();
  for (const ByteView part : parts) hasher.update(part);
  return hasher.finish();
}

Hash256 hmac_sha256(ByteView key, ByteView bytes) {
  std::array<std::uint8_t, kShaBlockBytes> inner_pad{};
  if (key.size() > kShaBlockBytes) {
    const Hash256 shortened = sha256(key);
    std::copy(shortened.begin(), shortened.end(), inner_pad.begin());
  } else {
    std::copy(key.begin(), key.end(), inner_pad.begin());
  }
  std::array<std::uint8_t, kShaBlockBytes> outer_pad = inner_pad;
  for (std::uint8_t& byte : inner_pad) byte ^= 0x36;
  for (std::uint8_t& byte : outer_pad) byte ^= 0x5c;
  const Hash256 inner = sha256_concat({inner_pad, bytes});
  const Hash256 outer = sha256_concat({outer_pad, inner});
  OPENSSL_cleanse(inner_pad.data(), inner_pad.size());
  OPENSSL_cleanse(outer_pad.data(), outer_pad.size());
  return outer;
}

bool equal_constant_time(const Hash256& a, const Hash256& b) noexcept {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace hart::crypto
