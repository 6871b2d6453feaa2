#include "nn/grapheme.h"

#include <algorithm>
#include <array>

#include "formats/character_set.h"
#include "formats/text_cursor.h"
#include "formats/unicode.h"
#include "formats/unicode_category.h"

namespace hart::nn {
namespace {

using formats::GeneralCategory;

constexpr std::size_t kLong = 6;

// Source: GraphemeBreakProperty.txt of Unicode 14. Spacing marks that do not extend a cluster:
constexpr std::array<formats::CharacterRange, 12> kLooseMarks = {{{0x102B, 0x102C},
                                                                  {0x1038, 0x1038},
                                                                  {0x1062, 0x1064},
                                                                  {0x1067, 0x106D},
                                                                  {0x1083, 0x1083},
                                                                  {0x1087, 0x108C},
                                                                  {0x108F, 0x108F},
                                                                  {0x109A, 0x109C},
                                                                  {0x1A61, 0x1A61},
                                                                  {0x1A63, 0x1A64},
                                                                  {0xAA7B, 0xAA7B},
                                                                  {0xAA7D, 0xAA7D}}};
// Characters that extend a cluster without being marks.
constexpr std::array<formats::CharacterRange, 5> kOtherExtenders = {{{0x200C, 0x200D},
                                                                     {0xFF9E, 0xFF9F},
                                                                     {0x1F3FB, 0x1F3FF},
                                                                     {0xE0020, 0xE007F},
                                                                     {0xE33, 0xE33}}};
// Characters that join what follows.
constexpr std::array<formats::CharacterRange, 5> kPrepended = {
    {{0x600, 0x605}, {0x6DD, 0x6DD}, {0x70F, 0x70F}, {0x890, 0x891}, {0x8E2, 0x8E2}}};

template <std::size_t N>
bool is_in(const std::array<formats::CharacterRange, N>& ranges, char32_t value) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const formats::CharacterRange& range) {
    return value >= range.first && value <= range.last;
  });
}

bool extends(char32_t value) {
  if (value < 0x300) return false;
  if (formats::is_mark(value)) return !is_in(kLooseMarks, value);
  return is_in(kOtherExtenders, value) || value == 0xEB3;
}

bool is_control(char32_t value) {
  if (value < 0x80) return value < 0x20 || value == 0x7F;
  if (is_in(kOtherExtenders, value) || is_in(kPrepended, value)) return false;
  const GeneralCategory category = formats::general_category(value);
  return category == GeneralCategory::Cc || category == GeneralCategory::Cf ||
         category == GeneralCategory::Zl || category == GeneralCategory::Zp;
}

}  // namespace

std::size_t grapheme_size(std::string_view text) noexcept {
  if (text.starts_with("\r\n")) return 2;
  formats::CodePoint point = formats::character_at(text, 0);
  std::size_t at = point.size;
  if (is_control(point.value)) return at;
  while (at < text.size() && at < kLong) {
    const bool joins_next = is_in(kPrepended, point.value);
    point = formats::character_at(text, at);
    const bool stays = extends(point.value) || (joins_next && !is_control(point.value));
    if (!stays) break;
    at += point.size;
  }
  return at;
}

}  // namespace hart::nn
