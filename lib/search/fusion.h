#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hart::search {

struct FusedAtom {
  std::int64_t atom_id = 0;
  double score = 0;
};

/// The constant that keeps first places from deciding alone. Source: as for `fuse_ranks`.
inline constexpr double kRankOffset = 60;

/// Reciprocal rank fusion of result lists, each with its best atom first and none twice: an
/// atom's score is the sum over the lists that hold it of 1 / (60 + rank), ranks from 1. Best
/// first, equal scores by ascending atom id. Source: Cormack, Clarke and Büttcher, "Reciprocal
/// rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009.
[[nodiscard]] std::vector<FusedAtom> fuse_ranks(
    std::span<const std::vector<std::int64_t>> lists);

}  // namespace hart::search
