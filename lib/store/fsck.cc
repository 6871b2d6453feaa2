#include "store/fsck.h"

#include <optional>

#include "core/error.h"
#include "store/fsck_report.h"
#include "store/lock.h"
#include "store/packs.h"
#include "store/payload_key.h"

namespace hart::store {
namespace {

void check_all(FsckReport& report) {
  report.part([&] { check_catalog(report); });
  report.part([&] { check_packs(report); });
  report.part([&] { check_places(report); });
  report.part([&] { check_extents(report); });
  report.part([&] { check_atoms(report); });
  report.part([&] { check_payloads(report); });
  report.part([&] { check_geometry(report); });
  report.part([&] { check_holders(report); });
  report.part([&] { check_history(report); });
  report.part([&] { check_relations(report); });
}

/// How long the check of the full text waits for its turn among the writers.
constexpr int kTextTimeoutMs = 30'000;

/// Rolls back: the check of the full text writes nothing, but SQLite takes it for a write.
class TextTransaction {
 public:
  explicit TextTransaction(Store& store) : db_{store.db()} {
    if (store.writable()) lock_.emplace(store.directory() + "/lock", kTextTimeoutMs);
    db_.exec(store.writable() ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  ~TextTransaction() {
    try {
      if (db_.in_transaction()) db_.exec("ROLLBACK");
    } catch (const std::exception&) {
      // Closing the connection rolls back as well.
    }
  }
  TextTransaction(const TextTransaction&) = delete;
  TextTransaction& operator=(const TextTransaction&) = delete;

 private:
  std::optional<WriterLock> lock_;
  Connection& db_;
};

void check_only(FsckReport& report) {
  {
    const Snapshot snapshot{report.db()};
    check_all(report);
  }
  const TextTransaction transaction{report.store()};
  report.part([&] { check_text(report); });
}

/// Nobody writes between the check and the repair.
void check_and_repair(FsckReport& report) {
  std::optional<WriteTransaction> transaction;
  try {
    transaction.emplace(report.store());
  } catch (const Error& error) {
    // The newest pack is missing or too short: nothing can be written to this store.
    if (error.fault() != Fault::data) throw;
    check_only(report);
    return report.tell({});
  }
  check_all(report);
  report.part([&] { check_text(report); });
  const std::set<Repair> done = make_repairs(report);
  transaction->commit();
  report.tell(done);
}

}  // namespace

void check_catalog(FsckReport& report) {
  Statement integrity = report.db().prepare(
      report.options().quick ? "PRAGMA quick_check(100)" : "PRAGMA integrity_check(100)",
      Scope::owner);
  while (integrity.step())
    if (integrity.text(0) != "ok") report.find(std::string{integrity.text(0)}, "catalog");
  Statement references = report.db().prepare("PRAGMA foreign_key_check", Scope::owner);
  while (references.step())
    report.find("refers to a missing row of " + std::string{references.text(2)},
                "catalog, table " + std::string{references.text(0)} + ", row " +
                    std::string{references.text(1)});
}

FsckTotals fsck(Store& store, const FsckOptions& options, const FindingVisitor& visit) {
  // Without the key nothing is decoded, and no damage is to be told for that.
  if (!options.quick && store.packs().seal() != nullptr)
    static_cast<void>(store.packs().seal()->key());
  FsckReport report{store, options, visit};
  if (options.repair) {
    check_and_repair(report);
  } else {
    check_only(report);
  }
  return report.totals;
}

}  // namespace hart::store
