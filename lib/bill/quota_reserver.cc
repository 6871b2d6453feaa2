#include "bill/quota_reserver.h"

#include <algorithm>
#include <limits>

#include "bill/exact.h"
#include "bill/quota_reservations.h"
#include "core/decimal.h"
#include "core/error.h"
#include "store/lock.h"

namespace hart::bill {
namespace {

/// As long as a store waits by default.
constexpr int kQuotaWaitMs = 30'000;

/// Of an amount that leaves int64 the nearest that does not.
std::int64_t saturated(Wide value) noexcept {
  return static_cast<std::int64_t>(std::clamp(value,
                                              Wide{std::numeric_limits<std::int64_t>::min()},
                                              Wide{std::numeric_limits<std::int64_t>::max()}));
}

std::string refusal(const std::string& tenant, const Quota& quota, std::int64_t asked) {
  const auto amount = [](std::int64_t micros) {
    return format_decimal_short(micros, kMicroPlaces);
  };
  const std::string what{quota_resource_name(quota.resource)};
  return "tenant " + tenant + " may use " + amount(quota.limit_micros) + " " + what + " a " +
         std::string{quota_period_name(quota.period)} + ": " + amount(quota.used_micros) +
         " are used, " + amount(quota.reserved_micros) + " set aside, and " + amount(asked) +
         " more were asked for; the next window begins at " +
         format_time(window_end(quota.period, quota.start));
}

}  // namespace

struct QuotaReserver::Impl {
  explicit Impl(store::Store& store)
      : tenant{store.tenant_name()},
        tenant_id{store.tenant_id()},
        directory{store.directory()},
        reservations{directory},
        db{directory + "/hart.db", store::Connection::Mode::read_write, kQuotaWaitMs},
        counters{db, tenant_id, true} {
    db.set_tenant(tenant_id);
  }

  /// What was set aside, or nothing where there is no room: then `full` says why.
  std::optional<QuotaReservation> try_to_reserve(const QuotaAmounts& amounts, bool again) {
    QuotaReservations::Locked file{reservations};
    if (again) file.drop_the_dead();
    const TimeUs now = now_us();
    counters.load(now);
    // A clock that was set back is not followed: windows never go back either.
    TimeUs time = now;
    bool counted = false;
    for (Quota& quota : counters.quotas()) {
      const std::int64_t more = amounts.of(quota.resource);
      if (more <= 0) continue;
      quota.reserved_micros =
          sum_reserved(file.slots(), tenant_id, quota.resource, quota.start);
      if (!quota.has_room(more)) {
        full = quota;
        return std::nullopt;
      }
      time = std::max(time, quota.start);
      counted = true;
    }
    if (!counted) return QuotaReservation{};
    const QuotaReservation reservation{window_start(QuotaPeriod::minute, time), amounts};
    file.add(tenant_id, reservation.minute, amounts);
    return reservation;
  }

  /// Inside the store's writer lock. Waits for no disk: the answer is no in any case.
  void record_refusal(const QuotaViolation& violation, std::vector<QuotaViolation>& fresh) {
    db.exec("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE");
    try {
      if (record_violation(db, violation)) fresh.push_back(violation);
      db.exec("COMMIT");
    } catch (...) {
      if (db.in_transaction()) db.exec("ROLLBACK");
      throw;
    }
  }

  std::string tenant;
  std::int64_t tenant_id;
  std::string directory;
  QuotaReservations reservations;
  store::Connection db;
  QuotaCounters counters;
  Quota full;
};

QuotaReserver::QuotaReserver(store::Store& store) : impl_{std::make_unique<Impl>(store)} {}
QuotaReserver::~QuotaReserver() = default;

QuotaReservation QuotaReserver::reserve(const QuotaAmounts& amounts, bool tentative) {
  Impl& impl = *impl_;
  if (const auto reserved = impl.try_to_reserve(amounts, false)) return *reserved;
  std::vector<QuotaViolation> fresh;
  {
    const store::WriterLock lock{impl.directory + "/lock", kQuotaWaitMs};
    if (const auto reserved = impl.try_to_reserve(amounts, true)) return *reserved;
    const TimeUs now = now_us();
    if (!tentative)
      impl.record_refusal({impl.tenant, impl.full, amounts.of(impl.full.resource), 1, now, now},
                          fresh);
  }
  call_quota_hook(impl.directory, fresh);
  throw Error{Fault::denied, refusal(impl.tenant, impl.full, amounts.of(impl.full.resource))};
}

void QuotaReserver::release(std::span<const QuotaReservation> reservations) {
  if (std::ranges::all_of(reservations, [](const auto& one) { return one.minute == 0; }))
    return;
  QuotaReservations::Locked file{impl_->reservations};
  for (const QuotaReservation& one : reservations)
    if (one.minute != 0) file.take(impl_->tenant_id, one.minute, one.amounts);
}

QuotaCount::QuotaCount(store::Store& store, TimeUs now)
    : store_{store}, now_{now}, counters_{store.db(), store.tenant_id(), false} {
  counters_.load(now);
}

void QuotaCount::add(const QuotaAmounts& used, TimeUs time) {
  for (std::size_t i = 0; i < counters_.quotas().size(); ++i) {
    Quota& quota = counters_.quotas()[i];
    const std::int64_t amount = used.of(quota.resource);
    if (amount == 0 || window_start(quota.period, time) < quota.start) continue;
    if (amount > 0 && Wide{quota.used_micros} + amount > quota.limit_micros) {
      const auto [entry, first] = over_.try_emplace(
          i, QuotaViolation{store_.tenant_name(), quota, amount, 0, now_, now_});
      ++entry->second.times;
    }
    quota.used_micros = saturated(Wide{quota.used_micros} + amount);
    changed_ = true;
  }
}

void QuotaCount::write() {
  if (!changed_) return;
  for (const Quota& quota : counters_.quotas()) counters_.store(quota);
  for (const auto& [place, violation] : over_)
    if (record_violation(store_.db(), violation)) fresh_.push_back(violation);
  over_.clear();
}

void QuotaCount::call_hook() noexcept {
  call_quota_hook(store_.directory(), fresh_);
  fresh_.clear();
}

}  // namespace hart::bill
