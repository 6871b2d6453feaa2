#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Python's string operations on valid UTF-8. Offsets and lengths count code points. Letters of
/// ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic have a case; others stay as they are.
namespace hart::nn::jinja {

/// Python's `str.isspace` of one code point: white space, and the separators U+001C to U+001F.
[[nodiscard]] bool is_python_space(char32_t value) noexcept;

enum class Side { left = 1, right = 2, both = 3 };
/// What `strip` takes away when no characters are named.
inline constexpr const std::string* kWhitespace = nullptr;

/// `text` without the code points of `*characters` (null: white space) at its ends.
[[nodiscard]] std::string_view strip(std::string_view text, const std::string* characters,
                                     Side side);

[[nodiscard]] std::size_t code_points(std::string_view text) noexcept;
/// Each code point by itself.
[[nodiscard]] std::vector<std::string_view> split_code_points(std::string_view text);

/// `text.split()`: by runs of white space; at most `most` cuts, where that is not negative.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text,
                                                        std::int64_t most);
/// `text.split(separator, most)`. Precondition: the separator is not empty.
[[nodiscard]] std::vector<std::string_view> split_at(std::string_view text,
                                                     std::string_view separator,
                                                     std::int64_t most);
/// `text.rsplit(separator, most)`: counts the cuts from the end.
[[nodiscard]] std::vector<std::string_view> split_at_from_end(std::string_view text,
                                                              std::string_view separator,
                                                              std::int64_t most);
/// `text.splitlines(keep)`: at every line end that Unicode knows.
[[nodiscard]] std::vector<std::string_view> split_lines(std::string_view text, bool keep);

/// First offset in bytes of `needle` at or after `from`, npos when there is none; linear time.
[[nodiscard]] std::size_t find_bytes(std::string_view text, std::string_view needle,
                                     std::size_t from = 0) noexcept;
/// How often `needle` occurs without overlap; for an empty one, the code points plus 1.
[[nodiscard]] std::size_t count_of(std::string_view text, std::string_view needle) noexcept;
/// `text.replace(old, replacement, most)`; a negative `most` means all.
[[nodiscard]] std::string replace_all(std::string_view text, std::string_view old,
                                      std::string_view replacement, std::int64_t most);

[[nodiscard]] std::string upper(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);
/// First code point in upper case, the rest in lower case.
[[nodiscard]] std::string capitalize(std::string_view text);
/// `text.title()`: every run of letters capitalised.
[[nodiscard]] std::string title(std::string_view text);
[[nodiscard]] bool is_upper(char32_t value) noexcept;
[[nodiscard]] bool is_lower(char32_t value) noexcept;

/// The value of a string literal's inside: Python's escapes but `\N{…}`; unknown ones stay as
/// they are. Nothing when one is cut off or names no scalar value.
[[nodiscard]] std::optional<std::string> unescape(std::string_view literal);

}  // namespace hart::nn::jinja
