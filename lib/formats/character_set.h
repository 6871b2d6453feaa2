#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hart::formats {

/// Code points first … last.
struct CharacterRange {
  char32_t first, last;
  bool operator==(const CharacterRange&) const = default;
};

/// Ascending, disjoint ranges: a set on which one can calculate.
class CharacterRanges {
 public:
  CharacterRanges() = default;
  /// Of ranges in any order, which may overlap.
  explicit CharacterRanges(std::vector<CharacterRange> ranges);
  void add(char32_t first, char32_t last);
  void add(const CharacterRanges& others);
  /// Adds the other cases of every character: what `(?i)` matches. Simple mappings only.
  void add_other_cases();
  [[nodiscard]] CharacterRanges inverted() const;
  [[nodiscard]] CharacterRanges intersected(const CharacterRanges& others) const;
  [[nodiscard]] bool contains(char32_t value) const noexcept;

  [[nodiscard]] const std::vector<CharacterRange>& ranges() const noexcept { return ranges_; }
  bool operator==(const CharacterRanges&) const = default;

 private:
  void tidy();
  std::vector<CharacterRange> ranges_;
};

/// The characters of the property that `\p{NAME}` names: a general category ("L", "Lu",
/// "Letter"), the script "Han", "Any". Nothing for another name.
[[nodiscard]] std::optional<CharacterRanges> find_property(std::string_view name);
/// `\s`: the property White_Space.
[[nodiscard]] CharacterRanges white_space_characters();
/// `\w`: letters, marks, decimal digits, letter numbers, connectors and joiners, as Unicode
/// Technical Standard #18, annex C, defines a word.
[[nodiscard]] CharacterRanges word_characters();

/// The same set made for asking: one load and a shift below U+10000.
class CharacterSet {
 public:
  explicit CharacterSet(const CharacterRanges& ranges);
  [[nodiscard]] bool contains(char32_t value) const noexcept {
    if (value < 0x10000) return (bits_[value >> 6] >> (value & 63) & 1) != 0;
    return above_.contains(value);
  }
  /// All of Unicode's first 128 characters that are in the set, lowest bit first.
  [[nodiscard]] std::array<std::uint64_t, 2> ascii() const noexcept {
    return {bits_[0], bits_[1]};
  }
  /// True when a character above U+007F is in the set.
  [[nodiscard]] bool has_others() const noexcept { return has_others_; }

 private:
  std::vector<std::uint64_t> bits_;  ///< (1024)
  CharacterRanges above_;            ///< from U+10000
  bool has_others_ = false;
};

}  // namespace hart::formats
