#include "bill/usage_totals.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <tuple>

#include "bill/ledger.h"
#include "core/decimal.h"
#include "core/error.h"

namespace hart::bill {
namespace {

/// Adds up hours and entries by what a query asks for.
class UsageSummation {
 public:
  UsageSummation(store::Store& store, const UsageQuery& query)
      : store_{store},
        query_{query},
        since_{query.since.value_or(0)},
        until_{query.until.value_or(std::numeric_limits<TimeUs>::max())} {
    auto names = store.db().prepare("SELECT billing_model_id, name FROM my_billing_model");
    while (names.step()) models_[names.integer(0)] = names.text(1);
    prices_ = load_prices(store);
  }

  std::vector<UsageTotal> run() {
    for_each_rollup(store_, hour_of(since_), until_,
                    [&](const RollupKey& key, const RollupSums& sums) { add_hour(key, sums); });
    if (last_cut_ >= 0) add_cut_hours();
    std::vector<UsageTotal> result;
    for (auto& [key, total] : totals_) result.push_back(std::move(total));
    return result;
  }

 private:
  void add_hour(const RollupKey& key, const RollupSums& sums) {
    if (key.hour < since_ || until_ - kHourUs < key.hour) {
      first_cut_ = std::min(first_cut_, sums.first_sequence);
      last_cut_ = std::max(last_cut_, sums.last_sequence);
      return;
    }
    const auto price = prices_.find(key.billing_price_id);
    if (price == prices_.end())
      throw Error{Fault::data, "the ledger is damaged: totals of an unknown price"};
    add(key.hour, price->second, models_[key.billing_model_id], sums);
  }

  /// The hours in which the query begins and ends, entry by entry.
  void add_cut_hours() {
    const auto is_cut = [&](TimeUs time) {
      const TimeUs hour = hour_of(time);
      return time >= since_ && time < until_ && (hour < since_ || until_ - kHourUs < hour);
    };
    for_each_ledger_entry(store_, first_cut_, [&](const LedgerEntry& entry) {
      if (entry.sequence > last_cut_) return false;
      if (!is_cut(entry.usage.time)) return true;
      const auto model = entry.usage.attributes.find("model");
      const bool named = model != entry.usage.attributes.end() && model->is_string();
      add(entry.usage.time, entry.price, named ? model->get<std::string>() : "",
          {1, entry.usage.units_micros, entry.total_micros, 0, 0});
      return true;
    });
  }

  void add(TimeUs time, const Price& price, const std::string& model, const RollupSums& sums) {
    const std::string day = query_.by_day ? format_time(time).substr(0, 10) : "";
    UsageTotal& total =
        totals_[{day, price.operation, price.unit, query_.by_model ? model : ""}];
    if (total.events == 0) {
      total.day = day;
      total.model = query_.by_model ? model : "";
      total.operation = price.operation;
      total.unit = price.unit;
      total.currency = price.currency;
    }
    if (total.currency == kNoCurrency) total.currency = price.currency;
    total.events += sums.events;
    if (!price.rated) total.unrated_events += sums.events;
    total.by_period |= price.by_period;
    total.units_micros = add_decimals(total.units_micros, sums.units_micros, "usage");
    total.amount_micros = add_decimals(total.amount_micros, sums.amount_micros, "usage");
  }

  store::Store& store_;
  const UsageQuery& query_;
  TimeUs since_;
  TimeUs until_;
  std::map<std::int64_t, std::string> models_;
  std::unordered_map<std::int64_t, Price> prices_;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, UsageTotal> totals_;
  std::int64_t first_cut_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_cut_ = -1;
};

}  // namespace

std::vector<UsageTotal> usage_totals(store::Store& store, const UsageQuery& query) {
  return UsageSummation{store, query}.run();
}

}  // namespace hart::bill
