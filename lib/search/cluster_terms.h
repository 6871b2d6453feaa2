#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hart::search {

/// Calls `visit` with the words of `text` that can name a subject: runs of letters, digits and
/// other characters beyond ASCII that are no punctuation, ASCII letters in lower case, at least
/// three bytes long and no number. English function words are left out. The word is valid
/// during the call.
void for_each_subject_word(std::string_view text,
                           const std::function<void(std::string_view word)>& visit);

/// Finds the words that tell classes of texts apart.
///
/// A word's weight in a class is its share of the class's words times ln(1 + A / f), where f
/// counts the word in all classes and A is the mean number of words of a class. Source: M.
/// Grootendorst, "BERTopic: neural topic modeling with a class-based TF-IDF procedure", 2022.
class ClassTerms {
 public:
  explicit ClassTerms(std::size_t classes) : counts_(classes) {}

  void add(std::size_t text_class, std::string_view text);

  /// At most `limit` words of the class, strongest first, equal weights in the order of their
  /// bytes.
  [[nodiscard]] std::vector<std::string> strongest(std::size_t text_class,
                                                   std::size_t limit) const;

 private:
  std::vector<std::unordered_map<std::uint32_t, std::uint32_t>> counts_;  ///< word → times
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> words_;
  std::vector<std::uint64_t> totals_;  ///< of each word, in all classes
  std::uint64_t all_ = 0;
};

}  // namespace hart::search
