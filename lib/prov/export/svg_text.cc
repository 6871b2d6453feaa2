#include "prov/export/svg_text.h"

#include <algorithm>

#include "prov/export/escape.h"

namespace hart::prov::exports {
namespace {

constexpr double kEllipsisWidth = 1.0;

struct Glyph {
  std::string_view bytes;
  char32_t code = 0;
};

/// The next character of valid UTF-8.
Glyph glyph_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  const std::string_view bytes = text.substr(at, size);
  char32_t code = size == 1 ? first : first & (0x7Fu >> size);
  for (const char c : bytes.substr(1))
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
  return {bytes, code};
}

bool is_zero_width(char32_t code) {
  return (code >= 0x300 && code <= 0x36F) || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0xFE00 && code <= 0xFE0F) || code == 0x2060;
}

/// Ideographs, Hangul, full-width forms, emoji.
bool is_wide(char32_t code) {
  return (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
         (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0xFE30 && code <= 0xFE4F) || (code >= 0xFF00 && code <= 0xFF60) ||
         code >= 0x1F000;
}

double glyph_width(char32_t code) {
  if (is_zero_width(code)) return 0;
  if (is_wide(code)) return 1.25;
  if (code >= 0x80) return 0.7;
  const char c = static_cast<char>(code);
  constexpr std::string_view kNarrow = "ijlI.,;:'|! ()[]{}tfr\"-";
  constexpr std::string_view kWide = "mwMW@%";
  if (kNarrow.find(c) != std::string_view::npos) return 0.42;
  if (kWide.find(c) != std::string_view::npos) return 1.0;
  if (c >= 'A' && c <= 'Z') return 0.75;
  return 0.64;
}

class Wrapper {
 public:
  Wrapper(double width, std::size_t limit) : width_{width}, limit_{limit} {}

  /// False once no more lines fit.
  bool paragraph(std::string_view text) {
    bool any = false;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = text.find_first_not_of(' ', at);
      if (begin == std::string_view::npos) break;
      const std::size_t end = std::min(text.find(' ', begin), text.size());
      any = true;
      if (!word(text.substr(begin, end - begin))) return false;
      at = end;
    }
    return any ? end_line() : true;
  }

  std::vector<std::string> take(bool complete) {
    if (!complete && !lines_.empty()) cut(lines_.back());
    return std::move(lines_);
  }

 private:
  bool word(std::string_view text) {
    const double size = text_width(text);
    const double blank = line_.empty() ? 0 : glyph_width(' ');
    if (line_width_ + blank + size <= width_) {
      if (!line_.empty()) line_ += ' ';
      line_ += text;
      line_width_ += blank + size;
      return true;
    }
    if (!line_.empty() && !end_line()) return false;
    for (std::size_t at = 0; at < text.size();) {
      const Glyph glyph = glyph_at(text, at);
      const double one = glyph_width(glyph.code);
      if (line_width_ + one > width_ && !line_.empty() && !end_line()) return false;
      line_ += glyph.bytes;
      line_width_ += one;
      at += glyph.bytes.size();
    }
    return true;
  }

  /// False, and the line is dropped, when there is no room for it.
  bool end_line() {
    const bool fits = lines_.size() < limit_;
    if (fits) lines_.push_back(line_);
    line_.clear();
    line_width_ = 0;
    return fits;
  }

  /// An ellipsis in the place of the last characters.
  void cut(std::string& line) const {
    while (!line.empty() && text_width(line) + kEllipsisWidth > width_) {
      while ((static_cast<unsigned char>(line.back()) & 0xC0) == 0x80) line.pop_back();
      line.pop_back();
    }
    line += "\u2026";
  }

  double width_;
  std::size_t limit_;
  std::vector<std::string> lines_;
  std::string line_;
  double line_width_ = 0;
};

}  // namespace

double text_width(std::string_view text) {
  double width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Glyph glyph = glyph_at(text, at);
    width += glyph_width(glyph.code);
    at += glyph.bytes.size();
  }
  return width;
}

std::vector<std::string> wrap_text(std::string_view text, double width, std::size_t limit) {
  std::string clean;
  append_utf8_text(clean, text);
  std::ranges::replace(clean, '\t', ' ');
  std::ranges::replace(clean, '\r', ' ');
  Wrapper wrapper{width, limit};
  bool complete = true;
  for (std::size_t at = 0; complete && at < clean.size();) {
    const std::size_t end = std::min(clean.find('\n', at), clean.size());
    complete = wrapper.paragraph(std::string_view{clean}.substr(at, end - at));
    at = end + 1;
  }
  return wrapper.take(complete);
}

}  // namespace hart::prov::exports
