#include "nn/template_string.h"

#include <cstring>

#include "core/bytes.h"
#include "formats/unicode.h"
#include "formats/unicode_category.h"
#include "formats/utf8.h"

namespace hart::nn::jinja {
namespace {

using formats::CodePoint;

CodePoint point_at(std::string_view text, std::size_t at) noexcept {
  const CodePoint point = formats::decode_utf8(as_bytes(text), at);
  return point.size == 0 ? CodePoint{0xFFFD, 1} : point;
}

/// Where the last code point of `text`, which is not empty, begins.
std::size_t last_point(std::string_view text) noexcept {
  std::size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

bool strips(std::string_view point, const std::string* characters) noexcept {
  if (characters != nullptr) return characters->find(point) != std::string::npos;
  return is_python_space(point_at(point, 0).value);
}

bool is_line_end(char32_t value) noexcept {
  return (value >= 0x0A && value <= 0x0D) || (value >= 0x1C && value <= 0x1E) ||
         value == 0x85 || value == 0x2028 || value == 0x2029;
}

}  // namespace

bool is_python_space(char32_t value) noexcept {
  return formats::is_white_space(value) || (value >= 0x1C && value <= 0x1F);
}

std::string_view strip(std::string_view text, const std::string* characters, Side side) {
  const auto has = [&](Side asked) {
    return (static_cast<int>(side) & static_cast<int>(asked)) != 0;
  };
  while (has(Side::left) && !text.empty()) {
    const std::size_t size = point_at(text, 0).size;
    if (!strips(text.substr(0, size), characters)) break;
    text.remove_prefix(size);
  }
  while (has(Side::right) && !text.empty()) {
    const std::size_t at = last_point(text);
    if (!strips(text.substr(at), characters)) break;
    text = text.substr(0, at);
  }
  return text;
}

std::size_t code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

std::vector<std::string_view> split_code_points(std::string_view text) {
  std::vector<std::string_view> points;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = point_at(text, at).size;
    points.push_back(text.substr(at, size));
    at += size;
  }
  return points;
}

std::vector<std::string_view> split_words(std::string_view text, std::int64_t most) {
  std::vector<std::string_view> words;
  while (true) {
    text = strip(text, kWhitespace, Side::left);
    if (text.empty()) return words;
    if (most >= 0 && words.size() == static_cast<std::size_t>(most)) {
      words.push_back(text);
      return words;
    }
    std::size_t end = 0;
    while (end < text.size()) {
      const CodePoint point = point_at(text, end);
      if (is_python_space(point.value)) break;
      end += point.size;
    }
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::vector<std::string_view> split_at(std::string_view text, std::string_view separator,
                                       std::int64_t most) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  while (most < 0 || parts.size() < static_cast<std::size_t>(most)) {
    const std::size_t end = find_bytes(text, separator, begin);
    if (end == std::string_view::npos) break;
    parts.push_back(text.substr(begin, end - begin));
    begin = end + separator.size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::vector<std::string_view> split_at_from_end(std::string_view text,
                                                std::string_view separator, std::int64_t most) {
  std::vector<std::string_view> reversed;
  while (most < 0 || reversed.size() < static_cast<std::size_t>(most)) {
    const std::size_t at = text.rfind(separator);
    if (at == std::string_view::npos) break;
    reversed.push_back(text.substr(at + separator.size()));
    text = text.substr(0, at);
  }
  reversed.push_back(text);
  return {reversed.rbegin(), reversed.rend()};
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = point_at(text, at);
    std::size_t next = at + point.size;
    if (is_line_end(point.value)) {
      if (point.value == '\r' && next < text.size() && text[next] == '\n') ++next;
      lines.push_back(text.substr(begin, (keep ? next : at) - begin));
      begin = next;
    }
    at = next;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

std::size_t find_bytes(std::string_view text, std::string_view needle,
                       std::size_t from) noexcept {
  if (from > text.size()) return std::string_view::npos;
  if (needle.empty()) return from;
  // glibc's memmem takes linear time; std::string_view::find takes the product.
  const void* found =
      ::memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return found == nullptr
             ? std::string_view::npos
             : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::size_t count_of(std::string_view text, std::string_view needle) noexcept {
  if (needle.empty()) return code_points(text) + 1;
  std::size_t count = 0;
  for (std::size_t at = 0; (at = find_bytes(text, needle, at)) != std::string_view::npos;
       at += needle.size())
    ++count;
  return count;
}

std::string replace_all(std::string_view text, std::string_view old,
                        std::string_view replacement, std::int64_t most) {
  std::string out;
  const auto may_replace = [&] { return most < 0 || most-- > 0; };
  if (old.empty()) {
    for (const std::string_view point : split_code_points(text)) {
      if (may_replace()) out += replacement;
      out += point;
    }
    if (may_replace()) out += replacement;
    return out;
  }
  std::size_t begin = 0;
  for (std::size_t at; (at = find_bytes(text, old, begin)) != std::string_view::npos;) {
    if (!may_replace()) break;
    out.append(text, begin, at - begin);
    out += replacement;
    begin = at + old.size();
  }
  out.append(text.substr(begin));
  return out;
}

std::string upper(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = point_at(text, at);
    formats::append_upper(out, point.value);
    at += point.size;
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = point_at(text, at);
    formats::append_utf8(out, formats::to_lower(point.value));
    at += point.size;
  }
  return out;
}

std::string capitalize(std::string_view text) {
  if (text.empty()) return {};
  const CodePoint first = point_at(text, 0);
  std::string out;
  formats::append_title(out, first.value);
  return out + lower(text.substr(first.size));
}

std::string title(std::string_view text) {
  std::string out;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = point_at(text, at);
    if (inside) {
      formats::append_utf8(out, formats::to_lower(point.value));
    } else {
      formats::append_title(out, point.value);
    }
    inside = is_upper(point.value) || is_lower(point.value);
    at += point.size;
  }
  return out;
}

bool is_upper(char32_t value) noexcept {
  return formats::general_category(value) == formats::GeneralCategory::Lu;
}

bool is_lower(char32_t value) noexcept {
  return formats::general_category(value) == formats::GeneralCategory::Ll;
}

}  // namespace hart::nn::jinja
