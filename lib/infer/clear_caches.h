#pragma once

#include "store/store.h"

namespace hart::infer {

/// Empties the acting tenant's caches of results and prefixes. A cache.db that is damaged is
/// removed whole, and made anew when something is to be kept. Throws Error(busy) when others
/// hold it, Error(io) and kin.
void clear_caches(store::Store& store);

}  // namespace hart::infer
