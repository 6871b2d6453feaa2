#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "prov/cypher/value.h"
#include "prov/graph/influence_walk.h"
#include "prov/graph/store_graph.h"
#include "store/store.h"

namespace hart::prov {

/// A node that lineage leads to.
struct LineageStep {
  cypher::NodeId node = 0;
  cypher::NodeId from = 0;  ///< the one before it on the way
  std::string relation;     ///< the type of the relationship between the two
  std::uint32_t hops = 0;
  double strength = 1;  ///< the product of weights and strengths on the way
};

struct LineageOptions {
  Lineage direction = Lineage::up;
  std::uint32_t hops = 5;
  std::size_t limit = 1000;  ///< at most so many nodes, the nearest and strongest
};

/// The node that a user means: an inference by its UUID or 6 digits of it, else a model or an
/// atom by name, id or prefix. Throws Error(no_input) when there is none, Error(data) when
/// there are several.
[[nodiscard]] cypher::NodeId resolve_node(store::Store& store, const std::string& reference);

/// Up: the models and the atoms that an inference used, the inferences that influenced it, and
/// theirs; of an atom what it is part of. Down: the inferences that an inference influenced, or
/// that used a model, an atom or a passage within it, and those that these influenced: what was
/// ever derived from it. Each node once, with the fewest hops; in the order of hops, then of
/// falling strength. Throws Error(usage) as walk_influences does.
[[nodiscard]] std::vector<LineageStep> trace_lineage(store::Store& store,
                                                     const StoreGraph& graph,
                                                     cypher::NodeId start,
                                                     const LineageOptions& options);

}  // namespace hart::prov
