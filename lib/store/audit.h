#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/clock.h"
#include "store/store.h"

namespace hart::store {

/// The log of what was administered and of what was refused: rows are only ever added.
struct AuditEntry {
  TimeUs time = 0;
  std::optional<std::string> tenant;  ///< whom it concerns; none for the store as a whole
  std::string actor;                  ///< "uid 1000" or "key 0a1b2c3d4e5f"
  std::string command;                ///< "hart-bill key issue"
  bool refused = false;
  std::string detail;  ///< what was done, or why not
};

/// Adds an act of the store's own actor, concerning the acting tenant, to the transaction that
/// does it. Call inside a WriteTransaction.
void record_act(Store& store, const std::string& command, const std::string& detail);

/// Adds an entry as it stands, by the store's clock if it has no time. For what acts on a
/// catalog that no Store can open. Inside a write transaction.
void record_act(Connection& db, AuditEntry entry);

/// The acting tenant's act in a WriteTransaction of its own, for acts that take several.
void record_lone_act(Store& store, const std::string& command, const std::string& detail);

/// Refuses what the acting tenant asked for: throws Error(denied) with `why`. The audit log
/// tells of it at once, or when the WriteTransaction that is open has ended.
[[noreturn]] void refuse(Store& store, const std::string& why);

/// Adds a refusal, by itself, to the store in `directory`. Never throws: where it cannot be
/// written the refusal stands all the same. Takes at most 60 a minute, so that whoever is
/// refused cannot fill the disk; what comes beyond is not recorded.
void record_refusal(const std::string& directory, const AuditEntry& entry) noexcept;

/// All entries, of every tenant, that are not older than `since`, oldest first: for the store's
/// owner.
void for_each_audit_entry(Store& store, std::optional<TimeUs> since,
                          const std::function<void(const AuditEntry&)>& visit);

}  // namespace hart::store
