#include "bill/quota_violation.h"

#include "core/decimal.h"

namespace hart::bill {

Json quota_violation_json(const QuotaViolation& violation) {
  const Quota& quota = violation.quota;
  const auto amount = [](std::int64_t micros) {
    return format_decimal_short(micros, kMicroPlaces);
  };
  return {{"type", "quota_violation"},
          {"tenant", violation.tenant},
          {"resource", quota_resource_name(quota.resource)},
          {"per", quota_period_name(quota.period)},
          {"hard", quota.hard},
          {"limit", amount(quota.limit_micros)},
          {"window_start", format_time(quota.start)},
          {"asked", amount(violation.asked_micros)},
          {"used", amount(quota.used_micros)},
          {"reserved", amount(quota.reserved_micros)},
          {"times", violation.times},
          {"first", format_time(violation.first)},
          {"last", format_time(violation.last)}};
}

bool record_violation(store::Connection& db, const QuotaViolation& violation) {
  const Quota& quota = violation.quota;
  const int resource = static_cast<int>(quota.resource);
  const int period = static_cast<int>(quota.period);
  const int hard = quota.hard ? 1 : 0;
  db.prepare(
        "UPDATE billing_quota_violation SET times = times + ?, last_us = max(last_us, ?)"
        " WHERE tenant_id = ? AND window_start_us = ? AND resource = ? AND period = ?"
        " AND hard = ? AND limit_micros = ?",
        store::Scope::owner)
      .run(violation.times, violation.last, db.tenant(), quota.start, resource, period, hard,
           quota.limit_micros);
  if (db.changes() > 0) return false;
  db.prepare(
        "INSERT INTO billing_quota_violation (tenant_id, window_start_us, resource, period,"
        " hard, limit_micros, asked_micros, used_micros, reserved_micros, times, first_us,"
        " last_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        store::Scope::owner)
      .run(db.tenant(), quota.start, resource, period, hard, quota.limit_micros,
           violation.asked_micros, quota.used_micros, quota.reserved_micros, violation.times,
           violation.first, violation.last);
  return true;
}

std::vector<QuotaViolation> quota_violations(store::Store& store, TimeUs since) {
  auto rows = store.db().prepare(
      "SELECT resource, period, hard, limit_micros, window_start_us, used_micros,"
      " reserved_micros, asked_micros, times, first_us, last_us"
      " FROM my_billing_quota_violation WHERE last_us >= ?"
      " ORDER BY billing_quota_violation_id");
  rows.with(since);
  std::vector<QuotaViolation> all;
  while (rows.step())
    all.push_back({store.tenant_name(),
                   {static_cast<QuotaResource>(rows.integer(0)),
                    static_cast<QuotaPeriod>(rows.integer(1)), rows.integer(2) != 0,
                    rows.integer(3), rows.integer(4), rows.integer(5), rows.integer(6)},
                   rows.integer(7),
                   rows.integer(8),
                   rows.integer(9),
                   rows.integer(10)});
  return all;
}

}  // namespace hart::bill
