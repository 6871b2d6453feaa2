#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace hart::prov {

/// Derives everything again and compares it with what is stored: each difference is a line that
/// names the receipt. Measures of receipts whose openings were erased cannot be derived again
/// and are left out.
[[nodiscard]] std::vector<std::string> verify_graph(store::Store& store);

}  // namespace hart::prov
