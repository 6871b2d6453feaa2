#include <doctest/doctest.h>

#include <string>

#include "formats/unicode_category.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

std::string upper(char32_t value) {
  std::string out;
  append_upper(out, value);
  return out;
}

std::string title(char32_t value) {
  std::string out;
  append_title(out, value);
  return out;
}

TEST_CASE("to_lower: letters of every script, and nothing else") {
  CHECK(to_lower(U'A') == U'a');
  CHECK(to_lower(U'É') == U'é');
  CHECK(to_lower(U'Ж') == U'ж');
  CHECK(to_lower(U'Ω') == U'ω');
  CHECK(to_lower(U'Ⴀ') == U'ⴀ');
  CHECK(to_lower(0x10400) == 0x10428);
  CHECK(to_lower(U'é') == U'é');
  CHECK(to_lower(U'1') == U'1');
  CHECK(to_lower(0x110000) == 0x110000);
}

TEST_CASE("append_upper: the full form, which may be longer") {
  CHECK(upper(U'a') == "A");
  CHECK(upper(U'é') == "É");
  CHECK(upper(U'ß') == "SS");
  CHECK(upper(U'ﬃ') == "FFI");
  CHECK(upper(U'\u0390') == "\u0399\u0308\u0301");
  CHECK(upper(U'ς') == "Σ");
  CHECK(upper(U'ა') == "Ა");
  CHECK(upper(U'-') == "-");
}

TEST_CASE("append_title: differs from the upper case where two letters are one") {
  CHECK(title(U'a') == "A");
  CHECK(title(U'ß') == "Ss");
  CHECK(title(U'ǆ') == "ǅ");
  CHECK(upper(U'ǆ') == "Ǆ");
  CHECK(title(U'ﬃ') == "Ffi");
  CHECK(title(U'ა') == "ა");
}

}  // namespace
}  // namespace hart::formats
