#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace hart::formats {

// What a single line means in Markdown. Lines come without their terminators.
// Source: CommonMark 0.30, sections 4.2, 4.3, 4.5 and 5.2; departures are stated.

/// Level 1 to 6 of an ATX heading (`## Title`), 0 when the line is none.
[[nodiscard]] int atx_heading_level(std::string_view line) noexcept;

/// Level of the setext heading that this line underlines: 1 for `===`, 2 for `---`, else 0.
[[nodiscard]] int setext_level(std::string_view line) noexcept;

/// The characters that open a fenced code block.
struct Fence {
  char mark;          ///< '`' or '~'
  std::size_t count;  ///< at least 3
};

/// The fence that `line` opens. Any indentation is allowed, because a fence inside a list item
/// is indented with it.
[[nodiscard]] std::optional<Fence> opened_fence(std::string_view line) noexcept;
/// True when `line` closes `fence`.
[[nodiscard]] bool closes_fence(std::string_view line, Fence fence) noexcept;

/// True for a line that begins a list item (`- x`, `* x`, `+ x`, `12. x`, `3) x`).
[[nodiscard]] bool is_list_item(std::string_view line) noexcept;
/// True for a line of a block quote.
[[nodiscard]] bool is_quote(std::string_view line) noexcept;
/// True when `line` holds an inline link or image: `[text](target)`.
[[nodiscard]] bool has_link(std::string_view line) noexcept;

}  // namespace hart::formats
