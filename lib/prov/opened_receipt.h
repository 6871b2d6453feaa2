#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/events.h"
#include "prov/content.h"
#include "prov/hidden_content.h"
#include "prov/measures.h"
#include "prov/receipt.h"
#include "prov/receipt_openings.h"
#include "prov/stream.h"
#include "store/store.h"

namespace hart::prov {

/// A receipt with what its openings still tell. Parts are opened when first asked for and then
/// kept. What was erased is absent; an opening that does not match throws Error(data).
///
/// What names a hidden atom is withheld: absent as if it had been erased. What came of it is
/// not: prompts, outputs and tokens.
class OpenedReceipt {
 public:
  /// `hidden` outlives it. Null where nothing is withheld: for what is derived and checked,
  /// which must not depend on what is hidden today.
  OpenedReceipt(store::Store& store, GenerationStream stream, HiddenContent* hidden);
  /// One of many; `lookup` outlives it.
  OpenedReceipt(OpeningsLookup& lookup, GenerationStream stream, HiddenContent* hidden);

  [[nodiscard]] const GenerationStream& stream() const noexcept { return stream_; }
  [[nodiscard]] const Receipt& receipt() const noexcept { return receipt_; }

  [[nodiscard]] std::optional<std::string> text(const Committed& committed);
  /// By the sequence of the receipt.
  [[nodiscard]] const std::vector<std::optional<Evidence>>& evidence();
  [[nodiscard]] const std::vector<std::optional<SubjectAtom>>& subjects();
  /// Those that can be opened, without the hits that are withheld.
  [[nodiscard]] std::vector<AnsweredQuery> queries();
  /// A hit of one of several searches.
  struct Hit {
    std::uint32_t query = 0;           ///< which of the receipt's queries
    std::optional<Evidence> evidence;  ///< nothing where it is withheld
  };
  /// The hits of all queries, one query's after the other's, as far as their numbers are known:
  /// up to the first query that cannot be opened.
  [[nodiscard]] const std::vector<Hit>& hits();
  /// The text of a query that can be opened.
  [[nodiscard]] std::optional<std::string> query_text(std::uint32_t query);
  [[nodiscard]] std::optional<std::string> model_name(const ReceiptModel& model);
  /// How strongly a piece of evidence that can be opened bears the answer (measures.h).
  [[nodiscard]] double strength(std::size_t sequence);
  /// A token and its index in the generation.
  struct Token {
    std::uint32_t index = 0;
    GeneratedToken token;
  };
  [[nodiscard]] const std::vector<Token>& tokens();
  /// An alternative that was not taken, counted over all tokens in their order.
  struct Considered {
    const Token* token = nullptr;
    std::uint32_t place = 0;  ///< among those of the token
  };
  [[nodiscard]] std::size_t alternatives();
  /// Throws Error(internal) beyond their number.
  [[nodiscard]] Considered alternative(std::size_t index);
  /// Whether every token and every piece of evidence could be opened.
  [[nodiscard]] bool whole();
  /// Of what was not erased, withheld or not: the measures tell nothing of the content.
  [[nodiscard]] Measures measures();
  /// How many commitments cannot be opened, or are withheld.
  [[nodiscard]] std::uint64_t closed();

  [[nodiscard]] const Openings& openings();

 private:
  /// Strengths and measures are computed together.
  void weigh();
  [[nodiscard]] bool is_hidden(const Id& atom);
  [[nodiscard]] bool is_hidden(const std::string& name);
  template <typename Named> void withhold(std::optional<Named>& one);

  store::Store* store_ = nullptr;  ///< where there is no lookup
  OpeningsLookup* lookup_ = nullptr;
  HiddenContent* hidden_;
  GenerationStream stream_;
  Receipt receipt_;
  std::optional<Openings> openings_;
  std::optional<std::vector<std::optional<Evidence>>> evidence_;
  std::vector<double> weights_;  ///< with `evidence_`, of what is withheld too; 0: erased
  std::optional<std::vector<std::optional<SubjectAtom>>> subjects_;
  std::optional<std::vector<Hit>> hits_;
  std::vector<std::string> query_texts_;  ///< with `hits_`
  std::optional<std::vector<Token>> tokens_;
  std::vector<std::size_t> alternative_ends_;     ///< of the tokens so far, with `tokens_`
  std::optional<std::vector<double>> strengths_;  ///< 0 for evidence that cannot be opened
  Measures measures_;
};

}  // namespace hart::prov
