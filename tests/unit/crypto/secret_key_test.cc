#include "crypto/secret_key.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.h"

namespace hart::crypto {
namespace {

struct HkdfVector {
  std::string secret;
  std::string salt;
  std::string info;
  std::string output;
};

/// Hexadecimal of the bytes from `first` to `last`.
std::string run_of_bytes(unsigned first, unsigned last) {
  ByteBuffer bytes;
  for (unsigned byte = first; byte <= last; ++byte)
    bytes.push_back(static_cast<std::uint8_t>(byte));
  return to_hex(bytes);
}

TEST_CASE("hkdf: agrees with RFC 5869, appendix A.1 to A.3") {
  const std::string repeated = to_hex(ByteBuffer(22, 0x0b));
  const HkdfVector vectors[] = {
      {repeated, run_of_bytes(0x00, 0x0c), run_of_bytes(0xf0, 0xf9),
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {run_of_bytes(0x00, 0x4f), run_of_bytes(0x60, 0xaf), run_of_bytes(0xb0, 0xff),
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c"
       "65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {repeated, "", "",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
  for (const HkdfVector& vector : vectors) {
    ByteBuffer out(vector.output.size() / 2);
    hkdf_sha256(from_hex(vector.secret), from_hex(vector.salt), from_hex(vector.info), out);
    CHECK(to_hex(out) == vector.output);
  }
}

TEST_CASE("hkdf: a longer output begins with the shorter one, up to the limit") {
  const ByteBuffer secret(32, 7);
  ByteBuffer longest(8160);
  hkdf_sha256(secret, {}, {}, longest);
  for (const std::size_t size : {std::size_t{1}, std::size_t{32}, std::size_t{33}}) {
    ByteBuffer out(size);
    hkdf_sha256(secret, {}, {}, out);
    CHECK(std::equal(out.begin(), out.end(), longest.begin()));
  }
  longest.resize(8161);
  CHECK_THROWS_AS(hkdf_sha256(secret, {}, {}, longest), Error);
}

TEST_CASE("secret key: what it moved from is wiped") {
  SecretKey first;
  std::fill(first.writable().begin(), first.writable().end(), std::uint8_t{9});
  SecretKey second{std::move(first)};
  const ByteBuffer nines(SecretKey::kBytes, 9);
  const ByteBuffer zeros(SecretKey::kBytes, 0);
  CHECK(std::equal(nines.begin(), nines.end(), second.bytes().begin()));
  // What is left behind is what the test is about.
  const ByteView left = first.bytes();  // NOLINT(bugprone-use-after-move)
  CHECK(std::equal(zeros.begin(), zeros.end(), left.begin()));
  first = std::move(second);
  CHECK(std::equal(nines.begin(), nines.end(), first.bytes().begin()));
}

}  // namespace
}  // namespace hart::crypto
