#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "store/store.h"

namespace hart::store {

/// How long the rows of a history are kept after they ended. Policies are the store's, not a
/// tenant's; every history table has one, and so have the query log in cache.db and the
/// openings of receipts, which hart-prov forgets.
struct RetentionPolicy {
  std::string table;
  std::int64_t keep_days = 0;
};

/// By table.
[[nodiscard]] std::vector<RetentionPolicy> retention_policies(Store& store);
/// Inside a WriteTransaction. Throws Error(usage) for a table that has no policy, naming those
/// that have one, and for days that are negative or beyond 10 000 years.
void set_retention(Store& store, const RetentionPolicy& policy);

struct Pruned {
  std::string table;
  std::int64_t keep_days = 0;
  TimeUs before = 0;  ///< what ended earlier is forgotten
  std::uint64_t rows = 0;
};
/// Deletes what is older than its policy, of all tenants, in short transactions of its own, or
/// only counts it. Calls `step` between two transactions; what that throws ends it there, and
/// what was deleted by then stays deleted. A dry run needs no writable store.
[[nodiscard]] std::vector<Pruned> prune_history(Store& store, bool dry_run,
                                                const std::function<void()>& step = {});

}  // namespace hart::store
