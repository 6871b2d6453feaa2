#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/events.h"
#include "prov/content.h"
#include "prov/measures.h"
#include "prov/opened_receipt.h"
#include "prov/stream.h"
#include "store/store.h"

namespace hart::prov {

/// One piece of evidence, and the generated tokens that leaned on it.
struct ExplainedEvidence {
  Evidence evidence;
  double strength = 0;                ///< how strongly it bears the answer (measures.h)
  std::vector<std::uint32_t> tokens;  ///< indexes of tokens, ascending
};

/// Why a result is what it is, as far as its openings still exist and are not withheld: what
/// was erased or is hidden (opened_receipt.h), or what there never was, is empty.
struct Explanation {
  GenerationStream stream;
  Json parameters;
  std::optional<std::uint64_t> seed;
  std::optional<Engine> engine;
  std::optional<std::string> actor;
  std::vector<UsedModel> models;          ///< an erased name is empty
  std::optional<std::string> model_name;  ///< of the first
  std::vector<SubjectAtom> subjects;
  std::optional<std::string> prompt;
  std::optional<VectorDigest> vector;
  std::optional<std::string> output;
  std::vector<ExplainedEvidence> evidence;  ///< heaviest first
  std::vector<AnsweredQuery> queries;       ///< of several searches, in their order
  std::string reasoning;
  std::vector<ReasoningStep> steps;  ///< an erased text is empty
  /// The tokens that had alternatives and the lowest probability, least certain first.
  std::vector<OpenedReceipt::Token> uncertain;
  Measures measures;  ///< of what was not erased
  std::vector<UsageSegment> charges;
  std::uint64_t erased = 0;  ///< commitments that can no longer be opened, or are withheld
};

/// Explains a generation; at most `uncertain_tokens` tokens are listed. Throws Error(data) when
/// the receipt is damaged or an opening does not match it.
[[nodiscard]] Explanation explain(store::Store& store, GenerationStream stream,
                                  std::size_t uncertain_tokens = 5);

}  // namespace hart::prov
