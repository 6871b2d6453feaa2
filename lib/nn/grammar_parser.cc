#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "core/bytes.h"
#include "core/error.h"
#include "formats/utf8.h"
#include "nn/grammar_syntax.h"

namespace hart::nn {
namespace {

using Kind = GrammarExpression::Kind;
constexpr char32_t kLastCodePoint = 0x10FFFF;
/// Most repetitions that may be asked for: what they expand to is limited further on.
constexpr std::uint32_t kMaxRepetitions = 1'000'000;
/// Most repetitions of a repetition, as in `("a"+)*` without the group.
constexpr std::size_t kMaxRepetitionNesting = 4;

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         c == '-' || c == '_';
}

/// Sorted, overlaps joined.
std::vector<CodeRange> joined(std::vector<CodeRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const CodeRange& a, const CodeRange& b) { return a.first < b.first; });
  std::vector<CodeRange> out;
  for (const CodeRange& range : ranges) {
    if (!out.empty() && range.first <= out.back().last + 1)
      out.back().last = std::max(out.back().last, range.last);
    else
      out.push_back(range);
  }
  return out;
}

std::vector<CodeRange> complement(const std::vector<CodeRange>& ranges) {
  std::vector<CodeRange> out;
  char32_t next = 0;
  for (const CodeRange& range : ranges) {
    if (range.first > next) out.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastCodePoint) out.push_back({next, kLastCodePoint});
  return out;
}

GrammarExpression characters(std::vector<CodeRange> ranges) {
  GrammarExpression expression{Kind::characters};
  expression.ranges = std::move(ranges);
  return expression;
}

class GbnfParser {
 public:
  explicit GbnfParser(std::string_view text) : text_{text} {}

  GrammarSyntax parse() {
    if (text_.size() > kMaxGrammarBytes) fail("the grammar is larger than 4 MiB");
    skip_space();
    while (!at_end()) parse_rule();
    finish();
    return std::move(syntax_);
  }

 private:
  struct Reference {
    std::size_t line;
    bool defined;
  };

  [[noreturn]] void fail(const std::string& message) const { fail_at(line_, message); }
  [[noreturn]] static void fail_at(std::size_t line, const std::string& message) {
    throw Error{Fault::data, "grammar, line " + std::to_string(line) + ": " + message};
  }

  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// Passes white space, line ends and comments.
  void skip_space() {
    while (!at_end()) {
      const char c = text_[at_];
      if (c == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (c == '\n')
        ++at_, ++line_, new_line_ = true;
      else if (c == ' ' || c == '\t' || c == '\r')
        ++at_;
      else
        return;
    }
  }

  std::string_view parse_name() {
    const std::size_t begin = at_;
    while (!at_end() && is_name_character(text_[at_])) ++at_;
    new_line_ = false;
    return text_.substr(begin, at_ - begin);
  }

  /// True when what follows is `name ::=`, the beginning of the next rule.
  bool at_rule_head() {
    const std::size_t at = at_, line = line_;
    const bool new_line = new_line_;
    const bool head = !parse_name().empty() && (skip_space(), text_.substr(at_, 3) == "::=");
    at_ = at, line_ = line, new_line_ = new_line;
    return head;
  }

  std::uint32_t rule_number(std::string_view name) {
    const auto [entry, is_new] = numbers_.try_emplace(
        std::string{name}, static_cast<std::uint32_t>(syntax_.rules.size()));
    if (is_new) {
      if (syntax_.rules.size() >= kMaxGrammarRules) fail("there are too many rules");
      syntax_.rules.push_back({std::string{name}, line_});
      references_.push_back({line_, false});
    }
    return entry->second;
  }

  void parse_rule() {
    const std::size_t line = line_;
    const std::string_view name = parse_name();
    if (name.empty()) fail("expected the name of a rule");
    const std::uint32_t rule = rule_number(name);
    if (references_[rule].defined)
      fail("rule '" + std::string{name} + "' is already defined in line " +
           std::to_string(syntax_.rules[rule].line));
    references_[rule].defined = true;
    skip_space();
    if (text_.substr(at_, 3) != "::=") fail("expected ::= after '" + std::string{name} + "'");
    at_ += 3;
    skip_space();
    GrammarExpression body = parse_choice(0);
    if (!at_end() && !at_rule_head()) fail(std::string{"unexpected '"} + peek() + "'");
    syntax_.rules[rule].line = line;
    syntax_.rules[rule].body = std::move(body);
  }

  GrammarExpression parse_choice(std::size_t depth) {
    if (depth > kMaxGrammarNesting) fail("groups are nested too deep");
    GrammarExpression choice{Kind::choice};
    do {
      skip_space();
      choice.parts.push_back(parse_sequence(depth));
    } while (take('|'));
    if (choice.parts.size() > 1) return choice;
    GrammarExpression only = std::move(choice.parts.front());
    return only;
  }

  GrammarExpression parse_sequence(std::size_t depth) {
    GrammarExpression sequence;
    while (true) {
      const std::size_t first = sequence.parts.size();
      if (!parse_item(sequence.parts, depth)) return sequence;
      parse_repetitions(sequence.parts, first);
      skip_space();
    }
  }

  /// Appends what stands here; false when the sequence ends here.
  bool parse_item(std::vector<GrammarExpression>& out, std::size_t depth) {
    switch (peek()) {
      case '"':
        parse_literal(out);
        return true;
      case '[':
        out.push_back(parse_class());
        return true;
      case '.':
        ++at_;
        out.push_back(characters({{0, kLastCodePoint}}));
        return true;
      case '(': {
        const std::size_t line = line_;
        ++at_;
        out.push_back(parse_choice(depth + 1));
        if (!take(')')) fail_at(line, "the group that begins here is not closed");
        return true;
      }
      default:
        return parse_reference(out);
    }
  }

  bool parse_reference(std::vector<GrammarExpression>& out) {
    if (at_end() || !is_name_character(peek())) return false;
    if (at_rule_head()) {
      if (!new_line_) fail("a rule must begin on a new line");
      return false;
    }
    GrammarExpression reference{Kind::rule};
    reference.rule = rule_number(parse_name());
    out.push_back(std::move(reference));
    return true;
  }

  /// A literal is one part, so that a repetition after it takes all of it.
  void parse_literal(std::vector<GrammarExpression>& out) {
    const std::size_t line = line_;
    ++at_;
    GrammarExpression literal;
    while (!take('"')) {
      if (at_end() || peek() == '\n') fail_at(line, "the text that begins here is not closed");
      const char32_t character = parse_character();
      literal.parts.push_back(characters({{character, character}}));
    }
    out.push_back(std::move(literal));
  }

  GrammarExpression parse_class() {
    ++at_;
    const bool negated = take('^');
    std::vector<CodeRange> ranges;
    while (!take(']')) {
      if (at_end() || peek() == '\n') fail("the class of characters is not closed");
      const char32_t first = parse_character();
      char32_t last = first;
      if (peek() == '-' && text_.substr(at_ + 1, 1) != "]") {
        ++at_;
        if (at_end()) fail("the class of characters is not closed");
        last = parse_character();
      }
      if (first > last) fail("a range of characters runs backwards");
      ranges.push_back({first, last});
    }
    if (ranges.empty()) fail("the class of characters is empty");
    ranges = joined(std::move(ranges));
    if (negated) ranges = complement(ranges);
    if (ranges.empty()) fail("the class of characters matches none");
    return characters(std::move(ranges));
  }

  char32_t parse_character() {
    if (take('\\')) return parse_escape();
    const formats::CodePoint point = formats::decode_utf8(as_bytes(text_), at_);
    if (point.size == 0) fail("the grammar is not valid UTF-8");
    at_ += point.size;
    return point.value;
  }

  char32_t parse_escape() {
    const char c = peek();
    if (!at_end()) ++at_;
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'x':
        return parse_hex(2);
      case 'u':
        return parse_hex(4);
      case 'U':
        return parse_hex(8);
      case '\\':
      case '"':
      case '[':
      case ']':
      case '-':
      case '^':
        return static_cast<unsigned char>(c);
      default:
        fail("unknown escape after \\");
    }
  }

  char32_t parse_hex(std::size_t digits) {
    const std::string_view text = text_.substr(at_, digits);
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    if (text.size() != digits || std::from_chars(text.data(), end, value, 16).ptr != end)
      fail("expected " + std::to_string(digits) + " hexadecimal digits");
    if (value > kLastCodePoint || (value >= 0xD800 && value <= 0xDFFF))
      fail("\\u" + std::string{text} + " is no character");
    at_ += digits;
    return value;
  }

  /// Wraps the item that began at `first` into the repetitions that follow it.
  void parse_repetitions(std::vector<GrammarExpression>& parts, std::size_t first) {
    new_line_ = false;
    for (std::size_t levels = 0;; ++levels) {
      skip_space();
      std::uint32_t least = 0, most = GrammarExpression::kUnbounded;
      if (take('+'))
        least = 1;
      else if (take('?'))
        most = 1;
      else if (take('{'))
        parse_bounds(least, most);
      else if (!take('*'))
        return;
      if (levels == kMaxRepetitionNesting) fail("repetitions are nested too deep");
      GrammarExpression repeat{Kind::repeat};
      repeat.least = least;
      repeat.most = most;
      repeat.parts.push_back(std::move(parts[first]));
      parts[first] = std::move(repeat);
    }
  }

  void parse_bounds(std::uint32_t& least, std::uint32_t& most) {
    least = parse_count();
    skip_space();
    if (take(',')) {
      skip_space();
      if (peek() != '}') most = parse_count();
    } else {
      most = least;
    }
    skip_space();
    if (!take('}')) fail("expected } after the repetitions");
    if (most < least) fail("the repetitions run backwards");
  }

  std::uint32_t parse_count() {
    skip_space();
    std::uint32_t count = 0;
    const char* begin = text_.data() + at_;
    const auto result = std::from_chars(begin, text_.data() + text_.size(), count);
    if (result.ec != std::errc{}) fail("expected a number of repetitions");
    if (count > kMaxRepetitions) fail("more than a million repetitions");
    at_ += static_cast<std::size_t>(result.ptr - begin);
    return count;
  }

  void finish() {
    for (std::size_t i = 0; i < references_.size(); ++i)
      if (!references_[i].defined)
        fail_at(references_[i].line, "rule '" + syntax_.rules[i].name + "' is not defined");
    const auto root = numbers_.find("root");
    if (root == numbers_.end()) throw Error{Fault::data, "grammar: there is no rule 'root'"};
    syntax_.root = root->second;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  bool new_line_ = true;  ///< nothing but space stands before this place on its line
  GrammarSyntax syntax_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<Reference> references_;  ///< one a rule; the line it was first met in
};

}  // namespace

GrammarSyntax parse_gbnf(std::string_view text) {
  return GbnfParser{text}.parse();
}

}  // namespace hart::nn
