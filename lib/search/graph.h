#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace hart::search {

/// Which way an edge may be gone.
enum class Direction { out, in, both };

struct WalkOptions {
  std::size_t hops = 3;            ///< 1 … 64
  std::vector<std::string> types;  ///< only edges of these types; empty: of all
  Direction direction = Direction::out;
  double min_weight = 0;          ///< only edges at least as heavy
  std::size_t limit = 1'000'000;  ///< stop after so many atoms
};

/// An atom that a walk reached, by its shortest way (the fewest hops, then the greatest product
/// of weights, then the lowest atom ids).
struct Reached {
  std::int64_t atom_id = 0;
  std::size_t hops = 0;
  double weight = 1;              ///< product of the weights along the way
  std::int64_t from_atom_id = 0;  ///< the atom before it
  std::string type;               ///< of the last edge
};

/// The atoms within `options.hops` hops of `start`, which is not among them, nearest first;
/// each once, whatever cycles there are. One SQL statement. Only the acting tenant's edges.
[[nodiscard]] std::vector<Reached> walk(store::Store& store, std::int64_t start,
                                        const WalkOptions& options);

struct SeedAtom {
  std::int64_t atom_id = 0;
  double score = 0;
};

/// Spreads the scores of `seeds` along the edges, in both directions: an atom's score is the
/// sum over the seeds of score × weight of the way × 0.5^hops, a seed's own score included.
/// Best first, equal scores by ascending atom id. Weights above 1 count as 1.
[[nodiscard]] std::vector<SeedAtom> spread(store::Store& store,
                                           const std::vector<SeedAtom>& seeds,
                                           const WalkOptions& options);

}  // namespace hart::search
