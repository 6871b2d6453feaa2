#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/regex.h"
#include "nn/bpe_splitter.h"
#include "nn/json_node.h"

namespace hart::nn {

/// What tokenizer.json calls a pattern: {"String": …} or {"Regex": …}. Immutable.
class TextPattern {
 public:
  explicit TextPattern(std::string literal) : literal_{std::move(literal)} {}
  explicit TextPattern(formats::Regex regex) : regex_{std::move(regex)} {}
  /// Throws Error(data) for another shape, and as formats::Regex does.
  [[nodiscard]] static TextPattern read(const JsonNode& node);

  /// Calls visit(section, is_match) for the matches in `text` and what stands between them, in
  /// order. Sections are empty only where the pattern matches nothing at all.
  template <typename Visit> void for_each_section(std::string_view text, Visit visit) const;

 private:
  std::string literal_;
  std::optional<formats::Regex> regex_;
};

template <typename Visit>
void TextPattern::for_each_section(std::string_view text, Visit visit) const {
  std::optional<formats::RegexMatcher> matcher;
  if (regex_) matcher.emplace(*regex_).allow(text.size());
  const auto find = [&](std::size_t from, formats::RegexMatch& match) {
    if (matcher) return matcher->find(text, from, match);
    if (literal_.empty()) return false;
    match.begin = text.find(literal_, from);
    match.end = match.begin + literal_.size();
    return match.begin != text.npos;
  };
  std::size_t done = 0, from = 0;
  for (formats::RegexMatch match{}; from <= text.size() && find(from, match);) {
    if (match.begin > done) visit(text.substr(done, match.begin - done), false);
    visit(text.substr(match.begin, match.end - match.begin), true);
    done = match.end;
    from = match.end > match.begin ? match.end : match.end + 1;
  }
  if (done < text.size()) visit(text.substr(done), false);
}

/// What becomes of the matches when text is cut at them.
enum class SplitBehavior {
  removed,
  isolated,
  merged_with_previous,
  merged_with_next,
  contiguous
};

/// Throws Error(data) for another name than tokenizer.json has ("Removed", "Isolated", …).
[[nodiscard]] SplitBehavior read_split_behavior(const JsonNode& node);

/// Puts sections together as `behavior` says and gives the pieces that are not empty to
/// `visit`. Sections are given in order and view into one text.
class SectionJoiner {
 public:
  SectionJoiner(SplitBehavior behavior, const WordVisitor& visit)
      : behavior_{behavior}, visit_{&visit} {}
  void add(std::string_view section, bool is_match);
  void finish();

 private:
  void emit();
  void extend(std::string_view section) {
    pending_ = {pending_.data(), pending_.size() + section.size()};
  }

  SplitBehavior behavior_;
  const WordVisitor* visit_;
  std::string_view pending_;  ///< may still grow
  bool pending_is_match_ = false;
  bool last_was_match_ = false;
};

}  // namespace hart::nn
