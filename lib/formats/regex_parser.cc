#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "formats/regex_ast.h"
#include "formats/text_cursor.h"

namespace hart::formats::regex {
namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kLongestExpression = 16384;
constexpr std::uint32_t kLongestCount = 1024;

struct PosixClass {
  std::string_view name, properties;
};
constexpr std::array<PosixClass, 6> kPosixClasses = {{{"[:alpha:]", "L M Nl"},
                                                      {"[:digit:]", "Nd"},
                                                      {"[:alnum:]", "L M N"},
                                                      {"[:punct:]", "P"},
                                                      {"[:upper:]", "Lu"},
                                                      {"[:lower:]", "Ll"}}};

CharacterRanges one_of(char32_t value) {
  CharacterRanges ranges;
  ranges.add(value, value);
  return ranges;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_{text} {}

  Node run() {
    Node node = alternation();
    if (at_ != text_.size()) fail("a ) that nothing opened");
    return node;
  }

 private:
  [[noreturn]] void fail(const std::string& because) const {
    throw Error{Fault::data,
                "regular expression, byte " + std::to_string(at_) + ": " + because};
  }
  [[nodiscard]] bool ends() const { return at_ >= text_.size(); }
  [[nodiscard]] bool sees(std::string_view wanted) const {
    return text_.substr(at_).starts_with(wanted);
  }
  bool take(std::string_view wanted) {
    if (!sees(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  char32_t take_character() {
    if (ends()) fail("ends where a character was expected");
    const CodePoint point = character_at(text_, at_);
    at_ += point.size;
    return point.value;
  }

  Node alternation();
  Node sequence();
  Node atom();
  Node group();
  Node quantified(Node atom);
  bool bounds(std::uint32_t& min, std::uint32_t& max);
  std::uint32_t count();
  Node escape();
  std::optional<CharacterRanges> shorthand(char32_t letter);
  CharacterRanges property(bool is_negative);
  char32_t escaped_character(char32_t letter);
  char32_t hexadecimal(std::size_t digits);
  CharacterRanges character_class();
  CharacterRanges class_items();
  std::optional<CharacterRanges> class_set();
  char32_t class_character();
  Node set_of(CharacterRanges ranges) const {
    if (ignores_case_) ranges.add_other_cases();
    return Node{.kind = Node::Kind::set, .characters = std::move(ranges)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool ignores_case_ = false;
};

Node Parser::alternation() {
  if (++depth_ > kDeepest) fail("nested deeper than 64 levels");
  const bool outer_case = ignores_case_;
  Node node{.kind = Node::Kind::alternation};
  do node.children.push_back(sequence());
  while (take("|"));
  ignores_case_ = outer_case;
  --depth_;
  if (node.children.size() > 1) return node;
  Node only = std::move(node.children.front());
  return only;
}

Node Parser::sequence() {
  Node node{.kind = Node::Kind::sequence};
  while (!ends() && !sees("|") && !sees(")")) {
    if (take("(?i)")) {
      ignores_case_ = true;
      continue;
    }
    node.children.push_back(quantified(atom()));
  }
  return node;
}

Node Parser::atom() {
  if (take("(")) return group();
  if (take("[")) return set_of(character_class());
  if (take("\\")) return escape();
  if (take("^")) return Node{.kind = Node::Kind::line_begin};
  if (take("$")) return Node{.kind = Node::Kind::line_end};
  if (take(".")) return Node{.kind = Node::Kind::set, .characters = one_of('\n').inverted()};
  if (sees("*") || sees("+") || sees("?")) fail("a quantifier with nothing before it");
  return set_of(one_of(take_character()));
}

Node Parser::group() {
  const bool outer_case = ignores_case_;
  std::optional<Node> around;
  if (take("?:")) {
  } else if (take("?i:")) {
    ignores_case_ = true;
  } else if (take("?=")) {
    around = Node{.kind = Node::Kind::look};
  } else if (take("?!")) {
    around = Node{.kind = Node::Kind::look, .is_negative = true};
  } else if (take("?<=")) {
    around = Node{.kind = Node::Kind::look, .is_behind = true};
  } else if (take("?<!")) {
    around = Node{.kind = Node::Kind::look, .is_negative = true, .is_behind = true};
  } else if (take("?>")) {
    around = Node{.kind = Node::Kind::atomic};
  } else if (sees("?")) {
    fail("a kind of group that is not supported");
  }
  Node node = alternation();
  ignores_case_ = outer_case;
  if (!take(")")) fail("a group without its )");
  if (!around) return node;
  around->children.push_back(std::move(node));
  return std::move(*around);
}

std::uint32_t Parser::count() {
  std::uint32_t value = 0;
  const char* begin = text_.data() + at_;
  const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
  if (error != std::errc{} || value > kLongestCount)
    fail("a count of at most 1024 is expected");
  at_ += static_cast<std::size_t>(end - begin);
  return value;
}

bool Parser::bounds(std::uint32_t& min, std::uint32_t& max) {
  const std::size_t start = at_;
  const auto is_digit = [&] { return !ends() && text_[at_] >= '0' && text_[at_] <= '9'; };
  if (!take("{")) return false;
  if (!is_digit() && !sees(",")) {
    at_ = start;  // a brace that is a character
    return false;
  }
  min = is_digit() ? count() : 0;
  max = min;
  if (take(",")) max = is_digit() ? count() : kUnbounded;
  if (!take("}")) fail("a quantifier without its }");
  if (max < min) fail("a quantifier whose bounds are reversed");
  return true;
}

Node Parser::quantified(Node atom) {
  for (int nested = 0;; ++nested) {
    Node repeat{.kind = Node::Kind::repeat};
    bool is_counted = false;
    if (take("*")) {
      repeat.max = kUnbounded;
    } else if (take("+")) {
      repeat.min = 1;
      repeat.max = kUnbounded;
    } else if (take("?")) {
      repeat.max = 1;
    } else if (bounds(repeat.min, repeat.max)) {
      is_counted = true;
    } else {
      return atom;
    }
    if (nested > kDeepest) fail("nested deeper than 64 levels");
    if (take("?"))
      repeat.greed = Node::Greed::lazy;
    else if (!is_counted && take("+"))  // after {n,m} a + repeats the repetition
      repeat.greed = Node::Greed::possessive;
    repeat.children.push_back(std::move(atom));
    atom = std::move(repeat);
  }
}

std::optional<CharacterRanges> Parser::shorthand(char32_t letter) {
  switch (letter) {
    case 's':
      return white_space_characters();
    case 'S':
      return white_space_characters().inverted();
    case 'w':
      return word_characters();
    case 'W':
      return word_characters().inverted();
    case 'd':
      return *find_property("Nd");
    case 'D':
      return find_property("Nd")->inverted();
    case 'p':
      return property(false);
    case 'P':
      return property(true);
    default:
      return std::nullopt;
  }
}

CharacterRanges Parser::property(bool is_negative) {
  std::string_view name;
  if (take("{")) {
    if (take("^")) is_negative = !is_negative;
    const std::size_t end = text_.find('}', at_);
    if (end == text_.npos) fail("a property without its }");
    name = text_.substr(at_, end - at_);
    at_ = end + 1;
  } else {
    name = text_.substr(at_, 1);
    at_ += name.size();
  }
  const auto found = find_property(name);
  if (!found) fail("the property '" + std::string{name.substr(0, 40)} + "' is not known");
  return is_negative ? found->inverted() : *found;
}

char32_t Parser::hexadecimal(std::size_t digits) {
  const bool has_braces = digits == 2 && take("{");
  const std::size_t end = has_braces ? text_.find('}', at_) : at_ + digits;
  if (end == text_.npos || end > text_.size()) fail("hexadecimal digits are missing");
  std::uint32_t value = 0;
  const auto [stop, error] = std::from_chars(text_.data() + at_, text_.data() + end, value, 16);
  if (error != std::errc{} || stop != text_.data() + end || value > 0x10FFFF)
    fail("hexadecimal digits of a code point are expected");
  at_ = end + (has_braces ? 1 : 0);
  return value;
}

char32_t Parser::escaped_character(char32_t letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'f':
      return '\f';
    case 'v':
      return '\v';
    case 'x':
      return hexadecimal(2);
    case 'u':
      return hexadecimal(4);
    default:
      break;
  }
  const bool is_word = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                       (letter >= 'A' && letter <= 'Z');
  if (is_word)
    fail(std::string{"the escape \\"} + static_cast<char>(letter) + " is not supported");
  return letter;
}

Node Parser::escape() {
  const char32_t letter = take_character();
  if (letter == 'A') return Node{.kind = Node::Kind::text_begin};
  if (letter == 'z' || letter == 'Z') return Node{.kind = Node::Kind::text_end};
  if (letter == 'b' || letter == 'B')
    return Node{.kind = Node::Kind::boundary, .is_negative = letter == 'B'};
  if (auto set = shorthand(letter)) return set_of(std::move(*set));
  return set_of(one_of(escaped_character(letter)));
}

/// The class whose [ is taken, up to its ].
CharacterRanges Parser::character_class() {
  if (++depth_ > kDeepest) fail("nested deeper than 64 levels");
  const bool is_negative = take("^");
  CharacterRanges ranges = class_items();
  while (take("&&")) ranges = ranges.intersected(class_items());
  if (!take("]")) fail("a class without its ]");
  --depth_;
  if (!is_negative) return ranges;
  if (ignores_case_) ranges.add_other_cases();
  return ranges.inverted();
}

CharacterRanges Parser::class_items() {
  std::vector<CharacterRange> ranges;
  for (bool is_first = true; !ends(); is_first = false) {
    if (sees("&&") || (sees("]") && !is_first)) break;
    if (const auto set = class_set()) {
      ranges.insert(ranges.end(), set->ranges().begin(), set->ranges().end());
      continue;
    }
    const char32_t first = class_character();
    const bool is_range = sees("-") && !sees("-]") && !sees("-&&");
    if (!is_range) {
      ranges.push_back({first, first});
      continue;
    }
    at_ += 1;
    const char32_t last = class_character();
    if (last < first) fail("a range whose ends are reversed");
    ranges.push_back({first, last});
  }
  return CharacterRanges{std::move(ranges)};
}

/// A class inside the class, or an escape that stands for several characters.
std::optional<CharacterRanges> Parser::class_set() {
  if (take("[:space:]")) return white_space_characters();
  for (const PosixClass& posix : kPosixClasses) {
    if (!take(posix.name)) continue;
    CharacterRanges ranges;
    for (std::string_view rest = posix.properties; !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      ranges.add(*find_property(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return ranges;
  }
  if (take("[")) return character_class();
  if (!sees("\\")) return std::nullopt;
  const std::size_t start = at_;
  at_ += 1;
  if (auto set = shorthand(take_character())) return set;
  at_ = start;
  return std::nullopt;
}

char32_t Parser::class_character() {
  if (!take("\\")) return take_character();
  return escaped_character(take_character());
}

}  // namespace

Node parse(std::string_view expression) {
  if (expression.size() > kLongestExpression)
    throw Error{Fault::data, "regular expression: longer than 16 KiB"};
  return Parser{expression}.run();
}

}  // namespace hart::formats::regex
