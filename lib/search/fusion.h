#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace hart::search {

/// How result lists become one.
enum class Fusion {
  ranks,   ///< "rrf": by reciprocal ranks
  scores,  ///< "weighted": by normalised scores
};
[[nodiscard]] std::string_view fusion_name(Fusion fusion) noexcept;
[[nodiscard]] std::optional<Fusion> find_fusion(std::string_view name) noexcept;

/// What a list counts in the fusion; finite, not negative, one of them above 0.
struct FusionWeights {
  double vector = 1;
  double text = 1;

  bool operator==(const FusionWeights&) const = default;
};
/// Reads "vector=0.7,text=0.3"; what is not named keeps 1. Throws Error(usage).
[[nodiscard]] FusionWeights parse_weights(std::string_view text);
/// Throws Error(usage) on weights that are none.
void check_weights(const FusionWeights& weights);

struct FusedAtom {
  std::int64_t atom_id = 0;
  double score = 0;
};

/// A result list, its best atom first and none twice.
struct ScoredList {
  std::vector<FusedAtom> atoms;
  double weight = 1;
  /// The least score there can be; nothing: unbounded, and the list's own least stands for it.
  std::optional<double> least;
};

/// The constant that keeps first places from deciding alone. Source: as for `fuse_ranks`.
inline constexpr double kRankOffset = 60;

/// Reciprocal rank fusion: an atom's score is the sum over the lists that hold it of
/// weight / (60 + rank), ranks from 1. Best first, equal scores by ascending atom id. Source:
/// Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual
/// rank learning methods", SIGIR 2009; there with all weights 1.
[[nodiscard]] std::vector<FusedAtom> fuse_ranks(std::span<const ScoredList> lists);

/// Convex combination: an atom's score is the sum over the lists that hold it of weight ×
/// (score − least) / (best − least), divided by the sum of the weights, so that it lies in
/// [0, 1]. A list whose scores are all its least gives 1. Best first, equal scores by ascending
/// atom id. Source: Bruch, Gai and Ingber, "An analysis of fusion functions for hybrid
/// retrieval", ACM TOIS 42(1), 2023, with the least score from theory (their TM2C2).
[[nodiscard]] std::vector<FusedAtom> fuse_scores(std::span<const ScoredList> lists);

}  // namespace hart::search
