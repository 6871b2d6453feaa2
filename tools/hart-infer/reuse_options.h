#pragma once

#include <optional>

#include "common/cli.h"
#include "infer/generate.h"
#include "infer/prefix_cache.h"
#include "infer/result_cache.h"
#include "infer/sequence.h"
#include "model_choice.h"

namespace hart::infer_tool {

/// What may make an answer faster and never changes it.
struct ReuseOptions {
  bool no_cache = false;
  bool lookup = false, no_lookup = false;
};

/// Declares --no-cache, --lookup and --no-lookup.
void add_reuse_options(cli::Command& command, ReuseOptions& options);
/// Throws Error(usage) for both of --lookup and --no-lookup.
[[nodiscard]] infer::Lookup lookup_of(const ReuseOptions& options);

/// The caches of the store, where there is one, and what the model has read so far.
class KeptWork {
 public:
  /// `chosen` must outlive this.
  KeptWork(const ReuseOptions& options, ChosenModel& chosen);

  [[nodiscard]] infer::Reuse reuse();
  [[nodiscard]] infer::Sequence& sequence() { return *sequence_; }

 private:
  std::optional<infer::ResultCache> results_;
  std::optional<infer::PrefixCache> prefixes_;
  std::optional<infer::Sequence> sequence_;
};

}  // namespace hart::infer_tool
