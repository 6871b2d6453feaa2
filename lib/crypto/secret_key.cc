#include "crypto/secret_key.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "core/error.h"
#include "crypto/sha256.h"

namespace hart::crypto {

SecretKey::~SecretKey() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

SecretKey::SecretKey(SecretKey&& other) noexcept : bytes_{other.bytes_} {
  OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  if (this == &other) return *this;
  bytes_ = other.bytes_;
  OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
  return *this;
}

void hkdf_sha256(ByteView secret, ByteView salt, ByteView info, std::span<std::uint8_t> out) {
  constexpr std::size_t kMostBlocks = 255;
  if (out.size() > kMostBlocks * Hash256{}.size())
    throw Error{Fault::internal, "HKDF gives at most 8160 bytes"};
  Hash256 extracted = hmac_sha256(salt, secret);
  // T(i) = HMAC(extracted, T(i - 1) | info | i), the first without a T before it.
  Hash256 block{};
  ByteBuffer message;
  message.reserve(block.size() + info.size() + 1);
  for (std::uint8_t number = 1; !out.empty(); ++number) {
    message.clear();
    if (number > 1) message.insert(message.end(), block.begin(), block.end());
    message.insert(message.end(), info.begin(), info.end());
    message.push_back(number);
    block = hmac_sha256(extracted, message);
    const std::size_t count = std::min(block.size(), out.size());
    std::copy_n(block.begin(), count, out.begin());
    out = out.subspan(count);
  }
  OPENSSL_cleanse(extracted.data(), extracted.size());
  OPENSSL_cleanse(block.data(), block.size());
  OPENSSL_cleanse(message.data(), message.size());
}

}  // namespace hart::crypto
