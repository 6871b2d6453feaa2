#pragma once

#include <string>

namespace hart::nn::jinja {

/// The lower-case letter of `value`, or `value` where it has none that we know.
[[nodiscard]] char32_t lower_case(char32_t value) noexcept;

/// Appends the upper-case form of `value` as UTF-8: "SS" for ß.
void append_upper(std::string& out, char32_t value);
/// Appends the form at the head of a word: "Ss" for ß.
void append_title(std::string& out, char32_t value);

}  // namespace hart::nn::jinja
