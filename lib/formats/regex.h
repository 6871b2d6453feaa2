#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/character_set.h"

namespace hart::formats {

/// Where an expression matches: bytes begin … end of the text.
struct RegexMatch {
  std::size_t begin, end;
};

namespace regex {

/// Which bytes may begin a match: bit per ASCII character, and one for all the rest.
struct FirstBytes {
  std::array<std::uint64_t, 2> ascii{};
  bool others = false;
  bool empty = false;  ///< the match may be empty, so that any byte, and the end, will do

  [[nodiscard]] bool allows(std::string_view text, std::size_t at) const noexcept {
    if (empty) return true;
    if (at >= text.size()) return false;
    const auto byte = static_cast<unsigned char>(text[at]);
    return byte < 0x80 ? (ascii[byte >> 6] >> (byte & 63) & 1) != 0 : others;
  }
};

enum class Op : std::uint8_t {
  set,          ///< one character of set `a`
  run,          ///< `min` to `max` characters of set `a`, as many as possible
  run_atomic,   ///< the same, never giving one back
  choice,       ///< the alternatives `a` … `b` - 1, in order
  split,        ///< go on at `a`, or else at `b`
  jump,         ///< go on at `a`
  look,         ///< the program up to `a` matches here; `min` is 1 when it must not
  look_behind,  ///< the program up to `a` matches the `b` characters before; `min` as above
  atomic,       ///< the program up to `a`, of which only the first way counts
  line_begin,
  line_end,
  text_begin,
  text_end,
  boundary,  ///< between a word character and another; `min` is 1 when not so
  match
};

struct Instruction {
  Op op;
  std::uint32_t a = 0, b = 0;
  std::uint32_t min = 0, max = 0;
};

struct Alternative {
  FirstBytes first;
  std::uint32_t at;  ///< instruction
};

}  // namespace regex

/// A compiled regular expression over UTF-8 text, in the syntax that tokenizers share: groups,
/// `|`, greedy, lazy and possessive quantifiers, classes with `\p{…}`, nesting and `&&`, `\s \d
/// \w \b`, look-ahead, look-behind of one fixed length, `(?i)` and `(?>…)`. As in Oniguruma's
/// Ruby syntax, which the peers use, `^` and `$` stand at lines. Bytes that are not valid UTF-8
/// match as U+FFFD. No captures, no back references. Immutable.
class Regex {
 public:
  /// Throws Error(data) with the position for what is malformed or not supported, for
  /// repetitions of what may be empty, and for expressions that grow beyond 65536 steps.
  explicit Regex(std::string_view expression);

  [[nodiscard]] const std::vector<regex::Instruction>& program() const noexcept {
    return program_;
  }
  [[nodiscard]] const std::vector<regex::Alternative>& alternatives() const noexcept {
    return alternatives_;
  }
  [[nodiscard]] const CharacterSet& set(std::uint32_t index) const { return sets_[index]; }
  [[nodiscard]] const CharacterSet& words() const { return sets_[0]; }
  /// What a match may begin with.
  [[nodiscard]] const regex::FirstBytes& first() const noexcept { return first_; }

 private:
  friend class RegexCompiler;
  std::vector<regex::Instruction> program_;
  std::vector<regex::Alternative> alternatives_;
  std::vector<CharacterSet> sets_;
  regex::FirstBytes first_;
};

/// Looks for matches by backtracking, leftmost first, earlier alternatives first. Keeps its
/// memory from one search to the next, so one object serves one thread.
class RegexMatcher {
 public:
  /// `expression` must outlive the matcher.
  explicit RegexMatcher(const Regex& expression) : regex_{&expression} {}

  /// Allows for the work of searching `size` bytes. What is allowed for is generous and linear,
  /// so that a hostile expression ends in an error and not in years.
  void allow(std::size_t size) noexcept { steps_left_ += std::uint64_t{1000} * size; }

  /// The first match that begins at `from` or later; false when there is none. Throws
  /// Error(data) when the expression takes too long.
  [[nodiscard]] bool find(std::string_view text, std::size_t from, RegexMatch& found);

 private:
  struct Frame {
    std::uint32_t at_instruction;
    std::size_t at;
    std::size_t low;  ///< a run may give characters back down to here
  };
  [[nodiscard]] bool match_at(std::string_view text, std::uint32_t start, std::size_t& at);
  [[nodiscard]] bool step(std::string_view text, std::uint32_t& pc, std::size_t& at,
                          bool& is_done);
  [[nodiscard]] bool step_run(std::string_view text, const regex::Instruction& instruction,
                              std::uint32_t next, std::size_t& at);
  [[nodiscard]] bool step_choice(std::string_view text, std::uint32_t from, std::uint32_t end,
                                 std::uint32_t& pc, std::size_t at);
  [[nodiscard]] bool looks(std::string_view text, const regex::Instruction& instruction,
                           std::uint32_t start, std::size_t at);
  [[nodiscard]] bool at_boundary(std::string_view text, std::size_t at) const;
  [[nodiscard]] bool backtrack(std::string_view text, std::size_t base, std::uint32_t& pc,
                               std::size_t& at);
  void spend(std::uint64_t steps);

  const Regex* regex_;
  std::vector<Frame> frames_;
  std::uint64_t steps_left_ = 100'000'000;
};

}  // namespace hart::formats
