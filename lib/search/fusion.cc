#include "search/fusion.h"

#include <algorithm>
#include <unordered_map>

namespace hart::search {

std::vector<FusedAtom> fuse_ranks(std::span<const std::vector<std::int64_t>> lists) {
  std::unordered_map<std::int64_t, double> scores;
  for (const auto& list : lists)
    for (std::size_t i = 0; i < list.size(); ++i)
      scores[list[i]] += 1 / (kRankOffset + static_cast<double>(i + 1));
  std::vector<FusedAtom> fused;
  fused.reserve(scores.size());
  for (const auto& [atom_id, score] : scores) fused.push_back({atom_id, score});
  std::sort(fused.begin(), fused.end(), [](const FusedAtom& a, const FusedAtom& b) {
    return a.score != b.score ? a.score > b.score : a.atom_id < b.atom_id;
  });
  return fused;
}

}  // namespace hart::search
