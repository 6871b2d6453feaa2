#include "bill/rollup.h"

#include <algorithm>

#include "core/decimal.h"

namespace hart::bill {

RollupWriter::RollupWriter(store::Store& store)
    : store_{store},
      find_{store.db().prepare(
          "SELECT events, units_micros, amount_micros, first_sequence, last_sequence"
          " FROM my_billing_usage_rollup"
          " WHERE hour_us = ? AND billing_price_id = ? AND billing_model_id = ?")} {}

RollupSums& RollupWriter::load(const RollupKey& key) {
  RollupSums sums;
  if (find_.with(key.hour, key.billing_price_id, key.billing_model_id).step())
    sums = {find_.integer(0), find_.integer(1), find_.integer(2), find_.integer(3),
            find_.integer(4)};
  find_.reset();
  return sums_.emplace(key, sums).first->second;
}

RollupSums& RollupWriter::room_for(const RollupKey& key, std::int64_t units_micros,
                                   std::int64_t amount_micros) {
  const auto known = sums_.find(key);
  RollupSums& sums = known != sums_.end() ? known->second : load(key);
  static_cast<void>(add_decimals(sums.units_micros, units_micros, "usage: units of the hour"));
  static_cast<void>(
      add_decimals(sums.amount_micros, amount_micros, "usage: the hour's amount"));
  return sums;
}

void add_event(RollupSums& sums, std::int64_t sequence, std::int64_t units_micros,
               std::int64_t amount_micros) noexcept {
  ++sums.events;
  sums.units_micros += units_micros;
  sums.amount_micros += amount_micros;
  sums.first_sequence = std::min(sums.first_sequence, sequence);
  sums.last_sequence = std::max(sums.last_sequence, sequence);
}

void RollupWriter::finish() {
  auto upsert = store_.db().prepare(
      "INSERT INTO billing_usage_rollup (tenant_id, hour_us, billing_price_id,"
      " billing_model_id, events, units_micros, amount_micros, first_sequence, last_sequence)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (tenant_id, hour_us, billing_price_id, billing_model_id) DO UPDATE SET"
      " events = excluded.events, units_micros = excluded.units_micros,"
      " amount_micros = excluded.amount_micros, first_sequence = excluded.first_sequence,"
      " last_sequence = excluded.last_sequence",
      store::Scope::owner);
  for (const auto& [key, sums] : sums_)
    if (sums.events > 0)
      upsert.run(store_.tenant_id(), key.hour, key.billing_price_id, key.billing_model_id,
                 sums.events, sums.units_micros, sums.amount_micros, sums.first_sequence,
                 sums.last_sequence);
  sums_.clear();
}

void for_each_rollup(store::Store& store, TimeUs since, TimeUs until,
                     const std::function<void(const RollupKey&, const RollupSums&)>& visit) {
  auto rows = store.db().prepare(
      "SELECT hour_us, billing_price_id, billing_model_id, events, units_micros, amount_micros,"
      " first_sequence, last_sequence FROM my_billing_usage_rollup"
      " WHERE hour_us >= ? AND hour_us < ?");
  rows.with(since, until);
  while (rows.step())
    visit(
        {rows.integer(0), rows.integer(1), rows.integer(2)},
        {rows.integer(3), rows.integer(4), rows.integer(5), rows.integer(6), rows.integer(7)});
}

}  // namespace hart::bill
