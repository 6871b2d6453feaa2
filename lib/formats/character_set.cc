#include "formats/character_set.h"

#include <algorithm>
#include <string>
#include <utility>

#include "formats/unicode_category.h"
#include "formats/unicode_category_table.h"

namespace hart::formats {
namespace {

constexpr char32_t kLast = 0x10FFFF;

struct CategoryName {
  std::string_view name, full_name;
  GeneralCategory first, last;
};

// Source: PropertyValueAliases.txt of the Unicode Character Database.
constexpr CategoryName kCategories[] = {
    {"L", "Letter", GeneralCategory::Lu, GeneralCategory::Lo},
    {"Lu", "Uppercase_Letter", GeneralCategory::Lu, GeneralCategory::Lu},
    {"Ll", "Lowercase_Letter", GeneralCategory::Ll, GeneralCategory::Ll},
    {"Lt", "Titlecase_Letter", GeneralCategory::Lt, GeneralCategory::Lt},
    {"Lm", "Modifier_Letter", GeneralCategory::Lm, GeneralCategory::Lm},
    {"Lo", "Other_Letter", GeneralCategory::Lo, GeneralCategory::Lo},
    {"M", "Mark", GeneralCategory::Mn, GeneralCategory::Me},
    {"Mn", "Nonspacing_Mark", GeneralCategory::Mn, GeneralCategory::Mn},
    {"Mc", "Spacing_Mark", GeneralCategory::Mc, GeneralCategory::Mc},
    {"Me", "Enclosing_Mark", GeneralCategory::Me, GeneralCategory::Me},
    {"N", "Number", GeneralCategory::Nd, GeneralCategory::No},
    {"Nd", "Decimal_Number", GeneralCategory::Nd, GeneralCategory::Nd},
    {"Nl", "Letter_Number", GeneralCategory::Nl, GeneralCategory::Nl},
    {"No", "Other_Number", GeneralCategory::No, GeneralCategory::No},
    {"P", "Punctuation", GeneralCategory::Pc, GeneralCategory::Po},
    {"Pc", "Connector_Punctuation", GeneralCategory::Pc, GeneralCategory::Pc},
    {"Pd", "Dash_Punctuation", GeneralCategory::Pd, GeneralCategory::Pd},
    {"Ps", "Open_Punctuation", GeneralCategory::Ps, GeneralCategory::Ps},
    {"Pe", "Close_Punctuation", GeneralCategory::Pe, GeneralCategory::Pe},
    {"Pi", "Initial_Punctuation", GeneralCategory::Pi, GeneralCategory::Pi},
    {"Pf", "Final_Punctuation", GeneralCategory::Pf, GeneralCategory::Pf},
    {"Po", "Other_Punctuation", GeneralCategory::Po, GeneralCategory::Po},
    {"S", "Symbol", GeneralCategory::Sm, GeneralCategory::So},
    {"Sm", "Math_Symbol", GeneralCategory::Sm, GeneralCategory::Sm},
    {"Sc", "Currency_Symbol", GeneralCategory::Sc, GeneralCategory::Sc},
    {"Sk", "Modifier_Symbol", GeneralCategory::Sk, GeneralCategory::Sk},
    {"So", "Other_Symbol", GeneralCategory::So, GeneralCategory::So},
    {"Z", "Separator", GeneralCategory::Zs, GeneralCategory::Zp},
    {"Zs", "Space_Separator", GeneralCategory::Zs, GeneralCategory::Zs},
    {"Zl", "Line_Separator", GeneralCategory::Zl, GeneralCategory::Zl},
    {"Zp", "Paragraph_Separator", GeneralCategory::Zp, GeneralCategory::Zp},
    {"C", "Other", GeneralCategory::Cc, GeneralCategory::Cn},
    {"Cc", "Control", GeneralCategory::Cc, GeneralCategory::Cc},
    {"Cf", "Format", GeneralCategory::Cf, GeneralCategory::Cf},
    {"Co", "Private_Use", GeneralCategory::Co, GeneralCategory::Co},
    {"Cn", "Unassigned", GeneralCategory::Cn, GeneralCategory::Cn}};

// Source: Scripts.txt of Unicode 14.
constexpr CharacterRange kHan[] = {
    {0x2E80, 0x2E99},   {0x2E9B, 0x2EF3},   {0x2F00, 0x2FD5},   {0x3005, 0x3005},
    {0x3007, 0x3007},   {0x3021, 0x3029},   {0x3038, 0x303B},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xF900, 0xFA6D},   {0xFA70, 0xFAD9},   {0x16FE2, 0x16FE3},
    {0x16FF0, 0x16FF1}, {0x20000, 0x2A6DF}, {0x2A700, 0x2B738}, {0x2B740, 0x2B81D},
    {0x2B820, 0x2CEA1}, {0x2CEB0, 0x2EBE0}, {0x2F800, 0x2FA1D}, {0x30000, 0x3134A}};

// Source: PropList.txt of Unicode 14, White_Space.
constexpr CharacterRange kWhiteSpace[] = {
    {0x09, 0x0D},     {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},     {0x1680, 0x1680},
    {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

/// Symbols that are Alphabetic: circled and squared letters. Source: PropList.txt.
constexpr CharacterRange kAlphabeticSymbols[] = {
    {0x24B6, 0x24E9}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}};

/// Letters that fold to an ASCII letter without being its upper case. Source: CaseFolding.txt.
struct Fold {
  char32_t from, to;
};
constexpr Fold kOtherFolds[] = {{0x17F, 's'}, {0x212A, 'k'}, {0x212B, 0xE5}, {0x3C2, 0x3C3}};

template <typename Wanted> CharacterRanges of_categories(const Wanted& wanted) {
  CharacterRanges found;
  const auto runs = category_runs();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const char32_t last = i + 1 < runs.size() ? runs[i + 1].first - 1 : kLast;
    if (wanted(runs[i].category)) found.add(runs[i].first, last);
  }
  return found;
}

template <std::size_t N> CharacterRanges of(const CharacterRange (&ranges)[N]) {
  CharacterRanges found;
  for (const CharacterRange& range : ranges) found.add(range.first, range.last);
  return found;
}

}  // namespace

CharacterRanges::CharacterRanges(std::vector<CharacterRange> ranges)
    : ranges_{std::move(ranges)} {
  tidy();
}

void CharacterRanges::add(char32_t first, char32_t last) {
  const bool follows = ranges_.empty() || first > ranges_.back().last;
  if (!ranges_.empty() && follows && first == ranges_.back().last + 1) {
    ranges_.back().last = last;
    return;
  }
  ranges_.push_back({first, last});
  if (!follows) tidy();
}

void CharacterRanges::add(const CharacterRanges& others) {
  ranges_.insert(ranges_.end(), others.ranges_.begin(), others.ranges_.end());
  tidy();
}

void CharacterRanges::tidy() {
  std::sort(ranges_.begin(), ranges_.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.last < b.last;
  });
  std::vector<CharacterRange> tidied;
  for (const CharacterRange& range : ranges_) {
    if (!tidied.empty() && range.first <= tidied.back().last + 1)
      tidied.back().last = std::max(tidied.back().last, range.last);
    else
      tidied.push_back(range);
  }
  ranges_ = std::move(tidied);
}

void CharacterRanges::add_other_cases() {
  CharacterRanges others;
  for (const CaseMapping& mapping : lower_mappings()) {
    if (contains(mapping.from)) others.add(mapping.to, mapping.to);
    if (contains(mapping.to)) others.add(mapping.from, mapping.from);
  }
  add(others);
  for (const Fold& fold : kOtherFolds) {
    if (contains(fold.from)) add(fold.to, fold.to);
    if (contains(fold.to)) add(fold.from, fold.from);
  }
}

CharacterRanges CharacterRanges::inverted() const {
  CharacterRanges gaps;
  char32_t next = 0;
  for (const CharacterRange& range : ranges_) {
    if (range.first > next) gaps.add(next, range.first - 1);
    next = range.last + 1;
  }
  if (next <= kLast) gaps.add(next, kLast);
  return gaps;
}

CharacterRanges CharacterRanges::intersected(const CharacterRanges& others) const {
  CharacterRanges outside = inverted();
  outside.add(others.inverted());
  return outside.inverted();
}

bool CharacterRanges::contains(char32_t value) const noexcept {
  const auto after =
      std::upper_bound(ranges_.begin(), ranges_.end(), value,
                       [](char32_t v, const CharacterRange& range) { return v < range.first; });
  return after != ranges_.begin() && value <= std::prev(after)->last;
}

std::optional<CharacterRanges> find_property(std::string_view name) {
  for (const CategoryName& entry : kCategories)
    if (name == entry.name || name == entry.full_name)
      return of_categories([&](GeneralCategory category) {
        return category >= entry.first && category <= entry.last;
      });
  if (name == "Han" || name == "Script=Han") return of(kHan);
  if (name == "White_Space" || name == "space") return of(kWhiteSpace);
  if (name == "Any") return CharacterRanges{}.inverted();
  return std::nullopt;
}

CharacterRanges white_space_characters() {
  return of(kWhiteSpace);
}

CharacterRanges word_characters() {
  CharacterRanges words = of_categories([](GeneralCategory category) {
    return category <= GeneralCategory::Nl || category == GeneralCategory::Pc;
  });
  words.add(of(kAlphabeticSymbols));
  words.add(0x200C, 0x200D);  // Join_Control
  return words;
}

CharacterSet::CharacterSet(const CharacterRanges& ranges) : bits_(1024) {
  for (const CharacterRange& range : ranges.ranges()) {
    for (char32_t value = range.first; value <= std::min<char32_t>(range.last, 0xFFFF); ++value)
      bits_[value >> 6] |= std::uint64_t{1} << (value & 63);
    if (range.last >= 0x10000) above_.add(std::max<char32_t>(range.first, 0x10000), range.last);
    if (range.last >= 0x80) has_others_ = true;
  }
}

}  // namespace hart::formats
