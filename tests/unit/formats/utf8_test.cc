#include "formats/utf8.h"

#include <doctest/doctest.h>

#include "formats/unicode.h"
#include "formats/unicode_ranges.h"

namespace hart::formats {
namespace {

TEST_CASE("utf8: every scalar value encodes and decodes to itself, and nothing else does") {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    std::string text;
    append_utf8(text, value);
    const CodePoint point = decode_utf8(as_bytes(text), 0);
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    const bool right = point.size == text.size() && point.value == (surrogate ? 0xFFFD : value);
    if (!right) FAIL_CHECK("code point " << static_cast<std::uint32_t>(value));
  }
  std::string text;
  append_utf8(text, 0x110000);
  CHECK(text == "\xEF\xBF\xBD");
}

TEST_CASE("utf8: every ill-formed sequence is refused at its first byte") {
  using namespace std::string_view_literals;
  for (const std::string_view bad :
       {"\x80"sv, "\xBF"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC2"sv, "\xC2\x41"sv,
        "\xE0\x80\x80"sv, "\xE0\x9F\xBF"sv, "\xE2\x82"sv, "\xED\xA0\x80"sv, "\xED\xBF\xBF"sv,
        "\xF0\x80\x80\x80"sv, "\xF0\x8F\xBF\xBF"sv, "\xF0\x9F\x98"sv, "\xF4\x90\x80\x80"sv,
        "\xF5\x80\x80\x80"sv, "\xFE"sv, "\xFF"sv}) {
    CAPTURE(bad);
    CHECK(decode_utf8(as_bytes(bad), 0).size == 0);
    // At every position within and across the eight-byte steps of the fast path.
    for (std::size_t before = 0; before < 20; ++before) {
      const std::string text = std::string(before, 'x') + std::string{bad};
      CHECK(validate_utf8(as_bytes(text)) == before);
    }
  }
}

TEST_CASE("utf8: valid text is valid to its end") {
  for (const std::string_view text :
       {"", "plain", "Grüße, мир, 世界, 😀 and more", "\xEF\xBB\xBF"}) {
    CHECK(validate_utf8(as_bytes(text)) == text.size());
    CHECK(to_utf8(to_utf32(text)) == text);
  }
  CHECK(to_utf32("a\xFF\xE2\x82z") == U"a\uFFFD\uFFFD\uFFFDz");
}

TEST_CASE("unicode: the tables are sorted and disjoint, and ASCII agrees with them") {
  for (const auto ranges :
       {letter_ranges(), number_ranges(), mark_ranges(), white_space_ranges()}) {
    char32_t end = 0;
    for (const CodePointRange& range : ranges) {
      CHECK(range.first >= end);
      CHECK(range.last >= range.first);
      end = range.last + 2;
    }
  }
  const auto in_table = [](std::span<const CodePointRange> ranges, char32_t value) {
    for (const CodePointRange& range : ranges)
      if (value >= range.first && value <= range.last) return true;
    return false;
  };
  for (char32_t value = 0; value < 0x250; ++value) {
    CAPTURE(static_cast<std::uint32_t>(value));
    CHECK(is_letter(value) == in_table(letter_ranges(), value));
    CHECK(is_number(value) == in_table(number_ranges(), value));
    CHECK(is_mark(value) == in_table(mark_ranges(), value));
    CHECK(is_white_space(value) == in_table(white_space_ranges(), value));
  }
}

TEST_CASE("unicode: known code points have their categories") {
  for (const char32_t letter : {U'a', U'Z', U'é', U'ß', U'я', U'世', U'ʼ', U'𝔸', U'ﬁ'})
    CHECK(is_letter(letter));
  for (const char32_t number : {U'0', U'²', U'½', U'Ⅷ', U'٣', U'９'}) CHECK(is_number(number));
  for (const char32_t mark : {char32_t{0x301}, char32_t{0x93E}, char32_t{0xFE0F}})
    CHECK(is_mark(mark));
  for (const char32_t space : {U' ', U'\t', U'\n', char32_t{0xA0}, char32_t{0x3000}})
    CHECK(is_white_space(space));
  for (const char32_t other : {U'_', U'-', U'€', U'😀', char32_t{0x200B}, char32_t{0x110000}}) {
    CHECK_FALSE(is_letter(other));
    CHECK_FALSE(is_number(other));
    CHECK_FALSE(is_mark(other));
    CHECK_FALSE(is_white_space(other));
  }
}

}  // namespace
}  // namespace hart::formats
