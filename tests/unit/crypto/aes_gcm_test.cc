#include "crypto/aes_gcm.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.h"

namespace hart::crypto {
namespace {

// McGrew, Viega: The Galois/Counter Mode of Operation, appendix B, test case 16.
const ByteBuffer kGcmKey =
    from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
const ByteBuffer kGcmBound = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
const ByteBuffer kGcmPlain = from_hex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449"
    "a6b525b16aedf5aa0de657ba637b39");
const std::string kGcmSealed =
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056"
    "828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b";

GcmNonce published_nonce() {
  const ByteBuffer bytes = from_hex("cafebabefacedbaddecaf888");
  GcmNonce nonce{};
  std::copy(bytes.begin(), bytes.end(), nonce.begin());
  return nonce;
}

ByteBuffer published_sealed() {
  ByteBuffer sealed(kGcmPlain.size() + kGcmTagBytes);
  GcmSealer{kGcmKey}.seal(published_nonce(), kGcmBound, kGcmPlain, sealed);
  return sealed;
}

TEST_CASE("aes-gcm: agrees with the published test case, both ways, message after message") {
  GcmSealer sealer{kGcmKey};
  GcmOpener opener{kGcmKey};
  for (int i = 0; i < 2; ++i) {
    ByteBuffer sealed(kGcmPlain.size() + kGcmTagBytes);
    sealer.seal(published_nonce(), kGcmBound, kGcmPlain, sealed);
    CHECK(to_hex(sealed) == kGcmSealed);
    ByteBuffer opened(kGcmPlain.size());
    CHECK(opener.open(published_nonce(), kGcmBound, sealed, opened));
    CHECK(opened == kGcmPlain);
  }
}

TEST_CASE("aes-gcm: any changed bit is found, and nothing is given out") {
  const ByteBuffer sealed = published_sealed();
  GcmOpener opener{kGcmKey};
  ByteBuffer opened(kGcmPlain.size(), 1);
  const auto opens = [&](const ByteBuffer& bytes, const ByteBuffer& bound,
                         const GcmNonce& nonce) {
    std::fill(opened.begin(), opened.end(), std::uint8_t{1});
    return opener.open(nonce, bound, bytes, opened);
  };
  for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    ByteBuffer changed = sealed;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CHECK_FALSE(opens(changed, kGcmBound, published_nonce()));
    CHECK(opened == ByteBuffer(kGcmPlain.size(), 0));
  }
  for (std::size_t at = 0; at < kGcmBound.size(); ++at) {
    ByteBuffer changed = kGcmBound;
    changed[at] ^= 1;
    CHECK_FALSE(opens(sealed, changed, published_nonce()));
  }
  GcmNonce other = published_nonce();
  other.back() ^= 1;
  CHECK_FALSE(opens(sealed, kGcmBound, other));
  CHECK(opens(sealed, kGcmBound, published_nonce()));
}

TEST_CASE("aes-gcm: a key of another size is a defect of ours") {
  CHECK_THROWS_AS(GcmSealer{ByteView{kGcmKey}.first(16)}, Error);
}

}  // namespace
}  // namespace hart::crypto
