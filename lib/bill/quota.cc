#include "bill/quota.h"

#include <algorithm>
#include <chrono>

#include "bill/exact.h"
#include "bill/quota_reservations.h"
#include "core/decimal.h"
#include "core/error.h"
#include "store/audit.h"

namespace hart::bill {
namespace {

constexpr std::array<std::string_view, kQuotaResources> kResourceNames{"tokens", "requests",
                                                                       "money", "bytes"};
constexpr std::array<std::string_view, 3> kPeriodNames{"minute", "day", "month"};
constexpr TimeUs kQuotaMinuteUs = 60'000'000;
constexpr TimeUs kQuotaDayUs = 86'400'000'000;
constexpr std::int64_t kOneMicros = 1'000'000;

constexpr const char* kQuotaColumns =
    "SELECT resource, period, hard, limit_micros, window_start_us, used_micros FROM ";

template <typename Enum, std::size_t kCount>
std::optional<Enum> find_name(const std::array<std::string_view, kCount>& names,
                              std::string_view name) noexcept {
  for (std::size_t i = 0; i < kCount; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

TimeUs month_start(TimeUs time, int months_later) noexcept {
  using namespace std::chrono;
  const year_month_day date{floor<days>(sys_time<microseconds>{microseconds{time}})};
  const sys_days first{(date.year() / date.month() + months{months_later}) / day{1}};
  return duration_cast<microseconds>(first.time_since_epoch()).count();
}

Quota read_quota(const store::Statement& row) {
  return {static_cast<QuotaResource>(row.integer(0)),
          static_cast<QuotaPeriod>(row.integer(1)),
          row.integer(2) != 0,
          row.integer(3),
          row.integer(4),
          row.integer(5),
          0};
}

/// Whether units are requests, so that a use may be several.
bool counts_requests(std::string_view unit) noexcept {
  return unit == "query" || unit == "request";
}

/// What the ledger has of a resource since the beginning of a day or month, by the totals of
/// its hours.
std::int64_t used_since(store::Store& store, QuotaResource resource, TimeUs start) {
  auto sums = store.db().prepare(
      "SELECT p.unit, SUM(r.events), SUM(r.units_micros), SUM(r.amount_micros)"
      " FROM my_billing_usage_rollup AS r JOIN my_billing_price AS p USING (billing_price_id)"
      " WHERE r.hour_us >= ? GROUP BY p.unit");
  sums.with(start);
  std::int64_t used = 0;
  while (sums.step()) {
    QuotaAmounts amounts = quota_amounts(sums.text(0), sums.integer(2), sums.integer(3));
    if (!counts_requests(sums.text(0)))
      amounts.micros[static_cast<std::size_t>(QuotaResource::requests)] =
          sums.integer(1) * kOneMicros;
    used = add_decimals(used, amounts.of(resource), "quota");
  }
  return used;
}

}  // namespace

std::string_view quota_resource_name(QuotaResource resource) noexcept {
  return kResourceNames[static_cast<std::size_t>(resource)];
}
std::optional<QuotaResource> find_quota_resource(std::string_view name) noexcept {
  return find_name<QuotaResource>(kResourceNames, name);
}
std::string_view quota_period_name(QuotaPeriod period) noexcept {
  return kPeriodNames[static_cast<std::size_t>(period)];
}
std::optional<QuotaPeriod> find_quota_period(std::string_view name) noexcept {
  return find_name<QuotaPeriod>(kPeriodNames, name);
}

TimeUs window_start(QuotaPeriod period, TimeUs time) noexcept {
  if (period == QuotaPeriod::month) return month_start(time, 0);
  return time - time % (period == QuotaPeriod::minute ? kQuotaMinuteUs : kQuotaDayUs);
}

TimeUs window_end(QuotaPeriod period, TimeUs time) noexcept {
  if (period == QuotaPeriod::month) return month_start(time, 1);
  return window_start(period, time) +
         (period == QuotaPeriod::minute ? kQuotaMinuteUs : kQuotaDayUs);
}

QuotaAmounts quota_amounts(std::string_view unit, std::int64_t units_micros,
                           std::int64_t money_micros) noexcept {
  const std::int64_t requests = counts_requests(unit) ? units_micros
                                : units_micros < 0    ? 0
                                                      : kOneMicros;
  return {{unit == "token" ? units_micros : 0, requests, money_micros,
           unit == "byte" ? units_micros : 0}};
}

bool Quota::has_room(std::int64_t more_micros) const noexcept {
  return more_micros <= 0 || Wide{used_micros} + reserved_micros + more_micros <= limit_micros;
}

void Quota::roll(TimeUs now) noexcept {
  const TimeUs current = window_start(period, now);
  if (current <= start) return;
  start = current;
  used_micros = reserved_micros = 0;
}

std::vector<Quota> quotas(store::Store& store) {
  auto rows = store.db().prepare(std::string{kQuotaColumns} +
                                 "my_billing_quota ORDER BY resource, period, hard DESC");
  const TimeUs now = now_us();
  std::vector<Quota> all;
  bool any_hard = false;
  while (rows.step()) {
    all.emplace_back(read_quota(rows)).roll(now);
    any_hard = any_hard || all.back().hard;
  }
  if (!any_hard) return all;
  const std::vector<ReservedSlot> slots = living_reservations(store.directory());
  for (Quota& quota : all)
    if (quota.hard)
      quota.reserved_micros =
          sum_reserved(slots, store.tenant_id(), quota.resource, quota.start);
  return all;
}

bool set_quota(store::Store& store, QuotaResource resource, QuotaPeriod period, bool hard,
               std::optional<std::int64_t> limit_micros) {
  if (limit_micros && *limit_micros < 0)
    throw Error{Fault::data, "a quota's limit is not below 0"};
  store::WriteTransaction transaction{store};
  const std::vector<Quota> before = quotas(store);
  const auto old = std::find_if(before.begin(), before.end(), [&](const Quota& quota) {
    return quota.resource == resource && quota.period == period && quota.hard == hard;
  });
  const bool stood = old != before.end();
  if (stood == limit_micros.has_value() && (!stood || old->limit_micros == *limit_micros))
    return false;
  const TimeUs start = window_start(period, now_us());
  if (!limit_micros) {
    store.db()
        .prepare(
            "DELETE FROM billing_quota"
            " WHERE tenant_id = ? AND resource = ? AND period = ? AND hard = ?",
            store::Scope::owner)
        .run(store.tenant_id(), static_cast<int>(resource), static_cast<int>(period),
             hard ? 1 : 0);
  } else {
    const bool minute = period == QuotaPeriod::minute;
    store.db()
        .prepare(
            "INSERT INTO billing_quota VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET limit_micros = excluded.limit_micros",
            store::Scope::owner)
        .run(store.tenant_id(), static_cast<int>(resource), static_cast<int>(period),
             hard ? 1 : 0, *limit_micros, start,
             stood || minute ? 0 : used_since(store, resource, start));
  }
  const std::string limit =
      limit_micros ? format_decimal_short(*limit_micros, kMicroPlaces) : "none";
  store::record_act(store, "hart-bill quota set",
                    std::string{quota_resource_name(resource)} + " " + limit + " a " +
                        std::string{quota_period_name(period)} + (hard ? "" : ", soft"));
  transaction.commit();
  return true;
}

QuotaCounters::QuotaCounters(store::Connection& db, std::int64_t tenant_id, bool hard_only)
    : db_{db},
      tenant_id_{tenant_id},
      select_{db.prepare(std::string{kQuotaColumns} + "billing_quota WHERE tenant_id = ?" +
                             (hard_only ? " AND hard = 1" : ""),
                         store::Scope::owner)} {}

void QuotaCounters::load(TimeUs now) {
  quotas_.clear();
  select_.with(tenant_id_);
  while (select_.step()) quotas_.emplace_back(read_quota(select_)).roll(now);
  select_.reset();
}

void QuotaCounters::store(const Quota& quota) {
  if (!update_)
    update_.emplace(
        db_.prepare("UPDATE billing_quota SET window_start_us = ?, used_micros = ?"
                    " WHERE tenant_id = ? AND resource = ? AND period = ? AND hard = ?",
                    store::Scope::owner));
  update_->run(quota.start, quota.used_micros, tenant_id_, static_cast<int>(quota.resource),
               static_cast<int>(quota.period), quota.hard ? 1 : 0);
}

}  // namespace hart::bill
