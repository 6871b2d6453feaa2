#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hart::prov::exports {

/// About how wide a text is when it is set in a sans-serif font, in units of the font's size.
/// Whoever looks at a drawing has fonts of their own: the widths are those of DejaVu Sans, the
/// widest in common use, so that text stays inside its box in all of them.
[[nodiscard]] double text_width(std::string_view text);

/// Lines of at most `width` (in units of the font's size), broken at blanks and line ends, and
/// inside a word only when it is longer than a line. At most `limit` lines: what is left out is
/// shown by an ellipsis at the end of the last.
[[nodiscard]] std::vector<std::string> wrap_text(std::string_view text, double width,
                                                 std::size_t limit);

}  // namespace hart::prov::exports
