#include "formats/unicode_normalize.h"

#include <doctest/doctest.h>

#include <string>

#include "formats/unicode_category.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

/// FNV-1a, by which a long result is compared with Python's.
class Digest {
 public:
  void add(const std::string& bytes) {
    for (const char byte : bytes)
      value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325u;
};

std::uint64_t digest_of_all(NormalForm form) {
  Digest digest;
  for (char32_t point = 0; point <= 0x10FFFF; ++point) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, point);
    digest.add(normalize(text, form));
  }
  return digest.value();
}

// The digests are of what unicodedata.normalize (Python 3.11, Unicode 14.0.0) gives.
TEST_CASE("normalize: every code point has the normal forms that Python gives") {
  CHECK(digest_of_all(NormalForm::nfc) == 0x23fc43766d7c2eb9u);
  CHECK(digest_of_all(NormalForm::nfd) == 0x7255d347c74d6799u);
  CHECK(digest_of_all(NormalForm::nfkc) == 0x5364fa106afa5a5du);
  CHECK(digest_of_all(NormalForm::nfkd) == 0x35c0031edb0555c2u);
}

TEST_CASE("normalize: marks are ordered and composed as Python does, three to a base") {
  const std::u32string bases = U"aeEoOsuAкЖα中가각각";
  const std::u32string marks = U"\u0300\u0301\u0323\u0327\u0308\u1161\u11a8\u3099\u0345";
  Digest digest;
  for (const char32_t base : bases)
    for (const char32_t first : marks)
      for (const char32_t second : marks)
        for (const char32_t third : marks) {
          const std::string text = to_utf8(std::u32string{base, first, second, third});
          digest.add(normalize(text, NormalForm::nfc));
          digest.add(normalize(text, NormalForm::nfkd));
        }
  CHECK(digest.value() == 0xd580ffe3d10a9dfeu);
}

TEST_CASE("normalize: bytes that are no UTF-8 stay and separate") {
  CHECK(normalize("e\u0301\xFF"
                  "e\u0301",
                  NormalForm::nfc) ==
        "é\xFF"
        "é");
  CHECK(normalize("e\xFF\u0301", NormalForm::nfc) == "e\xFF\u0301");
  CHECK(normalize("", NormalForm::nfkd).empty());
  CHECK(normalize("plain, text", NormalForm::nfkc) == "plain, text");
  CHECK(normalize("abce\u0301x", NormalForm::nfc) == "abcéx");
}

TEST_CASE("general_category: knows the ends of ranges and what is not assigned") {
  CHECK(general_category(U'A') == GeneralCategory::Lu);
  CHECK(general_category(U'_') == GeneralCategory::Pc);
  CHECK(general_category(0x10FFFF) == GeneralCategory::Cn);
  CHECK(general_category(0x110000) == GeneralCategory::Cn);
  CHECK(general_category(0xD800) == GeneralCategory::Cs);
  CHECK(general_category(0x0301) == GeneralCategory::Mn);
  CHECK(general_category(0xE000) == GeneralCategory::Co);
  CHECK(is_punctuation(U'“'));
  CHECK(!is_punctuation(U'+'));
}

TEST_CASE("to_lower: maps what has one lower case and leaves the rest") {
  CHECK(to_lower(U'Q') == U'q');
  CHECK(to_lower(U'Ж') == U'ж');
  CHECK(to_lower(U'Σ') == U'σ');
  CHECK(to_lower(0x130) == 0x130);
  CHECK(to_lower(U'ß') == U'ß');
  CHECK(to_lower(0x10400) == 0x10428);
}

}  // namespace
}  // namespace hart::formats
