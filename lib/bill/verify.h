#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "store/store.h"

namespace hart::bill {

/// What the verification of a ledger found. Sound when `problems` is empty.
struct LedgerVerification {
  std::int64_t entries = 0;
  std::int64_t invoices = 0;
  std::int64_t credits = 0;  ///< entries of the credits' ledger
  std::int64_t total_micros = 0;
  Hash256 head{};  ///< hash of the newest entry, zeros without one; kept elsewhere, it shows
                   ///< later that nothing was cut off the end
  std::vector<std::string> problems;
};

/// Recomputes everything about the acting tenant's ledger: the order of its entries without
/// gaps, their hashes and links, each price from the plan of its time, the totals of each hour,
/// the content hashes of the plans, every invoice from the entries and plans that it was made
/// from, and the credits. Damage is reported, not thrown.
[[nodiscard]] LedgerVerification verify_ledger(store::Store& store);

}  // namespace hart::bill
