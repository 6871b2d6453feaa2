#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "infer/cache_table.h"
#include "infer/prefix_file.h"
#include "nn/kv_cache.h"
#include "nn/vocabulary.h"

namespace hart::infer {

/// What keys and values depend on besides the tokens.
struct PrefixScope {
  Hash256 model{};  ///< RunnableModel::fingerprint
  nn::KvType kv_type = nn::KvType::f16;
  bool is_long = false;  ///< rotated for long contexts, where the model makes a difference
};

/// What models know of the beginnings of prompts, as files below the store
/// (`cache/kv/TENANT/*.kv`), found again by any process of the same tenant. A file holds the
/// state of a whole number of chunks of tokens, and is found by every prompt that begins with
/// at least one of them. Files that were not used for longest go when all are worth more than
/// the limit. Never fails: what is damaged is not found, what cannot be written is not kept.
class PrefixCache {
 public:
  static constexpr std::uint64_t kDefaultLimitBytes = std::uint64_t{1} << 30;
  /// Tokens of a chunk.
  static constexpr std::uint32_t kChunk = 64;

  explicit PrefixCache(store::Store& store, std::uint64_t limit_bytes = kDefaultLimitBytes);

  struct Found {
    PrefixState prefix;
    /// How many of its first positions are those of the prompt: a multiple of kChunk, and the
    /// most that any file has.
    std::uint32_t common = 0;
  };
  /// The state of the longest kept beginning of `prompt` that is longer than `known` tokens.
  [[nodiscard]] std::optional<Found> find(const PrefixScope& scope,
                                          std::span<const nn::TokenId> prompt,
                                          std::uint32_t known) noexcept;
  /// Keeps the state of `tokens`, whose number is a multiple of kChunk and not 0; files that
  /// hold only a beginning of it go. False when it is not kept.
  bool keep(const PrefixScope& scope, std::span<const nn::TokenId> tokens,
            ByteView state) noexcept;

  [[nodiscard]] CacheFigures figures() noexcept { return table_.figures(); }

 private:
  using Keys = std::vector<Hash256>;

  [[nodiscard]] Keys keys_of(const PrefixScope& scope,
                             std::span<const nn::TokenId> tokens) const;
  [[nodiscard]] std::optional<Hash256> file_of(const Hash256& key);
  [[nodiscard]] std::string path_of(const Hash256& file) const;
  void index(const Keys& keys);
  void forget(const Hash256& file);
  void remove_strays();

  CacheTable table_;
  std::string directory_;
};

/// Where the store keeps the prefixes of a tenant.
[[nodiscard]] std::string prefix_directory(const store::Store& store);

}  // namespace hart::infer
