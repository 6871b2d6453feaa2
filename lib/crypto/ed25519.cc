#include "crypto/ed25519.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/error.h"
#include "core/uuid.h"

namespace hart::crypto {
namespace {

struct FreeMdContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using MdContext = std::unique_ptr<EVP_MD_CTX, FreeMdContext>;

struct FreePublicKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};

/// OpenSSL keeps the reasons of a failure for the thread's next caller; they are dropped.
void require(bool holds, const char* what) {
  if (holds) return;
  ERR_clear_error();
  throw Error{Fault::internal, std::string{"OpenSSL: "} + what + " failed"};
}

/// Without it OpenSSL would ask the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
  return -1;
}

}  // namespace

void Ed25519PrivateKey::Free::operator()(evp_pkey_st* key) const noexcept {
  EVP_PKEY_free(key);
}

Ed25519PrivateKey Ed25519PrivateKey::generate() {
  std::array<std::uint8_t, 32> seed;
  random_bytes(seed.data(), seed.size());
  Ed25519PrivateKey key = from_seed(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  return key;
}

Ed25519PrivateKey Ed25519PrivateKey::from_seed(ByteView seed) {
  if (seed.size() != 32)
    throw Error{Fault::data,
                "an Ed25519 private key has 32 bytes, not " + std::to_string(seed.size())};
  EVP_PKEY* const key =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size());
  require(key != nullptr, "EVP_PKEY_new_raw_private_key");
  return Ed25519PrivateKey{key};
}

Ed25519PrivateKey Ed25519PrivateKey::from_pem(std::string_view pem, const std::string& what) {
  const std::unique_ptr<BIO, FreeBio> bio{
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  require(bio != nullptr, "BIO_new_mem_buf");
  EVP_PKEY* const found = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr);
  if (found == nullptr) {
    ERR_clear_error();
    throw Error{Fault::data, what +
                                 ": no private key in PEM that can be read; an encrypted "
                                 "one is not supported"};
  }
  Ed25519PrivateKey key{found};
  if (EVP_PKEY_get_base_id(found) != EVP_PKEY_ED25519)
    throw Error{Fault::data, what + ": a private key, but not for Ed25519"};
  return key;
}

Ed25519PublicKey Ed25519PrivateKey::public_key() const {
  Ed25519PublicKey bytes;
  std::size_t size = bytes.size();
  require(
      EVP_PKEY_get_raw_public_key(key_.get(), bytes.data(), &size) == 1 && size == bytes.size(),
      "EVP_PKEY_get_raw_public_key");
  return bytes;
}

std::array<std::uint8_t, 32> Ed25519PrivateKey::seed() const {
  std::array<std::uint8_t, 32> bytes;
  std::size_t size = bytes.size();
  require(EVP_PKEY_get_raw_private_key(key_.get(), bytes.data(), &size) == 1 &&
              size == bytes.size(),
          "EVP_PKEY_get_raw_private_key");
  return bytes;
}

Ed25519Signature Ed25519PrivateKey::sign(ByteView message) const {
  const MdContext context{EVP_MD_CTX_new()};
  require(context != nullptr &&
              EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1,
          "EVP_DigestSignInit");
  Ed25519Signature signature;
  std::size_t size = signature.size();
  require(EVP_DigestSign(context.get(), signature.data(), &size, message.data(),
                         message.size()) == 1 &&
              size == signature.size(),
          "EVP_DigestSign");
  return signature;
}

bool verify_ed25519(const Ed25519PublicKey& key, ByteView message, ByteView signature) {
  if (signature.size() != Ed25519Signature{}.size()) return false;
  const std::unique_ptr<EVP_PKEY, FreePublicKey> open{
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size())};
  const MdContext context{EVP_MD_CTX_new()};
  require(open != nullptr && context != nullptr &&
              EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, open.get()) == 1,
          "EVP_DigestVerifyInit");
  const bool holds = EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                      message.data(), message.size()) == 1;
  ERR_clear_error();
  return holds;
}

}  // namespace hart::crypto
