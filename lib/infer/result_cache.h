#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/bytes.h"
#include "infer/cache_table.h"
#include "infer/generate.h"
#include "infer/generation_codec.h"

namespace hart::infer {

/// The version of all that turns a model and a request into an answer. It is raised whenever a
/// change may alter a bit of a logit, a key or value, or a choice: what was cached before is
/// not found any more.
inline constexpr std::uint32_t kEngineVersion = 1;

/// SHA-256 of a canonical encoding of everything that the answer depends on: engine, tenant,
/// model, operation, the prompt's tokens, evidence, sampling, seed, limits, stop strings,
/// grammar, type of the key-value cache, and how many alternatives are told. Threads and
/// batches are not in it: no answer depends on them. `alternatives` is the number in effect,
/// which may be more than the request asks for.
[[nodiscard]] Hash256 generation_key(std::int64_t tenant_id, const Hash256& model_fingerprint,
                                     std::span<const nn::TokenId> prompt,
                                     const GenerateRequest& request,
                                     std::uint32_t alternatives);

/// Whole generations of the acting tenant, in cache.db, so that a request that was answered
/// once is answered again without the model. Fails as CacheTable does: never.
class ResultCache {
 public:
  static constexpr std::uint64_t kDefaultLimitBytes = std::uint64_t{256} << 20;

  explicit ResultCache(store::Store& store, std::uint64_t limit_bytes = kDefaultLimitBytes)
      : table_{store, CacheKind::generation, limit_bytes, kResolutionUs} {}

  [[nodiscard]] std::int64_t tenant_id() const noexcept { return table_.tenant_id(); }
  [[nodiscard]] std::optional<RecordedGeneration> find(const Hash256& key) noexcept;
  /// Keeps a generation that ended by "stop" or "length". False when it is not kept.
  bool keep(const Hash256& key, const RecordedGeneration& recorded) noexcept;
  [[nodiscard]] CacheFigures figures() noexcept { return table_.figures(); }

 private:
  /// An hour: which answers were asked for today is close enough.
  static constexpr TimeUs kResolutionUs = TimeUs{3600} * 1'000'000;

  CacheTable table_;
};

}  // namespace hart::infer
