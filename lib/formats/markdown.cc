#include "formats/markdown.h"

namespace hart::formats {
namespace {

constexpr std::size_t kMaxIndent = 3;
constexpr std::size_t kMaxHeadingLevel = 6;
constexpr std::size_t kMaxListDigits = 9;

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

std::string_view trim_end(std::string_view line) noexcept {
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  return line;
}

std::size_t indent_of(std::string_view line) noexcept {
  std::size_t indent = 0;
  while (indent < line.size() && line[indent] == ' ') ++indent;
  return indent;
}

/// The line without its indentation; empty when that is too deep for a block of its own.
std::string_view unindented(std::string_view line) noexcept {
  const std::size_t indent = indent_of(line);
  return indent > kMaxIndent ? std::string_view{} : line.substr(indent);
}

std::size_t run_length(std::string_view text, char mark) noexcept {
  const std::size_t other = text.find_first_not_of(mark);
  return other == std::string_view::npos ? text.size() : other;
}

std::string_view skip_blanks(std::string_view line) noexcept {
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  return line;
}

}  // namespace

int atx_heading_level(std::string_view line) noexcept {
  const std::string_view text = unindented(line);
  const std::size_t level = run_length(text, '#');
  if (level == 0 || level > kMaxHeadingLevel) return 0;
  const bool ends = level == text.size() || is_blank(text[level]);
  return ends ? static_cast<int>(level) : 0;
}

int setext_level(std::string_view line) noexcept {
  const std::string_view text = trim_end(unindented(line));
  if (text.empty()) return 0;
  if (run_length(text, '=') == text.size()) return 1;
  return run_length(text, '-') == text.size() ? 2 : 0;
}

std::optional<Fence> opened_fence(std::string_view line) noexcept {
  const std::string_view text = skip_blanks(line);
  if (text.empty() || (text.front() != '`' && text.front() != '~')) return std::nullopt;
  const Fence fence{text.front(), run_length(text, text.front())};
  if (fence.count < 3) return std::nullopt;
  // A backtick in the info string makes it inline code.
  const bool is_inline =
      fence.mark == '`' && text.find('`', fence.count) != std::string_view::npos;
  return is_inline ? std::nullopt : std::optional{fence};
}

bool closes_fence(std::string_view line, Fence fence) noexcept {
  const std::string_view text = trim_end(skip_blanks(line));
  return text.size() >= fence.count && run_length(text, fence.mark) == text.size();
}

bool is_list_item(std::string_view line) noexcept {
  const std::string_view text = skip_blanks(line);
  if (text.size() < 3) return false;
  std::size_t marker = 0;
  if (text[0] == '-' || text[0] == '*' || text[0] == '+') {
    marker = 1;
  } else {
    while (marker < text.size() && text[marker] >= '0' && text[marker] <= '9') ++marker;
    if (marker == 0 || marker > kMaxListDigits || marker == text.size()) return false;
    if (text[marker] != '.' && text[marker] != ')') return false;
    ++marker;
  }
  return marker + 1 < text.size() && is_blank(text[marker]) &&
         !skip_blanks(text.substr(marker)).empty();
}

bool is_quote(std::string_view line) noexcept {
  return unindented(line).starts_with('>');
}

bool has_link(std::string_view line) noexcept {
  const std::size_t middle = line.find("](");
  if (middle == std::string_view::npos) return false;
  const bool opens = line.substr(0, middle).find('[') != std::string_view::npos;
  return opens && line.find(')', middle + 2) != std::string_view::npos;
}

}  // namespace hart::formats
