#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "store/store.h"

namespace hart::test {

/// What SQLite would do for `sql` beyond following an index from a driving row `k`: read a
/// whole table, or build one. Empty when nothing.
inline std::string scans_in_plan(store::Store& store, const std::string& sql) {
  std::string found;
  // The plan is the same in any scope; json_each declares itself as a table, which a tenant's
  // may not.
  auto plan = store.db().prepare("EXPLAIN QUERY PLAN " + sql, store::Scope::owner);
  std::set<std::string> listed{"k"};
  while (plan.step()) {
    const std::string step{plan.text(3)};
    // How a co-routine comes by its rows stands in the plan as well.
    if (step.starts_with("CO-ROUTINE ")) listed.insert(step.substr(11));
    const bool reads_all =
        step.starts_with("SCAN ") && !listed.contains(step.substr(5, step.find(' ', 5) - 5));
    if (reads_all || step.starts_with("MATERIALIZE") || step.find("AUTOMATIC") != step.npos)
      found += sql + ": " + step + "\n";
  }
  return found;
}

/// The columns by which a row of the view `my_NAME` is found: the primary key of the table
/// NAME, or tenant_NAME, without the tenant. Empty for a view of no such table.
inline std::vector<std::string> key_of_view(store::Store& store, const std::string& view) {
  const std::string name = view.substr(3);
  auto columns = store.db().prepare(
      "SELECT c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c"
      " WHERE t.type = 'table' AND t.name IN (?1, 'tenant_' || ?1) AND c.pk > 0"
      "  AND c.name <> 'tenant_id'"
      "  AND c.name IN (SELECT name FROM pragma_table_info(?2)) ORDER BY t.name <> ?1, c.pk",
      store::Scope::owner);
  columns.with(name, view);
  std::vector<std::string> key;
  while (columns.step()) key.emplace_back(columns.text(0));
  return key;
}

/// Looks rows of every scoped view of the store up by their key, alone and for the rows of
/// another table, and for a LEFT JOIN where the view is not one of `joining`, on which SQLite
/// would build the whole of a view that joins. Returns what reads more than it has to.
inline std::string scans_of_scoped_views(store::Store& store,
                                         const std::vector<std::string>& joining) {
  std::vector<std::string> views;
  auto names = store.db().prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'my\\_%' ESCAPE '\\'",
      store::Scope::owner);
  while (names.step()) views.emplace_back(names.text(0));
  std::string found;
  for (const std::string& view : views) {
    std::string alone, joined;
    for (const std::string& column : key_of_view(store, view)) {
      alone += (alone.empty() ? " WHERE v." : " AND v.") + column + " = ?";
      joined += (joined.empty() ? " ON v." : " AND v.") + column + " = k.value";
    }
    if (alone.empty()) continue;
    found += scans_in_plan(store, "SELECT * FROM " + view + " AS v" + alone);
    const std::string driven = "SELECT * FROM json_each(?) AS k";
    found += scans_in_plan(store, driven + " JOIN " + view + " AS v" + joined);
    if (std::find(joining.begin(), joining.end(), view) == joining.end())
      found += scans_in_plan(store, driven + " LEFT JOIN " + view + " AS v" + joined);
  }
  return found;
}

}  // namespace hart::test
