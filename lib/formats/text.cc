#include "formats/text.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/error.h"
#include "formats/unicode.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

enum class CharClass : std::uint8_t { word, mark, space, other };

CharClass classify_slow(char32_t value) noexcept {
  if (value == U'_' || is_letter(value) || is_number(value)) return CharClass::word;
  if (is_mark(value)) return CharClass::mark;
  return is_white_space(value) ? CharClass::space : CharClass::other;
}

CharClass classify(char32_t value) noexcept {
  static const std::array<CharClass, 128> ascii = [] {
    std::array<CharClass, 128> classes{};
    for (char32_t c = 0; c < 128; ++c) classes[c] = classify_slow(c);
    return classes;
  }();
  return value < 128 ? ascii[value] : classify_slow(value);
}

LeafKind kind_of(CharClass first) noexcept {
  switch (first) {
    case CharClass::word:
    case CharClass::mark:
      return LeafKind::word;
    case CharClass::space:
      return LeafKind::space;
    case CharClass::other:
      break;
  }
  return LeafKind::punctuation;
}

/// True when a code point of `next` continues a leaf of `kind` that began with `first`.
bool continues(LeafKind kind, char32_t first, char32_t value, CharClass next) noexcept {
  switch (kind) {
    case LeafKind::word:
      return next == CharClass::word || next == CharClass::mark;
    case LeafKind::space:
      return next == CharClass::space;
    case LeafKind::punctuation:
      return next == CharClass::mark || value == first;
  }
  return false;
}

bool is_continuation(std::uint8_t byte) noexcept {
  return (byte & 0xC0) == 0x80;
}

struct Line {
  std::string_view text;   ///< without the terminator
  std::uint64_t next = 0;  ///< offset of the line after it
};

Line line_at(ByteView document, std::uint64_t offset) noexcept {
  const auto is_end = [](std::uint8_t byte) { return byte == '\n' || byte == '\r'; };
  const auto begin = document.begin() + static_cast<std::ptrdiff_t>(offset);
  const auto found = std::find_if(begin, document.end(), is_end);
  Line line{as_text({begin, found}), static_cast<std::uint64_t>(found - document.begin())};
  if (line.next == document.size()) return line;
  const bool crlf = *found == '\r' && line.next + 1 < document.size() && found[1] == '\n';
  line.next += crlf ? 2 : 1;
  return line;
}

bool is_blank_line(std::string_view line) noexcept {
  const ByteView bytes = as_bytes(line);
  for (std::size_t i = 0; i < bytes.size();) {
    const CodePoint point = decode_utf8(bytes, i);
    if (classify(point.value) != CharClass::space) return false;
    i += point.size;
  }
  return true;
}

std::string_view without_bom(std::string_view line) noexcept {
  constexpr std::string_view kBom = "\xEF\xBB\xBF";
  if (line.starts_with(kBom)) line.remove_prefix(kBom.size());
  return line;
}

}  // namespace

TextSegmenter::TextSegmenter(ByteView document, TextSyntax syntax)
    : document_{document}, syntax_{syntax} {
  const std::size_t valid = validate_utf8(document);
  if (valid != document.size())
    throw Error{Fault::data, "text byte " + std::to_string(valid) + ": not UTF-8"};
}

std::optional<Paragraph> TextSegmenter::next(std::vector<TextLeaf>& leaves) {
  if (offset_ == document_.size()) return std::nullopt;
  Block block{ParagraphKind::blank, 0, blank_end()};
  if (block.end == offset_) block = next_block();
  Paragraph paragraph{block.kind,
                      block.heading_level,
                      document_.subspan(offset_, block.end - offset_),
                      offset_,
                      line_,
                      leaves.size(),
                      0};
  append_leaves(block.end, leaves);
  paragraph.leaves_end = leaves.size();
  return paragraph;
}

/// The furthest end of what begins here, between two code points.
std::uint64_t TextSegmenter::limit() const noexcept {
  if (document_.size() - offset_ <= kMaxParagraphBytes) return document_.size();
  std::uint64_t end = offset_ + kMaxParagraphBytes;
  while (is_continuation(document_[end])) --end;
  return end;
}

std::uint64_t TextSegmenter::trimmed(std::uint64_t end) const noexcept {
  while (end > offset_) {
    std::uint64_t last = end - 1;
    while (is_continuation(document_[last])) --last;
    if (classify(decode_utf8(document_, last).value) != CharClass::space) break;
    end = last;
  }
  return end;
}

/// The end of the blank lines, or of the blank rest of a line, that begin here.
std::uint64_t TextSegmenter::blank_end() const noexcept {
  const std::uint64_t most = limit();
  std::uint64_t end = offset_;
  while (end < most) {
    const Line line = line_at(document_.first(most), end);
    if (!is_blank_line(line.text)) break;
    end = line.next;
  }
  return end;
}

/// The line at `offset` as far as the limit, and whether the document continues it beyond.
TextSegmenter::LimitedLine TextSegmenter::line_within(std::uint64_t offset,
                                                      std::uint64_t most) const noexcept {
  const Line line = line_at(document_.first(most), offset);
  const bool is_terminated = line.next > offset + line.text.size();
  return {line.text, line.next, !is_terminated && most < document_.size()};
}

TextSegmenter::Block TextSegmenter::next_block() noexcept {
  if (fence_) return next_code(false);
  const LimitedLine first = line_within(offset_, limit());
  if (syntax_ == TextSyntax::markdown && column_ == 1) {
    const std::string_view text = offset_ == 0 ? without_bom(first.text) : first.text;
    fence_ = opened_fence(text);
    if (fence_) return next_code(true);
    if (const int level = atx_heading_level(text))
      return {ParagraphKind::heading, level, trimmed(first.next)};
  }
  return next_paragraph();
}

/// `is_opening`: the first line opens the block and must not be taken for the one that closes
/// it.
TextSegmenter::Block TextSegmenter::next_code(bool is_opening) noexcept {
  const std::uint64_t most = limit();
  std::uint64_t end = offset_;
  bool is_closed = false;
  while (end < most && !is_closed) {
    const LimitedLine line = line_within(end, most);
    if (line.is_cut) break;
    is_closed = !is_opening && closes_fence(line.text, *fence_);
    is_opening = false;
    end = line.next;
  }
  if (is_closed || end == document_.size()) fence_.reset();
  return {ParagraphKind::code, 0, trimmed(end == offset_ ? most : end)};
}

TextSegmenter::Block TextSegmenter::next_paragraph() const noexcept {
  const std::uint64_t most = limit();
  const LimitedLine first = line_within(offset_, most);
  const bool is_markdown = syntax_ == TextSyntax::markdown;
  const bool may_be_heading = is_markdown && !is_list_item(first.text) && !is_quote(first.text);
  std::uint64_t end = first.next;
  while (end < most) {
    const LimitedLine line = line_within(end, most);
    if (line.is_cut || is_blank_line(line.text)) break;
    const int level = may_be_heading && end == first.next ? setext_level(line.text) : 0;
    if (level != 0) return {ParagraphKind::heading, level, trimmed(line.next)};
    if (is_markdown && (opened_fence(line.text) || atx_heading_level(line.text) != 0)) break;
    end = line.next;
  }
  return {ParagraphKind::paragraph, 0, trimmed(end)};
}

void TextSegmenter::step_over(std::uint64_t offset, char32_t value) noexcept {
  const bool cr_of_crlf =
      value == U'\r' && offset + 1 < document_.size() && document_[offset + 1] == '\n';
  if (value == U'\n' || (value == U'\r' && !cr_of_crlf)) {
    ++line_;
    column_ = 1;
  } else {
    ++column_;
  }
}

void TextSegmenter::append_leaves(std::uint64_t end, std::vector<TextLeaf>& leaves) {
  const ByteView part = document_.first(end);
  while (offset_ < end) {
    const std::uint64_t begin = offset_;
    CodePoint point = decode_utf8(part, offset_);
    const char32_t first = point.value;
    TextLeaf leaf{{}, kind_of(classify(first)), begin, line_, column_};
    do {
      step_over(offset_, point.value);
      offset_ += point.size;
      if (offset_ == end) break;
      point = decode_utf8(part, offset_);
    } while (offset_ + point.size - begin <= kMaxLeafBytes &&
             continues(leaf.kind, first, point.value, classify(point.value)));
    leaf.bytes = document_.subspan(begin, offset_ - begin);
    leaves.push_back(leaf);
  }
}

TextDocument segment_text(ByteView document, TextSyntax syntax) {
  TextDocument result;
  TextSegmenter segmenter{document, syntax};
  while (const auto paragraph = segmenter.next(result.leaves))
    result.paragraphs.push_back(*paragraph);
  return result;
}

}  // namespace hart::formats
