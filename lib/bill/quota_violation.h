#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bill/quota.h"
#include "core/json.h"

namespace hart::bill {

/// What went, or would have gone, beyond a limit in one window of it.
struct QuotaViolation {
  std::string tenant;
  /// As it stood at the first time.
  Quota quota;
  std::int64_t asked_micros = 0;  ///< by the use that was the first
  std::int64_t times = 0;         ///< uses that were refused or went beyond
  TimeUs first = 0;
  TimeUs last = 0;
};

/// As hart-jsonl(5) says.
[[nodiscard]] Json quota_violation_json(const QuotaViolation& violation);

/// Records a violation by the tenant that `db` acts as, inside its write transaction: one that
/// the window has already gets its `times` and `last` alone. Returns whether it is the first of
/// its window.
[[nodiscard]] bool record_violation(store::Connection& db, const QuotaViolation& violation);

/// The acting tenant's violations whose last time is not before `since`, oldest first.
[[nodiscard]] std::vector<QuotaViolation> quota_violations(store::Store& store, TimeUs since);

/// The command that hears of each violation once: the file `quota-hook` of the store, a JSON
/// array of the program's absolute path and its arguments. Nothing takes the command away. It
/// is no part of the catalog, so that no backup, restored by others, brings a command along.
/// Throws as `check_quota_hook` does.
void set_quota_hook(const std::string& directory, const std::vector<std::string>& command);

/// Throws Error(data) for a path that is not absolute, and Error(no_input) where there is no
/// program that can be run.
void check_quota_hook(const std::vector<std::string>& command);

/// The store's command, empty for none. Throws Error(denied) when the file does not belong to
/// who runs this process or others may write it, Error(data) when it says something else.
[[nodiscard]] std::vector<std::string> quota_hook(const std::string& directory);

/// Starts the store's command for each violation, without a shell, with the violation as one
/// line of JSON on its standard input and nothing of this process but PATH=/usr/bin:/bin; does
/// not wait for it. What fails stays in the table all the same.
void call_quota_hook(const std::string& directory,
                     const std::vector<QuotaViolation>& violations) noexcept;

}  // namespace hart::bill
