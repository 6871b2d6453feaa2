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
/// A word's weight in a class is p ln(p / q), where p is its share of the class's words and q
/// its share of the words of all classes: what it adds to the divergence of the class from the
/// whole. A word that every class says as often weighs nothing, however often that is.
/// Source: T. Tomokiyo and M. Hurst, "A language model approach to keyphrase extraction", ACL
/// workshop on multiword expressions, 2003.
class ClassTerms {
 public:
  explicit ClassTerms(std::size_t classes) : counts_(classes), sizes_(classes) {}

  void add(std::size_t text_class, std::string_view text);

  /// At most `limit` words of the class, strongest first; of equal weights the more frequent
  /// first, of these in the order of their bytes.
  [[nodiscard]] std::vector<std::string> strongest(std::size_t text_class,
                                                   std::size_t limit) const;

 private:
  std::vector<std::unordered_map<std::uint32_t, std::uint32_t>> counts_;  ///< word → times
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> words_;
  std::vector<std::uint64_t> totals_;  ///< of each word, in all classes
  std::vector<std::uint64_t> sizes_;   ///< words of each class
  std::uint64_t all_ = 0;
};

}  // namespace hart::search
