#pragma once

#include <string>
#include <string_view>

namespace hart::search {

/// Whether `word` (lower case) is one of the English words that questions are made of:
/// articles, pronouns, question words, auxiliary verbs, the commonest prepositions and
/// conjunctions. The list stands in hart-search(1).
[[nodiscard]] bool is_stop_word(std::string_view word) noexcept;

/// `text`, as `store::text_expression` reads it, without the stop words that stand for
/// themselves: what is in quotation marks and what ends in * stays. When nothing else is left
/// the text stays as it is.
[[nodiscard]] std::string without_stop_words(std::string_view text);

}  // namespace hart::search
