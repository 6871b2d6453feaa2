#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hart::nn {

/// U+2581, LOWER ONE EIGHTH BLOCK: SentencePiece's visible space.
constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

/// `text` with the mark for every space, and one more before it where asked for.
[[nodiscard]] std::string mark_spaces(std::string_view text, bool space_before);

/// The inverse, but that the space before the text stays.
[[nodiscard]] std::string unmark_spaces(std::string_view text);

/// The first position after 0 where a space mark follows another character; npos if there is
/// none.
[[nodiscard]] std::size_t marked_word_end(std::string_view marked) noexcept;

}  // namespace hart::nn
