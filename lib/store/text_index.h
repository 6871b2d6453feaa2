#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "store/store.h"

namespace hart::store {

/// The full text of the acting tenant's passages: one FTS5 table a tenant,
/// `text_fts_<tenant_id>`, so that BM25's statistics tell nothing about anybody else's
/// holdings. It is contentless: it keeps the inverted index and no second copy of the text. A
/// row's id is the passage's atom id. Tokenizer: unicode61 with diacritics removed.
///
/// Whoever links a passage to a tenant adds it here in the same WriteTransaction, and whoever
/// drops the tenant's last reference removes it with the same text.

/// Makes the acting tenant's table where it is missing. Call inside a WriteTransaction.
void ensure_text_index(Store& store);

/// Adds and removes passages with statements prepared once. Makes the tenant's table where it
/// is missing. Use it inside one WriteTransaction.
class TextIndexWriter {
 public:
  explicit TextIndexWriter(Store& store);

  /// Nothing happens when the passage is indexed already.
  void add(std::int64_t atom_id, std::string_view text);
  /// `text` is what was added. Nothing happens when the passage is not indexed.
  void remove(std::int64_t atom_id, std::string_view text);

 private:
  [[nodiscard]] bool holds(std::int64_t atom_id);

  Statement find_;
  Statement insert_;
  Statement erase_;
};

/// One passage; prefer TextIndexWriter for many.
void index_passage(Store& store, std::int64_t atom_id, std::string_view text);
void unindex_passage(Store& store, std::int64_t atom_id, std::string_view text);

/// Passages indexed for the acting tenant; nothing when it has no text index yet.
[[nodiscard]] std::optional<std::int64_t> count_indexed_passages(Store& store);
/// Whether there is one at least: quick, however many there are.
[[nodiscard]] bool has_indexed_passages(Store& store);

struct TextMatch {
  std::int64_t atom_id = 0;
  double score = 0;  ///< BM25 with FTS5's k1 = 1.2 and b = 0.75, higher is better
};

/// Visits the acting tenant's passages that match `expression`, best first, equal scores by
/// ascending atom id, until `visit` returns false. `expression` is in FTS5's query language:
/// build it with `text_expression`. Visits nothing when there is no text index.
void for_each_text_match(Store& store, const std::string& expression,
                         const std::function<bool(const TextMatch&)>& visit);

/// Turns what a user typed into an FTS5 expression that cannot fail to parse: words are matched
/// anywhere (OR), "words in double quotes" as a phrase, and a word that ends in * as a prefix.
/// Nothing else has a meaning: FTS5's own operators and column filters become plain words or
/// separators. Empty when `text` holds no word.
[[nodiscard]] std::string text_expression(std::string_view text);

}  // namespace hart::store
