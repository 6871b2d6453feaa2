#pragma once

#include <string>

#include "store/store.h"

namespace hart::store {

/// Drops what index.db and cache.db hold of the acting tenant's.
void erase_from_side_databases(Store& store);

/// Writes hart.db, index.db and cache.db anew without their free pages, empties their logs, and
/// removes copies of the catalog that migrations left. Returns why something deleted may still
/// be in a file; empty when nothing is.
[[nodiscard]] std::string rewrite_databases(Store& store);

}  // namespace hart::store
