#include "nn/template_lexer.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/error.h"
#include "formats/unicode.h"
#include "formats/utf8.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Bytes of names: ASCII letters, digits, `_`, and every byte above 127.
bool is_name_byte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) ||
         static_cast<unsigned char>(c) >= 128;
}

bool is_blank(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Line ends become "\n", and the one at the very end goes.
std::string normalize_newlines(std::string_view source) {
  std::string text;
  text.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    const bool pair = source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n';
    if (!pair) text += source[i] == '\r' ? '\n' : source[i];
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

constexpr std::array<std::string_view, 27> kSymbols = {
    "==", "!=", ">=", "<=", "//", "**", "+", "-", "/", "*", "%", "~", "[", "]",
    "(",  ")",  "{",  "}",  ">",  "<",  "=", ".", ":", "|", ",", ";", ""};

class Lexer {
 public:
  explicit Lexer(std::string text) : text_{std::move(text)} {}

  std::vector<Token> run();

 private:
  [[nodiscard]] bool starts(std::string_view what) const {
    return std::string_view{text_}.substr(at_).starts_with(what);
  }
  [[nodiscard]] Position position_of(std::size_t offset);
  void emit(TokenType type, std::string text, std::size_t offset) {
    tokens_.push_back({type, std::move(text), position_of(offset)});
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  [[nodiscard]] std::size_t find_tag() const;
  void lex_text();
  void lex_comment();
  bool lex_raw();
  void lex_tag(bool block);
  void lex_token(std::string& brackets);
  void lex_string();
  void lex_number();
  bool lex_tag_end(bool block);
  void close_bracket(std::string& brackets, char closing, std::size_t offset);
  /// Matches `{%`, a sign, blanks and the word: the offset after it, or nothing.
  [[nodiscard]] std::optional<std::size_t> match_block(std::size_t offset,
                                                       std::string_view word) const;
  void end_tag(char sign, bool trims);
  [[nodiscard]] std::string strip_before_tag(std::string text, std::size_t tag, bool lines);

  std::string text_;
  std::size_t at_ = 0;
  bool line_starting_ = true;  ///< whether what follows is first on its line
  std::size_t counted_ = 0;    ///< offset up to which lines were counted
  std::uint32_t line_ = 1;
  std::size_t line_begin_ = 0;
  std::vector<Token> tokens_;
};

Position Lexer::position_of(std::size_t offset) {
  // Tokens come in order; a message about the beginning of a tag may look back.
  if (offset < counted_) {
    counted_ = line_begin_ = 0;
    line_ = 1;
  }
  for (; counted_ < offset; ++counted_) {
    if (text_[counted_] != '\n') continue;
    ++line_;
    line_begin_ = counted_ + 1;
  }
  return {line_, static_cast<std::uint32_t>(offset - line_begin_ + 1)};
}

std::vector<Token> Lexer::run() {
  while (at_ < text_.size()) {
    lex_text();
    if (at_ >= text_.size()) break;
    if (starts("{#")) {
      lex_comment();
    } else if (!starts("{%")) {
      lex_tag(false);
    } else if (!lex_raw()) {
      lex_tag(true);
    }
  }
  emit(TokenType::end, "", text_.size());
  return std::move(tokens_);
}

std::size_t Lexer::find_tag() const {
  for (std::size_t at = at_; (at = text_.find('{', at)) != std::string::npos; ++at)
    if (at + 1 < text_.size() &&
        std::string_view{"{%#"}.find(text_[at + 1]) != std::string::npos)
      return at;
  return text_.size();
}

std::string Lexer::strip_before_tag(std::string text, std::size_t tag, bool lines) {
  const char sign = tag + 2 < text_.size() ? text_[tag + 2] : ' ';
  if (sign == '-') return std::string{strip(text, kWhitespace, Side::right)};
  if (sign == '+' || !lines) return text;
  const std::size_t begin = text.rfind('\n') + 1;
  if (begin == 0 && !line_starting_) return text;
  if (strip(std::string_view{text}.substr(begin), kWhitespace, Side::right).empty())
    text.resize(begin);
  return text;
}

void Lexer::lex_text() {
  const std::size_t tag = find_tag();
  std::string text = text_.substr(at_, tag - at_);
  if (tag < text_.size()) text = strip_before_tag(std::move(text), tag, text_[tag + 1] != '{');
  if (!text.empty()) emit(TokenType::text, std::move(text), at_);
  at_ = tag;
}

/// Behind the closing delimiter, whose sign may strip or keep what follows.
void Lexer::end_tag(char sign, bool trims) {
  const std::size_t begin = at_;
  if (sign == '-') {
    while (at_ < text_.size()) {
      const formats::CodePoint point = formats::decode_utf8(as_bytes(text_), at_);
      if (!is_python_space(point.value)) break;
      at_ += point.size;
    }
  } else if (sign != '+' && trims && starts("\n")) {
    ++at_;
  }
  line_starting_ = at_ > begin && text_[at_ - 1] == '\n';
}

void Lexer::lex_comment() {
  const std::size_t end = text_.find("#}", at_ + 2);
  if (end == std::string::npos)
    fail_at(position_of(at_), "expected the end of the comment, '#}'");
  const char sign = end > at_ + 2 ? text_[end - 1] : ' ';
  at_ = end + 2;
  end_tag(sign, true);
}

std::optional<std::size_t> Lexer::match_block(std::size_t offset, std::string_view word) const {
  const std::string_view text{text_};
  if (!text.substr(offset).starts_with("{%")) return std::nullopt;
  offset += 2;
  if (offset < text.size() && (text[offset] == '-' || text[offset] == '+')) ++offset;
  while (offset < text.size() && is_blank(text[offset])) ++offset;
  if (!text.substr(offset).starts_with(word)) return std::nullopt;
  offset += word.size();
  while (offset < text.size() && is_blank(text[offset])) ++offset;
  return offset;
}

bool Lexer::lex_raw() {
  const auto after = match_block(at_, "raw");
  if (!after) return false;
  const bool strips = std::string_view{text_}.substr(*after).starts_with("-%}");
  if (!strips && !std::string_view{text_}.substr(*after).starts_with("%}")) return false;
  const std::size_t opening = at_;
  at_ = *after + (strips ? 3 : 2);
  end_tag(strips ? '-' : ' ', false);
  const std::size_t begin = at_;
  for (std::size_t tag = begin; (tag = text_.find("{%", tag)) != std::string::npos; ++tag) {
    const auto inner = match_block(tag, "endraw");
    if (!inner) continue;
    const char sign = *inner < text_.size() ? text_[*inner] : ' ';
    const std::size_t close = *inner + (sign == '-' || sign == '+' ? 1 : 0);
    if (!std::string_view{text_}.substr(close).starts_with("%}")) continue;
    std::string text = strip_before_tag(text_.substr(begin, tag - begin), tag, true);
    if (!text.empty()) emit(TokenType::text, std::move(text), begin);
    at_ = close + 2;
    end_tag(sign, true);
    return true;
  }
  fail_at(position_of(opening), "expected '{% endraw %}' after '{% raw %}'");
}

bool Lexer::lex_tag_end(bool block) {
  const std::string_view closing = block ? "%}" : "}}";
  const char sign = text_[at_];
  const bool signed_end = (sign == '-' || (sign == '+' && block)) &&
                          std::string_view{text_}.substr(at_ + 1).starts_with(closing);
  if (!signed_end && !starts(closing)) return false;
  emit(block ? TokenType::block_end : TokenType::print_end, std::string{closing}, at_);
  at_ += signed_end ? 3 : 2;
  end_tag(signed_end ? sign : ' ', block);
  return true;
}

void Lexer::lex_tag(bool block) {
  const std::size_t begin = at_;
  emit(block ? TokenType::block_begin : TokenType::print_begin, block ? "{%" : "{{", at_);
  at_ += 2;
  if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
  std::string brackets;
  while (true) {
    skip_blanks();
    if (at_ >= text_.size())
      fail_at(position_of(begin),
              std::string{"expected the end of the tag, '"} + (block ? "%}'" : "}}'"));
    // Inside brackets, "}}" closes two dicts.
    if (brackets.empty() && lex_tag_end(block)) return;
    lex_token(brackets);
  }
}

void Lexer::close_bracket(std::string& brackets, char closing, std::size_t offset) {
  if (brackets.empty() || brackets.back() != closing)
    fail_at(position_of(offset),
            std::string{"unexpected '"} + closing + "'" +
                (brackets.empty() ? std::string{}
                                  : std::string{", expected '"} + brackets.back() + "'"));
  brackets.pop_back();
}

void Lexer::lex_token(std::string& brackets) {
  const char c = text_[at_];
  if (c == '\'' || c == '"') return lex_string();
  if (is_digit(c)) return lex_number();
  const std::size_t begin = at_;
  if (is_name_byte(c)) {
    while (at_ < text_.size() && is_name_byte(text_[at_])) ++at_;
    return emit(TokenType::name, text_.substr(begin, at_ - begin), begin);
  }
  const auto symbol = std::find_if(kSymbols.begin(), kSymbols.end(),
                                   [&](std::string_view each) { return starts(each); });
  if (symbol->empty())
    fail_at(position_of(at_), std::string{"unexpected character '"} + c + "'");
  switch (c) {
    case '(':
      brackets += ')';
      break;
    case '[':
      brackets += ']';
      break;
    case '{':
      brackets += '}';
      break;
    case ')':
    case ']':
    case '}':
      close_bracket(brackets, c, at_);
      break;
    default:
      break;
  }
  at_ += symbol->size();
  emit(TokenType::symbol, std::string{*symbol}, begin);
}

void Lexer::lex_string() {
  const std::size_t begin = at_;
  const char quote = text_[at_++];
  while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
  if (at_ >= text_.size())
    fail_at(position_of(begin), std::string{"expected the end of the string, "} + quote);
  const auto value = unescape(std::string_view{text_}.substr(begin + 1, at_ - begin - 1));
  if (!value) fail_at(position_of(begin), "expected valid escapes in the string");
  ++at_;
  emit(TokenType::string, *value, begin);
}

/// Digits with single underscores between them are passed over, and only they.
std::size_t skip_digits(std::string_view text, std::size_t at, std::string_view digits) {
  while (at < text.size() && digits.find(text[at]) != std::string_view::npos) {
    ++at;
    if (at + 1 < text.size() && text[at] == '_' &&
        digits.find(text[at + 1]) != std::string_view::npos)
      ++at;
  }
  return at;
}

/// The offset after a fraction and an exponent, or `at` where there is neither.
std::size_t skip_float_tail(std::string_view text, std::size_t at) {
  constexpr std::string_view kDecimal = "0123456789";
  const auto digit_at = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
  if (at < text.size() && text[at] == '.' && digit_at(at + 1))
    at = skip_digits(text, at + 1, kDecimal);
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const bool has_sign = at + 1 < text.size() && (text[at + 1] == '+' || text[at + 1] == '-');
    const std::size_t digits = at + (has_sign ? 2 : 1);
    if (digit_at(digits)) at = skip_digits(text, digits, kDecimal);
  }
  return at;
}

void Lexer::lex_number() {
  const std::string_view text{text_};
  const std::size_t begin = at_;
  const char prefix =
      text[at_] == '0' && at_ + 1 < text.size() ? static_cast<char>(text[at_ + 1] | 0x20) : ' ';
  std::string_view digits = "0123456789";
  if (prefix == 'x') digits = "0123456789abcdefABCDEF";
  if (prefix == 'o') digits = "01234567";
  if (prefix == 'b') digits = "01";
  const bool decimal = digits.size() == 10;
  std::size_t end = skip_digits(text, at_ + (decimal ? 0 : 2), digits);
  // After a dot, as in `x.0.1`, digits are an index.
  const bool index = at_ > 0 && text[at_ - 1] == '.';
  const std::size_t tail = decimal && !index ? skip_float_tail(text, end) : end;
  const bool floating = tail > end;
  end = tail;
  std::string number{text.substr(begin, end - begin)};
  std::erase(number, '_');
  at_ = end;
  emit(floating ? TokenType::floating : TokenType::integer, std::move(number), begin);
}

}  // namespace

void fail_at(Position position, const std::string& message) {
  throw Error{Fault::data, "line " + std::to_string(position.line) + ", column " +
                               std::to_string(position.column) + ": " + message};
}

std::vector<Token> tokenize_template(std::string_view source) {
  const std::size_t valid = formats::validate_utf8(as_bytes(source));
  if (valid != source.size())
    throw Error{Fault::data,
                "expected valid UTF-8 at byte " + std::to_string(valid) + " of the template"};
  return Lexer{normalize_newlines(source)}.run();
}

}  // namespace hart::nn::jinja
