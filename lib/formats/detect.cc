#include "formats/detect.h"

#include <algorithm>

#include "formats/gguf.h"
#include "formats/markdown.h"
#include "formats/safetensors.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

bool is_control(std::uint8_t byte) noexcept {
  const bool allowed =
      byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r' || byte == 0x1B;
  return (byte < 0x20 && !allowed) || byte == 0x7F;
}

bool is_text(ByteView head, bool is_whole) noexcept {
  if (std::any_of(head.begin(), head.end(), is_control)) return false;
  const std::size_t valid = validate_utf8(head);
  // A sequence of up to four bytes may be cut in two, and then its first byte is the culprit.
  return valid == head.size() || (!is_whole && head.size() - valid < 4 && head[valid] >= 0xC2);
}

std::string_view take_line(std::string_view& rest) noexcept {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_blank(std::string_view line) noexcept {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

bool is_titled_heading(std::string_view line) noexcept {
  return atx_heading_level(line) != 0 &&
         line.find_first_not_of("# \t") != std::string_view::npos;
}

bool is_markdown(std::string_view text) noexcept {
  constexpr int kEnoughListItems = 2;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  int list_items = 0;
  bool after_blank = true;
  bool after_heading = false;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (opened_fence(line) || has_link(line)) return true;
    if (is_list_item(line) && ++list_items == kEnoughListItems) return true;
    const bool blank = is_blank(line);
    if (after_heading && blank) return true;
    after_heading = after_blank && is_titled_heading(line);
    after_blank = blank;
  }
  return after_heading;
}

}  // namespace

std::string_view file_format_name(FileFormat format) noexcept {
  switch (format) {
    case FileFormat::gguf:
      return "gguf";
    case FileFormat::safetensors:
      return "safetensors";
    case FileFormat::markdown:
      return "markdown";
    case FileFormat::plain:
      return "plain";
    case FileFormat::unknown:
      break;
  }
  return "unknown";
}

FileFormat detect(ByteView head, std::uint64_t file_bytes) noexcept {
  head = head.first(std::min(head.size(), kDetectBytes));
  if (looks_like_gguf(head)) return FileFormat::gguf;
  if (looks_like_safetensors(head, file_bytes)) return FileFormat::safetensors;
  if (!is_text(head, head.size() == file_bytes)) return FileFormat::unknown;
  return is_markdown(as_text(head)) ? FileFormat::markdown : FileFormat::plain;
}

}  // namespace hart::formats
