#include "bill/hotspots.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "bill/usage_totals.h"

namespace hart::bill {
namespace {

std::vector<UsageTotal> totals_by_model(store::Store& store, TimeUs since, TimeUs until) {
  UsageQuery query;
  query.since = since;
  query.until = until;
  query.by_model = true;
  return usage_totals(store, query);
}

}  // namespace

std::vector<Hotspot> hotspots(store::Store& store, const Period& period, std::size_t top) {
  using Key = std::tuple<std::string, std::string, std::string>;
  std::map<Key, Hotspot> spots;
  double sum = 0;
  for (const UsageTotal& total : totals_by_model(store, period.start, period.end)) {
    Hotspot& spot = spots[{total.operation, total.unit, total.model}];
    spot = {total.operation,
            total.unit,
            total.model,
            total.currency,
            total.events,
            total.units_micros,
            total.amount_micros,
            0,
            0,
            0};
    sum += static_cast<double>(total.amount_micros);
  }
  const TimeUs before = std::max<TimeUs>(0, period.start - (period.end - period.start));
  for (const UsageTotal& total : totals_by_model(store, before, period.start)) {
    const auto spot = spots.find({total.operation, total.unit, total.model});
    if (spot == spots.end()) continue;
    spot->second.events_before = total.events;
    spot->second.amount_before_micros = total.amount_micros;
  }
  std::vector<Hotspot> result;
  for (auto& [key, spot] : spots) {
    if (sum > 0) spot.share = static_cast<double>(spot.amount_micros) / sum;
    result.push_back(std::move(spot));
  }
  std::ranges::stable_sort(result, std::ranges::greater{}, [](const Hotspot& spot) {
    return std::pair{spot.amount_micros, spot.events};
  });
  if (result.size() > top) result.resize(top);
  return result;
}

}  // namespace hart::bill
