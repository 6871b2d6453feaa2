#pragma once

#include <map>
#include <string>
#include <vector>

#include "bill/invoice.h"
#include "bill/plan_book.h"
#include "bill/rating.h"

namespace hart::bill {

/// What events would cost, without a ledger: each by itself, and the months that they make up.
class Estimate {
 public:
  /// `plans` must outlive it.
  explicit Estimate(const PlanBook& plans) : plans_{plans} {}

  struct Priced {
    const Price* price = nullptr;  ///< valid until the next call
    std::int64_t total_micros = 0;
  };
  /// Prices an event that was used at `time`, and adds it to its month. Throws Error(data) when
  /// a sum does not fit; the event is left out then.
  [[nodiscard]] Priced add(const UsageEvent& event, TimeUs time);

  /// The invoice of each month, in order, as if nothing else had been used: without a number.
  [[nodiscard]] std::vector<Invoice> invoices() const;

 private:
  using PriceKey = std::tuple<std::int64_t, std::string, std::string, std::int64_t,
                              std::array<std::int64_t, kMultiplierTypes>>;

  const PlanBook& plans_;
  Price price_;
  std::map<TimeUs, std::map<PriceKey, PriceSum>> months_;  ///< by their first instant
  Period month_{};                                         ///< of the event before
};

}  // namespace hart::bill
