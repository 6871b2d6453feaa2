#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/events.h"
#include "store/store.h"

namespace hart::store {

/// Appends to the query log in cache.db. The log is advisory: when it cannot be written (a
/// read-only store, another writer), the record is dropped and false returned; it never throws.
bool log_query(Store& store, const QueryRecord& record) noexcept;
/// The same for several, all or none of them in one transaction.
bool log_queries(Store& store, std::span<const QueryRecord> records) noexcept;

struct LoggedQuery {
  std::int64_t query_id = 0;
  QueryRecord record;
};
/// The acting tenant's logged queries with an id above `after`, oldest first, at most `limit`.
[[nodiscard]] std::vector<LoggedQuery> logged_queries(Store& store, std::int64_t after,
                                                      std::int64_t limit);

}  // namespace hart::store
