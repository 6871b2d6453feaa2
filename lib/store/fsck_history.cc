// The history: intervals, and the index over those of objects.

#include "store/fsck_report.h"

namespace hart::store {
namespace {

struct HistoryTable {
  const char* name;
  const char* key;  ///< three columns that tell what a row is about
  const char* from;
};
constexpr HistoryTable kHistoryTables[] = {
    {"tenant_object_history", "tenant_id, name, version", "created_us"},
    {"tenant_atom_history", "tenant_id, atom_id, modality", "valid_from_us"},
    {"tensor_importance_history", "tenant_id, model_atom_id, position", "valid_from_us"},
    {"layer_importance_history", "tenant_id, model_atom_id, layer_index", "valid_from_us"},
};

/// One thing was never two at a time.
void check_intervals(FsckReport& report, const HistoryTable& table) {
  const std::string key{table.key};
  Statement rows =
      report.db().prepare("SELECT " + key + ", " + table.from + ", valid_to_us FROM " +
                              table.name + " ORDER BY " + key + ", valid_to_us",
                          Scope::owner);
  std::string previous;
  std::int64_t ended = 0;
  while (rows.step()) {
    const std::string subject = std::string{rows.text(0)} + ", " + std::string{rows.text(1)} +
                                ", " + std::string{rows.text(2)};
    const std::int64_t from = rows.integer(3);
    const std::int64_t to = rows.integer(4);
    const std::string where = std::string{table.name} + " (" + key + " = " + subject + ")";
    if (from > to) {
      report.find("an interval ends before it begins", where);
    } else if (subject == previous && from < ended) {
      report.find("two intervals overlap", where);
    }
    previous = subject;
    ended = to;
  }
}

void check_period(FsckReport& report) {
  // As the trigger that keeps it has them.
  Statement wrong = report.db().prepare(
      "SELECT h.history_id FROM tenant_object_history AS h"
      " LEFT JOIN tenant_object_period AS p ON p.history_id = h.history_id"
      " WHERE p.first IS NOT h.created_us / 1000000 - 1577836800"
      " OR p.last IS NOT h.valid_to_us / 1000000 - 1577836799"
      " OR p.tenant_first IS NOT h.tenant_id OR p.tenant_last IS NOT h.tenant_id + 1",
      Scope::owner);
  while (wrong.step())
    report.find("does not have the interval of its history row",
                "tenant_object_period " + std::to_string(wrong.integer(0)), Repair::period);
  Statement stray = report.db().prepare(
      "SELECT p.history_id FROM tenant_object_period AS p WHERE NOT EXISTS"
      " (SELECT 1 FROM tenant_object_history AS h WHERE h.history_id = p.history_id)",
      Scope::owner);
  while (stray.step())
    report.find("is of no history row",
                "tenant_object_period " + std::to_string(stray.integer(0)), Repair::period);
}

}  // namespace

void check_history(FsckReport& report) {
  for (const HistoryTable& table : kHistoryTables) check_intervals(report, table);
  check_period(report);
}

}  // namespace hart::store
