#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <unordered_map>

#include "core/clock.h"
#include "store/store.h"

namespace hart::bill {

inline constexpr TimeUs kHourUs = 3'600'000'000;

/// The first instant of the UTC hour that `time` lies in.
[[nodiscard]] constexpr TimeUs hour_of(TimeUs time) noexcept {
  return time - time % kHourUs;
}

/// What one hour, price and model of the ledger add up to.
struct RollupKey {
  TimeUs hour = 0;
  std::int64_t billing_price_id = 0;
  std::int64_t billing_model_id = 0;

  bool operator==(const RollupKey&) const = default;
};
struct RollupSums {
  std::int64_t events = 0;
  std::int64_t units_micros = 0;
  std::int64_t amount_micros = 0;
  std::int64_t first_sequence = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_sequence = -1;

  bool operator==(const RollupSums&) const = default;
};

struct RollupKeyHash {
  std::size_t operator()(const RollupKey& key) const noexcept {
    std::uint64_t hash = static_cast<std::uint64_t>(key.hour) * 0x9e3779b97f4a7c15u;
    hash ^= static_cast<std::uint64_t>(key.billing_price_id) * 0xc2b2ae3d27d4eb4fu;
    hash ^= static_cast<std::uint64_t>(key.billing_model_id) * 0x165667b19e3779f9u;
    return static_cast<std::size_t>(hash ^ hash >> 29);
  }
};
using Rollups = std::unordered_map<RollupKey, RollupSums, RollupKeyHash>;

/// Keeps the totals of each hour beside the ledger, in the transaction that adds to it: an
/// event that comes late changes the totals of its own hour. Lives inside one WriteTransaction.
class RollupWriter {
 public:
  explicit RollupWriter(store::Store& store);

  /// The sums that an event would be added to. Throws Error(data) when they could not hold it.
  [[nodiscard]] RollupSums& room_for(const RollupKey& key, std::int64_t units_micros,
                                     std::int64_t amount_micros);
  /// Writes what changed.
  void finish();

 private:
  RollupSums& load(const RollupKey& key);

  store::Store& store_;
  store::Statement find_;
  Rollups sums_;
};

/// Adds an event to `sums`, which had room for it.
void add_event(RollupSums& sums, std::int64_t sequence, std::int64_t units_micros,
               std::int64_t amount_micros) noexcept;

/// Every total of the acting tenant's whose hour begins in [since, until).
void for_each_rollup(store::Store& store, TimeUs since, TimeUs until,
                     const std::function<void(const RollupKey&, const RollupSums&)>& visit);

}  // namespace hart::bill
