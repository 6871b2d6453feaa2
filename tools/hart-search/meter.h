#pragma once

#include <memory>

#include "common/cli.h"
#include "core/events.h"
#include "search/search.h"
#include "store/store.h"

namespace hart::search_tool {

/// Answers queries under the tenant's quota: reserves a query before it runs, charges it after
/// it was answered, gives it back when it failed, and writes it to the query log.
class MeteredSearch {
 public:
  /// Both must outlive it.
  MeteredSearch(const cli::Context& context, store::Store& store);
  ~MeteredSearch();

  /// Throws as `search::search` does, and Error(denied) when a quota says no.
  [[nodiscard]] search::Result run(const search::Query& query);

 private:
  void charge(UsageGate::Reservation reservation, const search::Query& query,
              const search::Result& result, TimeUs time);

  const cli::Context& context_;
  store::Store& store_;
  std::unique_ptr<UsageGate> gate_;  ///< null on a store that is open for reading
};

}  // namespace hart::search_tool
