#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hart::cli {

/// The candidate nearest to `word` by edit distance with transpositions (Damerau, optimal
/// string alignment), if it is near enough to be meant: at most two edits, and fewer than half
/// its length.
[[nodiscard]] std::optional<std::string> nearest_word(
    std::string_view word, const std::vector<std::string>& candidates);

/// ": did you mean 'x'?" or nothing.
[[nodiscard]] std::string suggestion(std::string_view word,
                                     const std::vector<std::string>& candidates);

}  // namespace hart::cli
