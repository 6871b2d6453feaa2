#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "infer/runnable_model.h"
#include "prov/replay.h"
#include "store/store.h"

namespace hart::cli {

/// What came of running a generation again.
struct Replay {
  /// What kept it from being run, a phrase each; empty when it was run.
  std::vector<std::string> missing;
  /// What is otherwise than it was and may be why it came out otherwise, a phrase each.
  std::vector<std::string> notes;
  prov::ReplayComparison comparison;

  [[nodiscard]] bool was_run() const noexcept { return missing.empty(); }
  [[nodiscard]] bool is_same() const noexcept {
    return was_run() && comparison.differences.empty();
  }
};

/// Whether the receipt is one of what can be generated again: of a text, not of a search or of
/// an ingest.
[[nodiscard]] bool is_generation(const prov::GenerationStream& stream);

/// Runs generations again as their receipts tell them, by the code that hart-infer generates
/// with, without caches, receipts or bills. Keeps the model of the last one: those of one model
/// in a row load it once.
class Replayer {
 public:
  /// `store` must outlive this; reading it is enough. `step` is called between two tokens.
  Replayer(store::Store& store, unsigned threads, std::function<void()> step)
      : store_{store}, threads_{threads}, step_{std::move(step)} {}

  /// Throws Error(data) when the receipt is damaged or an opening does not match it.
  [[nodiscard]] Replay replay(const prov::GenerationStream& stream);

 private:
  struct Grammar;

  void find_model(const prov::RecordedGeneration& recorded, Replay& replay);
  [[nodiscard]] std::optional<std::string> grammar_text(const Id& id);
  void run(const prov::RecordedGeneration& recorded, Replay& replay);

  store::Store& store_;
  unsigned threads_;
  std::function<void()> step_;
  std::optional<infer::RunnableModel> model_;
};

}  // namespace hart::cli
