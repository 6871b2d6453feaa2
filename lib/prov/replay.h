#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/events.h"
#include "prov/receipt.h"
#include "prov/stream.h"
#include "store/store.h"

namespace hart::prov {

/// A generation as its receipt and those openings tell it that still exist: what is needed to
/// run it again, and what must come of that.
struct RecordedGeneration {
  Receipt receipt;
  std::optional<std::string> model_name;
  std::optional<std::string> prompt;
  std::optional<std::string> output;
  std::vector<std::optional<Evidence>> evidence;      ///< in the receipt's order
  std::vector<std::optional<GeneratedToken>> tokens;  ///< by index
};

/// Opens the commitments of a generation. Throws Error(data) when the receipt is damaged or an
/// opening does not match it.
[[nodiscard]] RecordedGeneration open_generation(store::Store& store,
                                                 const GenerationStream& stream);

/// What was erased of all that running it again needs, and when nothing is left that the result
/// could be compared with, that: a phrase each, empty when it can be run.
[[nodiscard]] std::vector<std::string> erased_inputs(const RecordedGeneration& recorded);

/// The model's input again, once `erased_inputs` finds nothing.
[[nodiscard]] std::vector<Evidence> evidence_of(const RecordedGeneration& recorded);

/// Takes what a receipt would be written about, and keeps it in memory instead: nothing is
/// stored.
class ReplaySink : public EventSink {
 public:
  void begin(const GenerationBegin& begin) override {
    begin_ = begin;
    tokens_.clear();
  }
  void token(const GeneratedToken& token) override { tokens_.push_back(token); }
  std::string end(const GenerationEnd& end) override {
    end_ = end;
    return {};
  }
  void query(const QueryRecord&) override {}

  [[nodiscard]] const GenerationBegin& begun() const noexcept { return begin_; }
  [[nodiscard]] const std::vector<GeneratedToken>& tokens() const noexcept { return tokens_; }
  [[nodiscard]] const GenerationEnd& ended() const noexcept { return end_; }

 private:
  GenerationBegin begin_;
  std::vector<GeneratedToken> tokens_;
  GenerationEnd end_;
};

/// The first token that came out otherwise; one of the two is missing where a generation ended
/// earlier than the other.
struct TokenDifference {
  std::uint32_t index = 0;
  std::optional<GeneratedToken> recorded;
  std::optional<GeneratedToken> regenerated;
  std::string what;  ///< "the token", "its log-probability", "its alternatives", …
};

struct ReplayComparison {
  std::vector<std::string> differences;   ///< a phrase each; empty when all is as recorded
  std::vector<std::string> not_compared;  ///< what was erased, a phrase each
  std::optional<TokenDifference> first_token;
};

/// Compares what a generation left when it was run again with what its receipt says: parameters
/// and seed, the bytes of the output, how it ended, and every token with its log-probability,
/// its alternatives and its evidence, all numbers bit for bit.
[[nodiscard]] ReplayComparison compare_replay(const RecordedGeneration& recorded,
                                              const ReplaySink& regenerated);

}  // namespace hart::prov
