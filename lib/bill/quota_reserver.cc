#include "bill/quota_reserver.h"

#include <algorithm>
#include <limits>

#include "bill/exact.h"
#include "bill/quota_holder.h"
#include "core/decimal.h"
#include "core/error.h"
#include "store/lock.h"

namespace hart::bill {
namespace {

/// As long as a store waits by default.
constexpr int kQuotaWaitMs = 30'000;

/// The log is copied into the catalog by those who write to the ledger, and wait for the disk
/// anyway, unless they leave it this long.
constexpr int kCheckpointPages = 8'000;

/// A transaction that writes nothing but reservations.
class ReservingTransaction {
 public:
  ReservingTransaction(store::Connection& db, const std::string& directory)
      : lock_{directory + "/lock", kQuotaWaitMs}, db_{db} {
    db_.exec("BEGIN IMMEDIATE");
  }
  ~ReservingTransaction() {
    if (!db_.in_transaction()) return;
    try {
      db_.exec("ROLLBACK");
    } catch (const Error&) {
      // Closing the connection rolls back as well.
    }
  }
  ReservingTransaction(const ReservingTransaction&) = delete;
  ReservingTransaction& operator=(const ReservingTransaction&) = delete;

  void commit() { db_.exec("COMMIT"); }

 private:
  store::WriterLock lock_;
  store::Connection& db_;
};

bool counts(const Quota& quota, TimeUs time) noexcept {
  return window_start(quota.period, time) >= quota.start;
}

/// Takes what a reservation set aside out of the counters.
void give_back(Quota& quota, const QuotaReservation& reservation) noexcept {
  if (!quota.hard || !counts(quota, reservation.reserved)) return;
  quota.reserved_micros =
      std::max<std::int64_t>(0, quota.reserved_micros - reservation.amounts.of(quota.resource));
}

constexpr const char* kDropReservation =
    "DELETE FROM billing_quota_reservation"
    " WHERE billing_quota_reservation_id = ? AND holder = ?";

/// Of an amount that leaves int64 the nearest that does not.
std::int64_t saturated(Wide value) noexcept {
  return static_cast<std::int64_t>(std::clamp(value,
                                              Wide{std::numeric_limits<std::int64_t>::min()},
                                              Wide{std::numeric_limits<std::int64_t>::max()}));
}

}  // namespace

struct QuotaReserver::Impl {
  explicit Impl(store::Store& store)
      : tenant{store.tenant_name()},
        tenant_id{store.tenant_id()},
        directory{store.directory()},
        holder{directory},
        db{directory + "/hart.db", store::Connection::Mode::read_write, kQuotaWaitMs} {
    db.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = " +
            std::to_string(kCheckpointPages));
    db.set_tenant(tenant_id);
    counters.emplace(db, tenant_id, true);
    insert.emplace(db.prepare(
        "INSERT INTO billing_quota_reservation (tenant_id, holder, reserved_us, tokens_micros,"
        " requests_micros, money_micros, bytes_micros) VALUES (?, ?, ?, ?, ?, ?, ?)",
        store::Scope::owner));
    drop.emplace(db.prepare(kDropReservation, store::Scope::owner));
  }

  [[nodiscard]] Quota* first_without_room(const QuotaAmounts& amounts) {
    for (Quota& quota : counters->quotas())
      if (!quota.has_room(amounts.of(quota.resource))) return &quota;
    return nullptr;
  }

  /// Takes away what processes that died had set aside. Whether there was any.
  bool drop_the_dead() {
    auto rows = db.prepare(
        "SELECT billing_quota_reservation_id, holder, reserved_us, tokens_micros,"
        " requests_micros, money_micros, bytes_micros FROM my_billing_quota_reservation");
    std::vector<QuotaReservation> dead;
    while (rows.step())
      if (!holder.lives(rows.integer(1)))
        dead.push_back(
            {rows.integer(0),
             rows.integer(1),
             rows.integer(2),
             {{rows.integer(3), rows.integer(4), rows.integer(5), rows.integer(6)}}});
    for (const QuotaReservation& reservation : dead) {
      drop->run(reservation.billing_quota_reservation_id, reservation.holder);
      for (Quota& quota : counters->quotas()) give_back(quota, reservation);
    }
    if (dead.empty()) return false;
    for (const Quota& quota : counters->quotas()) counters->store(quota);
    return true;
  }

  std::string tenant;
  std::int64_t tenant_id;
  std::string directory;
  QuotaHolder holder;
  store::Connection db;
  std::optional<QuotaCounters> counters;
  std::optional<store::Statement> insert;
  std::optional<store::Statement> drop;
};

namespace {

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

QuotaReserver::QuotaReserver(store::Store& store) : impl_{std::make_unique<Impl>(store)} {}
QuotaReserver::~QuotaReserver() = default;

QuotaReservation QuotaReserver::reserve(const QuotaAmounts& amounts, bool tentative) {
  Impl& impl = *impl_;
  ReservingTransaction transaction{impl.db, impl.directory};
  const TimeUs now = now_us();
  impl.counters->load(now);
  Quota* full = impl.first_without_room(amounts);
  if (full != nullptr && impl.drop_the_dead()) full = impl.first_without_room(amounts);
  if (full != nullptr) {
    const std::int64_t asked = amounts.of(full->resource);
    std::vector<QuotaViolation> fresh;
    const QuotaViolation violation{impl.tenant, *full, asked, 1, now, now};
    if (!tentative && record_violation(impl.db, violation)) fresh.push_back(violation);
    transaction.commit();
    call_quota_hook(impl.directory, fresh);
    throw Error{Fault::denied, refusal(impl.tenant, *full, asked)};
  }
  QuotaReservation reservation;
  bool counted = false;
  for (Quota& quota : impl.counters->quotas()) {
    const std::int64_t more = amounts.of(quota.resource);
    if (more <= 0) continue;
    quota.reserved_micros += more;
    impl.counters->store(quota);
    counted = true;
  }
  if (!counted) return reservation;
  reservation = {0, impl.holder.number(), now, amounts};
  impl.insert->run(impl.tenant_id, reservation.holder, now, amounts.micros[0],
                   amounts.micros[1], amounts.micros[2], amounts.micros[3]);
  reservation.billing_quota_reservation_id = impl.db.last_insert_id();
  transaction.commit();
  return reservation;
}

void QuotaReserver::release(const QuotaReservation& reservation) {
  if (reservation.billing_quota_reservation_id == 0) return;
  Impl& impl = *impl_;
  ReservingTransaction transaction{impl.db, impl.directory};
  impl.drop->run(reservation.billing_quota_reservation_id, reservation.holder);
  if (impl.db.changes() == 0) return;
  impl.counters->load(now_us());
  for (Quota& quota : impl.counters->quotas()) {
    give_back(quota, reservation);
    impl.counters->store(quota);
  }
  transaction.commit();
}

QuotaCount::QuotaCount(store::Store& store, TimeUs now)
    : store_{store}, now_{now}, counters_{store.db(), store.tenant_id(), false} {
  counters_.load(now);
}

void QuotaCount::add(const QuotaAmounts& used, TimeUs time,
                     const QuotaReservation* reservation) {
  const bool reserved =
      reservation != nullptr && reservation->billing_quota_reservation_id != 0;
  bool held = false;
  if (reserved) {
    store_.db()
        .prepare(kDropReservation, store::Scope::owner)
        .run(reservation->billing_quota_reservation_id, reservation->holder);
    held = store_.db().changes() > 0;
  }
  const TimeUs counted = reserved ? reservation->reserved : time;
  for (std::size_t i = 0; i < counters_.quotas().size(); ++i) {
    Quota& quota = counters_.quotas()[i];
    if (held) give_back(quota, *reservation);
    changed_ = true;
    const std::int64_t amount = used.of(quota.resource);
    if (amount == 0 || !counts(quota, counted)) continue;
    if (amount > 0 && Wide{quota.used_micros} + amount > quota.limit_micros) {
      const auto [entry, first] = over_.try_emplace(
          i, QuotaViolation{store_.tenant_name(), quota, amount, 0, now_, now_});
      ++entry->second.times;
    }
    quota.used_micros = saturated(Wide{quota.used_micros} + amount);
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
