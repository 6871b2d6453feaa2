#include "crypto/sha256.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

namespace hart::crypto {
namespace {

struct Vector {
  std::string message;
  const char* digest;
};

// FIPS 180-4's examples (NIST, "SHA-256 test data") and the empty message.
const std::vector<Vector>& vectors() {
  static const std::vector<Vector> list{
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1'000'000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  return list;
}

TEST_CASE("sha256: agrees with the examples of FIPS 180-4") {
  for (const Vector& vector : vectors())
    CHECK(to_hex(sha256(as_bytes(vector.message))) == vector.digest);
}

TEST_CASE(
    "sha256: a digest does not depend on how the message is cut, and the hasher starts anew") {
  Sha256 hasher;
  for (const Vector& vector : vectors())
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{65}}) {
      const ByteView message = as_bytes(vector.message);
      for (std::size_t at = 0; at < message.size(); at += piece)
        hasher.update(message.subspan(at, std::min(piece, message.size() - at)));
      CHECK(to_hex(hasher.finish()) == vector.digest);
    }
}

TEST_CASE("sha256_concat: hashes the parts joined, an empty part adding nothing") {
  CHECK(sha256_concat({as_bytes("a"), {}, as_bytes("bc")}) == sha256(as_bytes("abc")));
  CHECK(sha256_concat({}) == sha256({}));
}

TEST_CASE("sha256: threads do not disturb each other") {
  const Hash256 expected = sha256(as_bytes("abc"));
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (int& count : wrong)
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) count += sha256(as_bytes("abc")) != expected;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("hmac_sha256: agrees with RFC 4231, keys longer than a block included") {
  struct Case {
    ByteBuffer key;
    std::string message;
    const char* mac;
  };
  const std::vector<Case> cases{
      {ByteBuffer(20, 0x0b), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {{'J', 'e', 'f', 'e'},
       "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {ByteBuffer(20, 0xaa), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {ByteBuffer(131, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  for (const Case& test : cases)
    CHECK(to_hex(hmac_sha256(test.key, as_bytes(test.message))) == test.mac);
}

TEST_CASE(
    "hmac_sha256: a key of exactly a block is used as it is, one byte more is hashed first") {
  const ByteBuffer block(64, 7);
  const ByteBuffer longer(65, 7);
  CHECK(hmac_sha256(longer, {}) == hmac_sha256(sha256(longer), {}));
  CHECK(hmac_sha256(block, {}) != hmac_sha256(sha256(block), {}));
}

TEST_CASE("equal_constant_time: sees a difference in any one byte") {
  const Hash256 digest = sha256({});
  CHECK(equal_constant_time(digest, sha256({})));
  for (std::size_t i = 0; i < digest.size(); ++i) {
    Hash256 other = digest;
    other[i] ^= 1;
    CHECK_FALSE(equal_constant_time(digest, other));
  }
}

}  // namespace
}  // namespace hart::crypto
