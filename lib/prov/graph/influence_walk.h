#pragma once

#include <cstdint>
#include <vector>

#include "store/store.h"

namespace hart::prov {

enum class Lineage : std::uint8_t {
  up,    ///< to what it came from
  down,  ///< to what came of it
};

/// An inference that a walk along INFLUENCED_BY came to.
struct InfluenceStep {
  std::int64_t stream = 0;  ///< generation_stream_id
  std::int64_t from = 0;    ///< the one before it on the way
  std::uint32_t hops = 0;
  /// The product of the strengths on the way, the largest of the ways with so few hops.
  double strength = 1;
};

inline constexpr std::uint32_t kMostInfluenceHops = 64;

/// The inferences within `hops` of one that starts the walk, each once with the fewest hops;
/// the starts themselves are left out. In the order of hops, then of falling strength, then of
/// the log. One SQL statement whatever the number of hops. Throws Error(usage) for 0 hops or
/// more than kMostInfluenceHops.
[[nodiscard]] std::vector<InfluenceStep> walk_influences(
    store::Store& store, const std::vector<std::int64_t>& starts, Lineage direction,
    std::uint32_t hops);

}  // namespace hart::prov
