#pragma once

#include <cstdint>
#include <vector>

#include "search/search.h"

namespace hart::search {

/// The atoms of its hits, in their order.
inline std::vector<std::int64_t> atoms_of(const Result& result) {
  std::vector<std::int64_t> atoms;
  for (const Hit& hit : result.hits) atoms.push_back(hit.atom_id);
  return atoms;
}

}  // namespace hart::search
