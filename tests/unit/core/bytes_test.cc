#include "core/bytes.h"

#include <doctest/doctest.h>

#include <string>

#include "core/endian.h"
#include "core/error.h"

namespace hart {
namespace {

std::string decoded(std::string_view base64) {
  return std::string{as_text(from_base64(base64))};
}

TEST_CASE("hex: writes two lower-case digits a byte and reads either case") {
  const ByteBuffer bytes{0x00, 0x0f, 0xa0, 0xff};
  CHECK(to_hex(bytes) == "000fa0ff");
  CHECK(from_hex("000FA0ff") == bytes);
  CHECK(to_hex({}).empty());
  CHECK(from_hex("").empty());
}

TEST_CASE("hex: an odd length and the neighbours of digits in ASCII are refused") {
  for (const char* const bad : {"0", "abc", "0g", "0/", "0:", "0@", "0G", "0`", " 0", "0x"})
    CHECK_THROWS_AS((void)from_hex(bad), Error);
}

TEST_CASE("base64: agrees with the examples of RFC 4648, section 10, both ways") {
  const char* const examples[][2] = {{"", ""},
                                     {"f", "Zg=="},
                                     {"fo", "Zm8="},
                                     {"foo", "Zm9v"},
                                     {"foob", "Zm9vYg=="},
                                     {"fooba", "Zm9vYmE="},
                                     {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : examples) {
    CHECK(to_base64(as_bytes(plain)) == coded);
    CHECK(decoded(coded) == plain);
  }
  CHECK(to_base64(ByteBuffer{0xfb, 0xff, 0xfe}) == "+//+");
  CHECK(from_base64("+//+") == ByteBuffer{0xfb, 0xff, 0xfe});
}

TEST_CASE(
    "base64: missing, misplaced and surplus padding, stray bits and other alphabets are "
    "refused") {
  for (const char* const bad : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zg==Zg==", "=Zg=",
                                "Z=g=", "Zh==", "Zm9=", "Zm9v\n", "Zm9-", "Zm9_", "Zm 9"}) {
    CAPTURE(std::string{bad});
    CHECK_THROWS_AS((void)from_base64(bad), Error);
  }
}

TEST_CASE("endian: the least significant byte comes first, at any alignment") {
  ByteBuffer bytes{0x99};
  append_le<std::uint32_t>(bytes, 0x01020304);
  append_le<std::int16_t>(bytes, -2);
  CHECK(bytes == ByteBuffer{0x99, 4, 3, 2, 1, 0xfe, 0xff});
  CHECK(load_le<std::uint32_t>(bytes.data() + 1) == 0x01020304);
  CHECK(load_le<std::int16_t>(bytes.data() + 5) == -2);
  store_le<std::uint16_t>(bytes.data() + 1, 0xabcd);
  CHECK(bytes == ByteBuffer{0x99, 0xcd, 0xab, 2, 1, 0xfe, 0xff});
  append(bytes, as_bytes("z"));
  CHECK(bytes.back() == 'z');
}

}  // namespace
}  // namespace hart
