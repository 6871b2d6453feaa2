#include "formats/unicode.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "formats/unicode_ranges.h"

namespace hart::formats {
namespace {

bool contains(std::span<const CodePointRange> ranges, char32_t value) noexcept {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), value,
                       [](char32_t v, const CodePointRange& range) { return v < range.first; });
  return after != ranges.begin() && value <= std::prev(after)->last;
}

enum AsciiClass : std::uint8_t { kOther, kLetter, kNumber, kSpace };

constexpr std::array<AsciiClass, 128> make_ascii_classes() {
  std::array<AsciiClass, 128> classes{};
  for (char c = 'a'; c <= 'z'; ++c) classes[c] = classes[c - 'a' + 'A'] = kLetter;
  for (char c = '0'; c <= '9'; ++c) classes[c] = kNumber;
  for (char c = '\t'; c <= '\r'; ++c) classes[c] = kSpace;
  classes[' '] = kSpace;
  return classes;
}

constexpr std::array<AsciiClass, 128> kAsciiClasses = make_ascii_classes();

}  // namespace

bool is_letter(char32_t value) noexcept {
  return value < 128 ? kAsciiClasses[value] == kLetter : contains(letter_ranges(), value);
}

bool is_number(char32_t value) noexcept {
  return value < 128 ? kAsciiClasses[value] == kNumber : contains(number_ranges(), value);
}

bool is_mark(char32_t value) noexcept {
  return value >= 128 && contains(mark_ranges(), value);
}

bool is_white_space(char32_t value) noexcept {
  return value < 128 ? kAsciiClasses[value] == kSpace : contains(white_space_ranges(), value);
}

}  // namespace hart::formats
