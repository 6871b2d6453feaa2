#include "crypto/ed25519.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/error.h"

namespace hart::crypto {
namespace {

// RFC 8032, section 7.1: tests 1 to 3.
struct Rfc8032Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

const std::vector<Rfc8032Vector>& rfc8032_vectors() {
  static const std::vector<Rfc8032Vector> list{
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
       "701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
       "13d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
       "60984dc6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  return list;
}

TEST_CASE("ed25519: keys and signatures are those of RFC 8032") {
  for (const Rfc8032Vector& vector : rfc8032_vectors()) {
    CAPTURE(vector.seed);
    const auto key = Ed25519PrivateKey::from_seed(from_hex(vector.seed));
    const ByteBuffer message = from_hex(vector.message);
    CHECK(to_hex(key.public_key()) == vector.public_key);
    CHECK(to_hex(key.seed()) == vector.seed);
    CHECK(to_hex(key.sign(message)) == vector.signature);
    CHECK(verify_ed25519(key.public_key(), message, from_hex(vector.signature)));
  }
}

TEST_CASE("ed25519: a change of any bit of message, signature or key is refused") {
  const auto key = Ed25519PrivateKey::generate();
  const Ed25519PublicKey open = key.public_key();
  const ByteBuffer message{'a', 'b'};
  const Ed25519Signature signature = key.sign(message);
  REQUIRE(verify_ed25519(open, message, signature));
  const auto flipped = [](auto bytes, std::size_t bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    return bytes;
  };
  for (std::size_t bit = 0; bit < 512; ++bit)
    CHECK_FALSE(verify_ed25519(open, message, flipped(signature, bit)));
  for (std::size_t bit = 0; bit < 256; ++bit)
    CHECK_FALSE(verify_ed25519(flipped(open, bit), message, signature));
  for (std::size_t bit = 0; bit < 16; ++bit)
    CHECK_FALSE(verify_ed25519(open, flipped(message, bit), signature));
  CHECK_FALSE(verify_ed25519(open, message, ByteView{signature}.first(63)));
  CHECK_FALSE(verify_ed25519(open, message, {}));
}

TEST_CASE("ed25519: two fresh keys differ") {
  CHECK(Ed25519PrivateKey::generate().seed() != Ed25519PrivateKey::generate().seed());
}

TEST_CASE("ed25519: a key is read from PEM, and what is none for Ed25519 is refused") {
  // RFC 8410, section 10.3.
  const std::string pem =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n";
  const auto key = Ed25519PrivateKey::from_pem(pem, "key.pem");
  CHECK(to_hex(key.seed()) ==
        "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842");
  CHECK(to_hex(key.public_key()) ==
        "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");

  const std::string x25519 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
      "-----END PRIVATE KEY-----\n";
  for (const std::string& bad :
       {std::string{}, std::string{"nonsense"}, x25519, pem.substr(0, 60) + pem.substr(61)}) {
    CAPTURE(bad);
    CHECK_THROWS_AS((void)Ed25519PrivateKey::from_pem(bad, "key.pem"), Error);
  }
  CHECK_THROWS_AS((void)Ed25519PrivateKey::from_seed(from_hex("00")), Error);
}

}  // namespace
}  // namespace hart::crypto
