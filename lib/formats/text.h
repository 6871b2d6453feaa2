#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "formats/markdown.h"

namespace hart::formats {

// Segmentation of UTF-8 text into paragraphs and leaves, version 1 of the atomizer `text`. The
// leaves of a document, in order, are its bytes: nothing is lost, normalised or added.
//
// Paragraphs. Blank lines (white space only) part them. In Markdown an ATX heading, a one-line
// setext heading with its underline, and a fenced code block are paragraphs of their own; list
// items and quotes stay with the paragraph they stand in. A paragraph ends with its last
// character that is no white space; the white space from there to the first line of the next
// one is a paragraph of kind `blank`, as is white space at the ends of the document. So a
// paragraph's bytes do not depend on what stands around it. Lines end with LF, CRLF or CR.
//
// Leaves. A word is a maximal run of letters, numbers, marks and underscores; a space a maximal
// run of white space; punctuation a run of one and the same other code point with the marks
// that follow it. A leaf longer than 64 bytes is cut between code points.

inline constexpr std::size_t kMaxLeafBytes = 64;
/// A longer paragraph is cut after a line, or within a line that is longer itself, so that
/// memory stays bounded whatever the document.
inline constexpr std::size_t kMaxParagraphBytes = 262144;

enum class LeafKind : std::uint8_t { word, space, punctuation };

struct TextLeaf {
  ByteView bytes;  ///< 1 to 64 of them
  LeafKind kind;
  std::uint64_t offset;  ///< in the document
  std::uint64_t line;    ///< of its first code point, from 1
  std::uint64_t column;  ///< in code points, from 1
};

enum class ParagraphKind : std::uint8_t { paragraph, heading, code, blank };

struct Paragraph {
  ParagraphKind kind;
  int heading_level;  ///< 1 to 6 for headings, else 0
  ByteView bytes;
  std::uint64_t offset;      ///< in the document
  std::uint64_t line;        ///< from 1
  std::size_t leaves_begin;  ///< its leaves are [leaves_begin, leaves_end) of the vector given
  std::size_t leaves_end;
};

enum class TextSyntax : std::uint8_t { plain, markdown };

/// Yields the paragraphs of a document one after the other.
class TextSegmenter {
 public:
  /// `document` must outlive the segmenter and what it yields. Throws Error(data) with the
  /// offset of the first byte that is not UTF-8.
  TextSegmenter(ByteView document, TextSyntax syntax);

  /// The next paragraph, its leaves appended to `leaves`; nothing at the end of the document.
  std::optional<Paragraph> next(std::vector<TextLeaf>& leaves);

 private:
  struct Block {
    ParagraphKind kind;
    int heading_level;
    std::uint64_t end;
  };

  struct LimitedLine {
    std::string_view text;
    std::uint64_t next;
    bool is_cut;
  };

  [[nodiscard]] LimitedLine line_within(std::uint64_t offset,
                                        std::uint64_t most) const noexcept;
  [[nodiscard]] std::uint64_t blank_end() const noexcept;
  [[nodiscard]] Block next_block() noexcept;
  [[nodiscard]] Block next_code(bool is_opening) noexcept;
  [[nodiscard]] Block next_paragraph() const noexcept;
  [[nodiscard]] std::uint64_t limit() const noexcept;
  [[nodiscard]] std::uint64_t trimmed(std::uint64_t end) const noexcept;
  void append_leaves(std::uint64_t end, std::vector<TextLeaf>& leaves);
  void step_over(std::uint64_t offset, char32_t value) noexcept;

  ByteView document_;
  TextSyntax syntax_;
  std::uint64_t offset_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t column_ = 1;
  std::optional<Fence> fence_;  ///< open while a code block longer than the limit continues
};

/// All of a document at once.
struct TextDocument {
  std::vector<Paragraph> paragraphs;
  std::vector<TextLeaf> leaves;
};

/// Throws as TextSegmenter does.
[[nodiscard]] TextDocument segment_text(ByteView document, TextSyntax syntax);

}  // namespace hart::formats
