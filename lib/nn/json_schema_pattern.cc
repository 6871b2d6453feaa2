#include "nn/json_schema_pattern.h"

#include <algorithm>
#include <vector>

#include "core/bytes.h"
#include "formats/utf8.h"
#include "nn/grammar_syntax.h"

namespace hart::nn {
namespace {

using Ranges = std::vector<CodeRange>;

constexpr char32_t kLast = 0x10FFFF;
constexpr char32_t kFirstShown = 0x20;  ///< what is below is a control character
constexpr std::size_t kMaxGroupNesting = 50;

const Ranges kDigits{{'0', '9'}};
const Ranges kWord{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
/// ASCII's white space: every dialect has these.
const Ranges kSpace{{'\t', '\r'}, {' ', ' '}};

/// What `ranges` leave of the characters from `first` to `last`.
Ranges rest_of(Ranges ranges, char32_t first, char32_t last) {
  std::sort(ranges.begin(), ranges.end(),
            [](const CodeRange& a, const CodeRange& b) { return a.first < b.first; });
  Ranges out;
  for (const CodeRange& range : ranges) {
    if (range.first > first && first <= last)
      out.push_back({first, std::min<char32_t>(range.first - 1, last)});
    first = std::max<char32_t>(first, range.last + 1);
  }
  if (first <= last) out.push_back({first, last});
  return out;
}

bool contains(const Ranges& ranges, char32_t value) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const CodeRange& range) {
    return range.first <= value && value <= range.last;
  });
}

/// How JSON spells a character that it does not take as it is.
std::string escaped(char32_t value) {
  constexpr std::string_view kDigitsOf = "0123456789ABCDEF";
  switch (value) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return std::string{"\\u00"} + kDigitsOf[value / 16] + kDigitsOf[value % 16];
  }
}

/// `value` in a GBNF class.
std::string class_character(char32_t value) {
  if (value == 0x7F) return "\\x7F";
  std::string out = contains({{'[', '^'}, {'-', '-'}}, value) ? "\\" : "";
  if (value < 0x80) return out + static_cast<char>(value);
  formats::append_utf8(out, value);
  return out;
}

/// A GBNF item for one of these characters in a JSON string. Surrogates are no characters.
std::string json_characters(const Ranges& ranges, GbnfWriter& writer) {
  std::vector<std::string> parts;
  for (char32_t value = 0; value <= '\\'; ++value)
    if ((value < kFirstShown || value == '"' || value == '\\') && contains(ranges, value))
      parts.push_back(GbnfWriter::literal(escaped(value)));
  std::string plain;
  const Ranges taken = rest_of(ranges, 0, kLast);
  Ranges unescaped = taken;
  unescaped.insert(unescaped.end(),
                   {{0, kFirstShown - 1}, {'"', '"'}, {'\\', '\\'}, {0xD800, 0xDFFF}});
  for (const CodeRange& range : rest_of(unescaped, 0, kLast))
    plain += class_character(range.first) +
             (range.first < range.last ? "-" + class_character(range.last) : "");
  if (!plain.empty()) parts.push_back("[" + plain + "]");
  if (parts.size() == 1) return parts.front();
  return writer.shared("characters", GbnfWriter::choice(parts));
}

class PatternParser {
 public:
  PatternParser(std::string_view text, GbnfWriter& writer, const std::string& pointer)
      : text_{formats::to_utf32(text)}, writer_{writer}, pointer_{pointer} {}

  std::string parse() {
    std::string out = alternatives(0);
    if (at_ < text_.size()) refuse("unmatched )");
    return out;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    refuse_schema(pointer_,
                  "pattern: " + what + " (at character " + std::to_string(at_ + 1) + ")");
  }

  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] char32_t peek() const noexcept { return at_end() ? 0 : text_[at_]; }
  bool take(char32_t c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::u32string_view word) {
    if (std::u32string_view{text_}.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  std::string alternatives(std::size_t depth) {
    if (depth > kMaxGroupNesting) refuse("groups are nested too deep");
    std::vector<std::string> parts;
    do {
      const bool anchored = depth == 0 && take(U'^');
      std::string sequence = anchored || depth > 0 ? "" : writer_.primitive("char") + "* ";
      bool ends = false;
      while (!at_end() && peek() != U'|' && peek() != U')' && !ends) {
        ends = depth == 0 && take(U'$');
        if (!ends) sequence += item(depth) + " ";
      }
      if (ends && !at_end() && peek() != U'|') refuse("$ before the end is not supported");
      if (!ends && depth == 0) sequence += writer_.primitive("char") + "*";
      parts.push_back(sequence.empty() ? "\"\"" : sequence);
    } while (take(U'|'));
    return GbnfWriter::choice(parts);
  }

  std::string item(std::size_t depth) {
    std::string out;
    if (take(U'(')) {
      if (take(U'?')) group_kind();
      out = alternatives(depth + 1);
      if (!take(U')')) refuse("a group is not closed");
    } else {
      out = json_characters(one_character(), writer_);
    }
    return out + repetition();
  }

  void group_kind() {
    if (take(U':')) return;
    const bool is_named = peek() == U'<' && at_ + 1 < text_.size() && text_[at_ + 1] != U'=' &&
                          text_[at_ + 1] != U'!';
    if (!is_named) refuse("look-around is not supported");
    while (!at_end() && !take(U'>')) ++at_;
  }

  std::string repetition() {
    std::string out;
    if (take(U'*'))
      out = "*";
    else if (take(U'+'))
      out = "+";
    else if (take(U'?'))
      out = "?";
    else if (take(U'{'))
      out = bounds();
    if (!out.empty()) (void)take(U'?');
    if (!out.empty() && (peek() == U'*' || peek() == U'+' || peek() == U'{'))
      refuse("a repetition of a repetition");
    return out;
  }

  std::string bounds() {
    std::string out = "{" + number();
    if (take(U',')) out += "," + (peek() == U'}' ? std::string{} : number());
    if (!take(U'}')) refuse("{ is not closed");
    return out + "}";
  }

  std::string number() {
    std::string digits;
    while (!at_end() && peek() >= U'0' && peek() <= U'9' && digits.size() < 7)
      digits += static_cast<char>(text_[at_++]);
    if (digits.empty()) refuse("expected a number of repetitions");
    return digits;
  }

  Ranges one_character() {
    const char32_t c = text_[at_];
    switch (c) {
      case U'^':
      case U'$':
        refuse("^ and $ are supported at the ends only");
      case U'*':
      case U'+':
      case U'?':
      case U'{':
        refuse("nothing to repeat");
      default:
        break;
    }
    ++at_;
    if (c == U'.') return rest_of({{0x2028, 0x2029}}, kFirstShown, kLast);
    if (c == U'[') return character_class();
    if (c == U'\\') return escape(false);
    return {{c, c}};
  }

  Ranges character_class() {
    const bool negated = take(U'^');
    Ranges ranges;
    while (!take(U']')) {
      if (at_end()) refuse("a class is not closed");
      Ranges first = class_member();
      const bool is_range = peek() == U'-' && at_ + 1 < text_.size() && text_[at_ + 1] != U']';
      if (is_range) {
        ++at_;
        const Ranges last = class_member();
        const bool are_single = first.size() == 1 && last.size() == 1 &&
                                first[0].first == first[0].last &&
                                last[0].first == last[0].last;
        if (!are_single || first[0].first > last[0].first) refuse("not a range of characters");
        first[0].last = last[0].last;
      }
      ranges.insert(ranges.end(), first.begin(), first.end());
    }
    if (negated) ranges = rest_of(ranges, kFirstShown, kLast);
    if (ranges.empty()) refuse("a class without characters");
    return ranges;
  }

  Ranges class_member() {
    if (at_end()) refuse("a class is not closed");
    const char32_t c = text_[at_++];
    if (c == U'\\') return escape(true);
    return {{c, c}};
  }

  Ranges escape(bool in_class) {
    if (at_end()) refuse("nothing after \\");
    const char32_t c = text_[at_++];
    switch (c) {
      case U'd':
        return kDigits;
      case U'w':
        return kWord;
      case U's':
        return kSpace;
      case U'D':
        return rest_of(kDigits, kFirstShown, 0x7E);
      case U'W':
        return rest_of(kWord, kFirstShown, 0x7E);
      case U'S':
        return rest_of(kSpace, kFirstShown, 0x7E);
      case U'n':
        return single('\n');
      case U'r':
        return single('\r');
      case U't':
        return single('\t');
      case U'f':
        return single('\f');
      case U'v':
        return single('\v');
      case U'0':
        return single(0);
      case U'x':
        return single(hex(2));
      case U'u':
        return single(hex(4));
      default:
        break;
    }
    if (c == U'b' && in_class) return single('\b');
    const bool is_letter_or_digit =
        (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9');
    if (is_letter_or_digit)
      refuse(std::string{"\\"} + static_cast<char>(c) + " is not supported");
    return single(c);
  }

  static Ranges single(char32_t value) { return {{value, value}}; }

  char32_t hex(std::size_t digits) {
    char32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char32_t c = at_end() ? 0 : text_[at_++];
      if (c >= U'0' && c <= U'9')
        value = value * 16 + (c - U'0');
      else if ((c | 0x20) >= U'a' && (c | 0x20) <= U'f')
        value = value * 16 + ((c | 0x20) - U'a' + 10);
      else
        refuse("expected hexadecimal digits");
    }
    if (value >= 0xD800 && value <= 0xDFFF) refuse("half of a surrogate pair");
    return value;
  }

  std::u32string text_;
  std::size_t at_ = 0;
  GbnfWriter& writer_;
  const std::string& pointer_;
};

}  // namespace

std::string pattern_gbnf(std::string_view pattern, GbnfWriter& writer,
                         const std::string& pointer) {
  return PatternParser{pattern, writer, pointer}.parse();
}

}  // namespace hart::nn
