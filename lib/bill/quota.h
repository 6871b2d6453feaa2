#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "store/store.h"

namespace hart::bill {

/// What a quota limits.
enum class QuotaResource : int { tokens = 0, requests = 1, money = 2, bytes = 3 };
inline constexpr int kQuotaResources = 4;
[[nodiscard]] std::string_view quota_resource_name(QuotaResource resource) noexcept;
[[nodiscard]] std::optional<QuotaResource> find_quota_resource(std::string_view name) noexcept;

/// How long a window of a quota is; each begins at a full minute, day or month in UTC.
enum class QuotaPeriod : int { minute = 0, day = 1, month = 2 };
[[nodiscard]] std::string_view quota_period_name(QuotaPeriod period) noexcept;
[[nodiscard]] std::optional<QuotaPeriod> find_quota_period(std::string_view name) noexcept;

/// The first instant of the window that `time` lies in, and that of the next window.
[[nodiscard]] TimeUs window_start(QuotaPeriod period, TimeUs time) noexcept;
[[nodiscard]] TimeUs window_end(QuotaPeriod period, TimeUs time) noexcept;

/// An amount of each resource, × 10^6.
struct QuotaAmounts {
  std::array<std::int64_t, kQuotaResources> micros{};

  [[nodiscard]] std::int64_t of(QuotaResource resource) const noexcept {
    return micros[static_cast<std::size_t>(resource)];
  }
};
/// What a use counts as: units are tokens or bytes where the unit is "token" or "byte", and
/// requests where it is "query" or "request"; any other use is one request. A correction, of
/// fewer than 0 units, is none.
[[nodiscard]] QuotaAmounts quota_amounts(std::string_view unit, std::int64_t units_micros,
                                         std::int64_t money_micros) noexcept;

/// A limit of a tenant's, and what counts against it in the window at hand. A use counts in the
/// window in which it was reserved, and in that of its time when nobody reserved it.
struct Quota {
  QuotaResource resource{};
  QuotaPeriod period{};
  bool hard = true;  ///< refuses; else what goes beyond is recorded
  std::int64_t limit_micros = 0;
  TimeUs start = 0;  ///< of the window
  std::int64_t used_micros = 0;
  std::int64_t reserved_micros = 0;  ///< by uses that are under way; for a hard one only

  /// Whether `more_micros` fit; nothing at all fits always.
  [[nodiscard]] bool has_room(std::int64_t more_micros) const noexcept;
  /// Begins a new window when `now` lies after this one.
  void roll(TimeUs now) noexcept;
};

/// The acting tenant's quotas as of now.
[[nodiscard]] std::vector<Quota> quotas(store::Store& store);

/// Sets a limit, not below 0, or takes it away (nothing). A new one of a day or a month counts
/// what the ledger has of the window already. Opens a WriteTransaction, leaves an entry in the
/// audit log. Returns false, and changes nothing, when it stood there so.
bool set_quota(store::Store& store, QuotaResource resource, QuotaPeriod period, bool hard,
               std::optional<std::int64_t> limit_micros);

/// The limits of one tenant and what was used of them, read again and again.
class QuotaCounters {
 public:
  /// Counts hard quotas only, or all. `db` must outlive it.
  QuotaCounters(store::Connection& db, std::int64_t tenant_id, bool hard_only);

  /// Reads what was used in the windows of `now`; of what is set aside it knows nothing.
  void load(TimeUs now);
  [[nodiscard]] std::vector<Quota>& quotas() noexcept { return quotas_; }
  /// Inside a write transaction that began before `load`.
  void store(const Quota& quota);

 private:
  store::Connection& db_;
  std::int64_t tenant_id_;
  store::Statement select_;
  std::optional<store::Statement> update_;  ///< prepared for a tenant that has quotas
  std::vector<Quota> quotas_;
};

}  // namespace hart::bill
