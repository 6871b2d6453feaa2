#include "nn/template_case.h"

#include <array>

#include "formats/utf8.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

/// Upper-case letters whose lower-case ones lie `offset` further, or, with offset 1, stand in
/// turns with them: upper, lower, upper, … Source: Unicode Character Database, simple case
/// mappings of the blocks up to Cyrillic.
struct CaseRange {
  char32_t first, last;  ///< of the upper-case letters
  char32_t offset;
};

constexpr std::array<CaseRange, 19> kRanges = {{{'A', 'Z', 32},
                                                {0xC0, 0xD6, 32},
                                                {0xD8, 0xDE, 32},
                                                {0x100, 0x12E, 1},
                                                {0x132, 0x136, 1},
                                                {0x139, 0x147, 1},
                                                {0x14A, 0x176, 1},
                                                {0x179, 0x17D, 1},
                                                {0x388, 0x38A, 37},
                                                {0x38E, 0x38F, 63},
                                                {0x391, 0x3A1, 32},
                                                {0x3A3, 0x3AB, 32},
                                                {0x400, 0x40F, 80},
                                                {0x410, 0x42F, 32},
                                                {0x460, 0x480, 1},
                                                {0x48A, 0x4BE, 1},
                                                {0x4C1, 0x4CD, 1},
                                                {0x4D0, 0x52E, 1},
                                                {0x531, 0x556, 48}}};

bool in_upper(const CaseRange& range, char32_t value) noexcept {
  return value >= range.first && value <= range.last &&
         (range.offset != 1 || (value - range.first) % 2 == 0);
}

struct CasePair {
  char32_t upper, lower;
};
constexpr std::array<CasePair, 3> kPairs = {{{0x178, 0xFF}, {0x386, 0x3AC}, {0x38C, 0x3CC}}};

/// Lower-case letters of which two share one upper-case letter.
char32_t upper_case(char32_t value) noexcept {
  if (value == 0xB5) return 0x39C;
  if (value == 0x131) return 'I';
  if (value == 0x17F) return 'S';
  if (value == 0x3C2) return 0x3A3;
  for (const CasePair& pair : kPairs)
    if (pair.lower == value) return pair.upper;
  for (const CaseRange& range : kRanges)
    if (value >= range.offset && in_upper(range, value - range.offset))
      return value - range.offset;
  return value;
}

}  // namespace

char32_t lower_case(char32_t value) noexcept {
  for (const CasePair& pair : kPairs)
    if (pair.upper == value) return pair.lower;
  for (const CaseRange& range : kRanges)
    if (in_upper(range, value)) return value + range.offset;
  return value;
}

void append_upper(std::string& out, char32_t value) {
  if (value == 0xDF) {
    out += "SS";
  } else {
    formats::append_utf8(out, upper_case(value));
  }
}

void append_title(std::string& out, char32_t value) {
  if (value == 0xDF) {
    out += "Ss";
  } else {
    formats::append_utf8(out, upper_case(value));
  }
}

bool is_upper(char32_t value) noexcept {
  return lower_case(value) != value;
}

bool is_lower(char32_t value) noexcept {
  return value == 0xDF || upper_case(value) != value;
}

}  // namespace hart::nn::jinja
