#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "store/store.h"

namespace hart::store {

/// What nothing alive needs, as one read snapshot shows it.
struct DeadRows {
  std::vector<std::int64_t> atoms;    ///< descending: parts mostly have lower ids than wholes
  std::vector<std::int64_t> deltas;   ///< extents that have a base
  std::vector<std::int64_t> extents;  ///< extents that stand alone
  std::uint64_t bytes = 0;            ///< of these extents in the packs
  /// SQLite's number for what other connections have committed: equal when they have not
  /// written since.
  std::int64_t data_version = 0;
};

/// `kept_since_us`: atoms whose last hold ended after this time live.
[[nodiscard]] DeadRows find_dead_rows(Store& store, TimeUs kept_since_us);

}  // namespace hart::store
