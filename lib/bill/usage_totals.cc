#include "bill/usage_totals.h"

#include <limits>
#include <string>

#include "core/error.h"

namespace hart::bill {
namespace {

// An event is unrated when its plan, if there was one, has no rate for its operation and unit.
constexpr const char* kTotals =
    "SELECT CASE WHEN ?4 THEN date(l.occurred_us / 1000000, 'unixepoch') ELSE '' END AS day,"
    "  CASE WHEN ?3 THEN ifnull(json_extract(l.attributes, '$.model'), '') ELSE '' END AS "
    "model,"
    "  l.operation, l.unit, ifnull(max(nullif(l.currency, 'XXX')), 'XXX'), count(*),"
    "  sum(NOT EXISTS (SELECT 1 FROM my_billing_operation_rate AS r"
    "    WHERE r.billing_rate_plan_id = l.billing_rate_plan_id"
    "    AND r.operation = l.operation AND r.unit = l.unit)),"
    "  sum(l.units_micros), sum(l.total_micros)"
    " FROM my_billing_usage_ledger AS l"
    " WHERE l.occurred_us >= ?1 AND l.occurred_us < ?2"
    " GROUP BY day, l.operation, l.unit, model"
    " ORDER BY day, l.operation, l.unit, model";

}  // namespace

Period month_period(const std::string& month) {
  const bool shaped = month.size() == 7 && month[4] == '-';
  if (!shaped) throw Error{Fault::data, "'" + month + "' is not a month, as 2026-11"};
  const Period first{parse_time(month), 0};
  const int year = std::stoi(month.substr(0, 4));
  const int number = std::stoi(month.substr(5, 2));
  const std::string next = number == 12 ? std::to_string(year + 1) + "-01"
                                        : std::to_string(year) + (number < 9 ? "-0" : "-") +
                                              std::to_string(number + 1);
  return {first.start, parse_time(next)};
}

std::vector<UsageTotal> usage_totals(store::Store& store, const UsageQuery& query) {
  auto rows = store.db().prepare(kTotals);
  rows.with(query.since.value_or(std::numeric_limits<TimeUs>::min()),
            query.until.value_or(std::numeric_limits<TimeUs>::max()),
            static_cast<int>(query.by_model), static_cast<int>(query.by_day));
  std::vector<UsageTotal> totals;
  while (rows.step()) {
    UsageTotal total;
    total.day = rows.text(0);
    total.model = rows.text(1);
    total.operation = rows.text(2);
    total.unit = rows.text(3);
    total.currency = rows.text(4);
    total.events = rows.integer(5);
    total.unrated_events = rows.integer(6);
    total.units_micros = rows.integer(7);
    total.amount_micros = rows.integer(8);
    totals.push_back(std::move(total));
  }
  return totals;
}

}  // namespace hart::bill
