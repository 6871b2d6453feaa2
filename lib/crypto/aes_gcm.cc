#include "crypto/aes_gcm.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <limits>
#include <string>

#include "core/error.h"

namespace hart::crypto {
namespace {

/// OpenSSL keeps the reasons of a failure for the thread's next caller; they are dropped.
void require_gcm(bool holds, const char* what) {
  if (holds) return;
  ERR_clear_error();
  throw Error{Fault::internal, std::string{"OpenSSL: "} + what + " failed"};
}

/// Fetched once a process, and never freed: OpenSSL's own clean-up may run before that of
/// static objects.
const EVP_CIPHER* gcm_algorithm() {
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  if (fetched == nullptr) throw Error{Fault::unavailable, "OpenSSL offers no AES-256-GCM"};
  return fetched;
}

/// EVP counts in int.
int gcm_length(std::size_t size) {
  require_gcm(size <= std::numeric_limits<int>::max(), "AES-GCM of more than 2 GiB at a time");
  return static_cast<int>(size);
}

}  // namespace

void GcmContext::Free::operator()(evp_cipher_ctx_st* context) const noexcept {
  EVP_CIPHER_CTX_free(context);
}

GcmContext::GcmContext(ByteView key, bool sealing) : context_{EVP_CIPHER_CTX_new()} {
  if (!context_) throw Error{Fault::unavailable, "OpenSSL: no memory for a cipher context"};
  require_gcm(key.size() == kAesKeyBytes &&
                  EVP_CipherInit_ex2(context_.get(), gcm_algorithm(), key.data(), nullptr,
                                     sealing ? 1 : 0, nullptr) == 1,
              "EVP_CipherInit_ex2");
}

void GcmSealer::seal(const GcmNonce& nonce, ByteView bound, ByteView plain,
                     std::span<std::uint8_t> out) {
  require_gcm(out.size() == plain.size() + kGcmTagBytes, "AES-GCM into another size");
  EVP_CIPHER_CTX* const context = context_.get();
  int size = 0;
  int rest = 0;
  require_gcm(
      EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
          EVP_EncryptUpdate(context, nullptr, &size, bound.data(), gcm_length(bound.size())) ==
              1 &&
          EVP_EncryptUpdate(context, out.data(), &size, plain.data(),
                            gcm_length(plain.size())) == 1 &&
          EVP_EncryptFinal_ex(context, out.data() + size, &rest) == 1 &&
          EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kGcmTagBytes),
                              out.data() + plain.size()) == 1,
      "AES-256-GCM");
}

bool GcmOpener::open(const GcmNonce& nonce, ByteView bound, ByteView sealed,
                     std::span<std::uint8_t> out) {
  require_gcm(sealed.size() == out.size() + kGcmTagBytes, "AES-GCM into another size");
  EVP_CIPHER_CTX* const context = context_.get();
  // OpenSSL takes the expected tag by a pointer that is not const.
  std::array<std::uint8_t, kGcmTagBytes> tag;
  std::copy_n(sealed.end() - static_cast<std::ptrdiff_t>(tag.size()), tag.size(), tag.begin());
  int size = 0;
  int rest = 0;
  require_gcm(EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
                  EVP_DecryptUpdate(context, nullptr, &size, bound.data(),
                                    gcm_length(bound.size())) == 1 &&
                  EVP_DecryptUpdate(context, out.data(), &size, sealed.data(),
                                    gcm_length(out.size())) == 1 &&
                  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG,
                                      static_cast<int>(tag.size()), tag.data()) == 1,
              "AES-256-GCM");
  if (EVP_DecryptFinal_ex(context, out.data() + size, &rest) == 1) return true;
  ERR_clear_error();
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  return false;
}

}  // namespace hart::crypto
