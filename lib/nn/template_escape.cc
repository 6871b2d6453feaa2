#include <charconv>

#include "formats/utf8.h"
#include "nn/template_string.h"

namespace hart::nn::jinja {
namespace {

bool is_octal(char c) noexcept {
  return c >= '0' && c <= '7';
}

/// Reads `digits` hexadecimal digits at `at` and appends the scalar value they name.
bool append_hex(std::string& out, std::string_view literal, std::size_t at,
                std::size_t digits) {
  if (at + digits > literal.size()) return false;
  std::uint32_t value = 0;
  const char* begin = literal.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + digits, value, 16);
  if (error != std::errc{} || end != begin + digits) return false;
  if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return false;
  formats::append_utf8(out, value);
  return true;
}

/// Up to three octal digits at `at`, which holds one; returns how many.
std::size_t append_octal(std::string& out, std::string_view literal, std::size_t at) {
  char32_t value = 0;
  std::size_t size = 0;
  for (; size < 3 && at + size < literal.size() && is_octal(literal[at + size]); ++size)
    value = value * 8 + static_cast<char32_t>(literal[at + size] - '0');
  formats::append_utf8(out, value);
  return size;
}

constexpr std::string_view kEscapes = "\\'\"abfnrtv";
constexpr std::string_view kEscaped = "\\'\"\a\b\f\n\r\t\v";

}  // namespace

std::optional<std::string> unescape(std::string_view literal) {
  std::string out;
  for (std::size_t at = 0; at < literal.size();) {
    if (literal[at] != '\\') {
      out += literal[at++];
      continue;
    }
    if (++at == literal.size()) return std::nullopt;
    const char c = literal[at];
    if (is_octal(c)) {
      at += append_octal(out, literal, at);
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const std::size_t digits = c == 'x' ? 2 : (c == 'u' ? 4 : 8);
      if (!append_hex(out, literal, at + 1, digits)) return std::nullopt;
      at += 1 + digits;
    } else if (c == 'N') {
      return std::nullopt;
    } else {
      const std::size_t known = kEscapes.find(c);
      if (known != std::string_view::npos) {
        out += kEscaped[known];
      } else if (c != '\n') {
        out += '\\';
        out += c;
      }
      ++at;
    }
  }
  return out;
}

}  // namespace hart::nn::jinja
