#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/events.h"
#include "prov/stream.h"
#include "store/store.h"

namespace hart::prov {

/// One piece of evidence, and the generated tokens that leaned on it.
struct ExplainedEvidence {
  Evidence evidence;
  std::vector<std::uint32_t> tokens;  ///< indexes of tokens, ascending
};

/// A generated token and its place.
struct ExplainedToken {
  std::uint32_t index = 0;
  GeneratedToken token;
};

/// Why a generation answered as it did, as far as its openings still exist: what was erased is
/// empty.
struct Explanation {
  GenerationStream stream;
  Json parameters;
  std::uint64_t seed = 0;
  std::optional<std::string> model_name;
  std::optional<std::string> prompt;
  std::optional<std::string> output;
  std::vector<ExplainedEvidence> evidence;  ///< heaviest first
  /// The tokens that had alternatives and the lowest probability, least certain first.
  std::vector<ExplainedToken> uncertain;
  std::uint64_t erased = 0;  ///< commitments that can no longer be opened
};

/// Explains a generation; at most `uncertain_tokens` tokens are listed. Throws Error(data) when
/// the receipt is damaged or an opening does not match it.
[[nodiscard]] Explanation explain(store::Store& store, GenerationStream stream,
                                  std::size_t uncertain_tokens = 5);

}  // namespace hart::prov
