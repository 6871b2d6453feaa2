#include "prov/cypher/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace hart::prov::cypher {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c);
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_{text} {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    do {
      skip_space();
      token_ = Token{};
      token_.at = here();
      token_.begin = static_cast<std::uint32_t>(at_);
      read_token();
      token_.end = static_cast<std::uint32_t>(at_);
      tokens.push_back(token_);
    } while (token_.kind != TokenKind::end);
    return tokens;
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  Position here() const { return {line_, static_cast<std::uint32_t>(at_ - line_start_ + 1)}; }
  void advance() {
    if (text_[at_++] == '\n') {
      ++line_;
      line_start_ = at_;
    }
  }
  void skip_space();
  void read_token();
  void read_name();
  void read_number();
  void read_digits_of(std::string_view digits);
  void read_quoted(char quote);
  void read_escape();
  void read_unicode_escape(std::size_t digits);
  void read_symbol();
  void refuse_unicode_punctuation() const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
  Token token_;
};

void Lexer::skip_space() {
  while (at_ < text_.size()) {
    if (std::isspace(static_cast<unsigned char>(peek())) != 0) {
      advance();
    } else if (peek() == '/' && peek(1) == '/') {
      while (at_ < text_.size() && peek() != '\n') advance();
    } else if (peek() == '/' && peek(1) == '*') {
      const Position start = here();
      const std::size_t close = text_.find("*/", at_ + 2);
      if (close == std::string_view::npos)
        fail_syntax(start, "UnexpectedSyntax", "the comment has no end");
      while (at_ < close + 2) advance();
    } else {
      return;
    }
  }
}

void Lexer::read_token() {
  if (at_ >= text_.size()) return;
  const char c = peek();
  refuse_unicode_punctuation();
  if (is_name_start(c)) return read_name();
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return read_number();
  if (c == '\'' || c == '"' || c == '`') return read_quoted(c);
  if (c == '$') {
    advance();
    if (peek() == '`') {
      read_quoted('`');
    } else {
      while (is_name_part(peek())) token_.text += peek(), advance();
      if (token_.text.empty())
        fail_syntax(here(), "UnexpectedSyntax", "expected a parameter's name after `$`");
    }
    token_.kind = TokenKind::parameter;
    return;
  }
  read_symbol();
}

// Letters beyond ASCII may be in names; dashes and quotation marks of typesetting are a slip.
void Lexer::refuse_unicode_punctuation() const {
  if (static_cast<unsigned char>(peek()) == 0xe2 &&
      (static_cast<unsigned char>(peek(1)) == 0x80 ||
       static_cast<unsigned char>(peek(1)) == 0x81))
    fail_syntax(here(), "InvalidUnicodeCharacter",
                "a punctuation character beyond ASCII is no part of the language");
}

void Lexer::read_name() {
  token_.kind = TokenKind::name;
  while (is_name_part(peek())) {
    refuse_unicode_punctuation();
    token_.text += peek();
    advance();
  }
}

void Lexer::read_digits_of(std::string_view digits) {
  while (digits.find(peek()) != std::string_view::npos && peek() != '\0') {
    token_.text += peek();
    advance();
  }
}

void Lexer::read_number() {
  token_.kind = TokenKind::integer;
  if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X' || peek(1) == 'o' || peek(1) == 'O')) {
    const bool hex = peek(1) == 'x' || peek(1) == 'X';
    token_.text = hex ? "0x" : "0o";
    at_ += 2;
    read_digits_of(hex ? "0123456789abcdefABCDEF" : "01234567");
    if (token_.text.size() == 2) token_.kind = TokenKind::bad_number;
  } else {
    read_digits_of("0123456789");
    if (peek() == '.' && is_digit(peek(1))) {
      token_.kind = TokenKind::floating;
      token_.text += '.';
      advance();
      read_digits_of("0123456789");
    }
    const bool exponent = peek() == 'e' || peek() == 'E';
    const std::size_t sign = peek(1) == '-' || peek(1) == '+' ? 1 : 0;
    if (exponent && is_digit(peek(1 + sign))) {
      token_.kind = TokenKind::floating;
      for (std::size_t i = 0; i < 1 + sign; ++i) token_.text += peek(), advance();
      read_digits_of("0123456789");
    }
  }
  if (!is_name_part(peek())) return;
  token_.kind = TokenKind::bad_number;
  while (is_name_part(peek())) token_.text += peek(), advance();
}

void Lexer::read_quoted(char quote) {
  token_.kind = quote == '`' ? TokenKind::quoted_name : TokenKind::string;
  const Position start = here();
  advance();
  while (true) {
    if (at_ >= text_.size())
      fail_syntax(start, "UnexpectedSyntax",
                  std::string{"expected a closing "} + quote + " before the end of the query");
    const char c = peek();
    if (c == quote && quote == '`' && peek(1) == '`') {
      advance();
    } else if (c == quote) {
      break;
    } else if (c == '\\' && quote != '`') {
      read_escape();
      continue;
    }
    token_.text += c;
    advance();
  }
  advance();
}

void Lexer::read_escape() {
  static constexpr std::string_view kNames = "bfnrt\\'\"";
  static constexpr std::string_view kCharacters = "\b\f\n\r\t\\'\"";
  const char c = peek(1);
  if (c == 'u') return read_unicode_escape(4);
  if (c == 'U') return read_unicode_escape(8);
  const std::size_t index = kNames.find(c);
  if (c == '\0' || index == std::string_view::npos)
    fail_syntax(here(), "UnexpectedSyntax", "expected one of b f n r t \\ ' \" u U after `\\`");
  token_.text += kCharacters[index];
  advance();
  advance();
}

void Lexer::read_unicode_escape(std::size_t digits) {
  const Position start = here();
  std::uint32_t code = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = peek(2 + i);
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0)
      fail_syntax(start, "InvalidUnicodeLiteral",
                  "expected " + std::to_string(digits) + " hexadecimal digits after the `\\u`");
    code = code * 16 +
           static_cast<std::uint32_t>(
               is_digit(c) ? c - '0' : std::tolower(static_cast<unsigned char>(c)) - 'a' + 10);
  }
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    fail_syntax(start, "InvalidUnicodeLiteral", "expected a code point of Unicode");
  append_utf8(token_.text, code);
  for (std::size_t i = 0; i < digits + 2; ++i) advance();
}

void Lexer::read_symbol() {
  static constexpr std::array<std::string_view, 5> kPairs{"<=", ">=", "<>", "..", "=~"};
  static constexpr std::string_view kSingles = "()[]{},:;.|*+-/%^<>=";
  token_.kind = TokenKind::symbol;
  for (const std::string_view pair : kPairs)
    if (text_.substr(at_, 2) == pair) token_.text = std::string{pair};
  if (token_.text.empty()) {
    if (kSingles.find(peek()) == std::string_view::npos)
      fail_syntax(here(), "UnexpectedSyntax",
                  std::string{"the character `"} + peek() + "` is no part of the language");
    token_.text = std::string{peek()};
  }
  for (std::size_t i = 0; i < token_.text.size(); ++i) advance();
}

}  // namespace

std::vector<Token> tokenize(std::string_view query) {
  if (query.size() > kMaxQueryBytes)
    fail_syntax({}, "UnexpectedSyntax",
                "a query has at most " + std::to_string(kMaxQueryBytes) + " bytes");
  return Lexer{query}.run();
}

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(),
      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

}  // namespace hart::prov::cypher
