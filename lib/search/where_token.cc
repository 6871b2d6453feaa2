#include "search/where_token.h"

#include <array>
#include <charconv>
#include <cmath>

#include "core/error.h"

namespace hart::search {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_word(char c) {
  return begins_word(c) || is_digit(c) || c == '-';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string shown(char c) {
  if (c >= ' ' && c < 0x7f) return std::string{"'"} + c + "'";
  return "byte " + std::to_string(static_cast<unsigned char>(c));
}

}  // namespace

void refuse_where(std::size_t position, const std::string& what) {
  throw Error{Fault::usage, "filter expression, at " + std::to_string(position) + ": " + what};
}

WhereToken WhereLexer::next() {
  while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  WhereToken token;
  const std::size_t position = at_ + 1;
  if (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"' || c == '\'')
      token = read_string(c);
    else if (is_digit(c) || c == '-')
      token = read_number();
    else if (begins_word(c))
      token = read_word();
    else
      token = read_symbol();
  }
  token.position = position;
  return token;
}

WhereToken WhereLexer::read_string(char quote) {
  const std::size_t opened = at_++;
  std::string value;
  for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
    char c = text_[at_];
    if (c == '\0') refuse_where(at_ + 1, "a string cannot hold byte 0");
    if (c == '\\') {
      c = ++at_ < text_.size() ? text_[at_] : '\0';
      if (c != '"' && c != '\'' && c != '\\')
        refuse_where(at_ + 1, "expected \", ' or \\ after a \\");
    }
    value += c;
  }
  if (at_ == text_.size()) refuse_where(opened + 1, "nothing closes this string");
  ++at_;
  WhereToken token;
  token.kind = WhereToken::Kind::value;
  token.text = value;
  token.value = std::move(value);
  return token;
}

WhereToken WhereLexer::read_number() {
  const std::size_t begin = at_++;
  bool whole = true;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    const bool signs_exponent =
        (c == '+' || c == '-') && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
    if (c == '.' || c == 'e' || c == 'E' || signs_exponent)
      whole = false;
    else if (!is_digit(c))
      break;
  }
  WhereToken token;
  token.kind = WhereToken::Kind::value;
  token.text = text_.substr(begin, at_ - begin);
  const char* first = token.text.data();
  const char* last = first + token.text.size();
  const bool followed = at_ < text_.size() && is_word(text_[at_]);
  std::from_chars_result read{};
  if (whole) {
    std::int64_t value = 0;
    read = std::from_chars(first, last, value);
    token.value = value;
  } else {
    double value = 0;
    read = std::from_chars(first, last, value);
    token.value = value;
  }
  if (read.ec != std::errc{} || read.ptr != last || followed)
    refuse_where(begin + 1, "this is no number, or one out of range");
  return token;
}

WhereToken WhereLexer::read_word() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && is_word(text_[at_])) ++at_;
  WhereToken token;
  token.kind = WhereToken::Kind::word;
  token.text = text_.substr(begin, at_ - begin);
  if (token.text == "true" || token.text == "false") {
    token.kind = WhereToken::Kind::value;
    token.value = token.text == "true";
  } else if (token.text == "null") {
    token.kind = WhereToken::Kind::value;
  }
  return token;
}

WhereToken WhereLexer::read_symbol() {
  // The longer ones first.
  static constexpr std::array<std::string_view, 13> kSymbols{
      "!=", "<=", ">=", "=", "<", ">", "~", "(", ")", ",", ".", "[", "]"};
  WhereToken token;
  token.kind = WhereToken::Kind::symbol;
  for (const std::string_view symbol : kSymbols) {
    if (!text_.substr(at_).starts_with(symbol)) continue;
    token.text = symbol;
    at_ += symbol.size();
    return token;
  }
  refuse_where(at_ + 1, "nothing begins with " + shown(text_[at_]));
}

}  // namespace hart::search
