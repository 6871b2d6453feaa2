#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bill/period.h"
#include "store/store.h"

namespace hart::bill {

/// What one operation with one model cost in a period, beside the period of the same length
/// before it.
struct Hotspot {
  std::string operation;
  std::string unit;
  std::string model;  ///< empty where the usage names none
  std::string currency;
  std::int64_t events = 0;
  std::int64_t units_micros = 0;
  std::int64_t amount_micros = 0;
  double share = 0;  ///< of the period's amount, in [0, 1]; 0 where nothing cost anything
  std::int64_t events_before = 0;
  std::int64_t amount_before_micros = 0;
};

/// The `top` costliest operations and models of the acting tenant's in a period, most first;
/// what cost the same is ordered by its events.
[[nodiscard]] std::vector<Hotspot> hotspots(store::Store& store, const Period& period,
                                            std::size_t top);

}  // namespace hart::bill
