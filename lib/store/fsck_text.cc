// The full text of each tenant's passages.

#include "core/error.h"
#include "store/catalog.h"
#include "store/fsck_report.h"
#include "store/tenant.h"
#include "store/text_index.h"

namespace hart::store {
namespace {

constexpr std::string_view kPrefix = "text_fts_";

std::vector<std::int64_t> indexed_tenants(Connection& db) {
  Statement tables = db.prepare(
      "SELECT t.tenant_id FROM tenant AS t JOIN sqlite_schema AS s"
      " ON s.type = 'table' AND s.name = 'text_fts_' || t.tenant_id ORDER BY 1",
      Scope::owner);
  std::vector<std::int64_t> tenants;
  while (tables.step()) tenants.push_back(tables.integer(0));
  return tenants;
}

/// FTS5 checks its own structure when asked by an insert that inserts nothing.
void check_index(FsckReport& report, const std::string& table, const std::string& where,
                 std::int64_t tenant_id) {
  try {
    report.db().exec("INSERT INTO " + table + " (" + table + ") VALUES ('integrity-check')");
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    report.broken_texts.insert(tenant_id);
    report.find("the full text does not fit together", where, Repair::text);
  }
}

void check_rows(FsckReport& report, const std::string& table, const std::string& where,
                std::int64_t tenant_id) {
  Statement stray = report.db().prepare(
      "SELECT COUNT(*) FROM " + table +
          "_docsize AS d WHERE NOT EXISTS"
          " (SELECT 1 FROM tenant_atom AS h WHERE h.tenant_id = ? AND h.atom_id = d.id"
          "  AND h.access_level <> 'none')",
      Scope::owner);
  stray.with(tenant_id).step();
  if (stray.integer(0) == 0) return;
  report.broken_texts.insert(tenant_id);
  report.find("the full text has " + std::to_string(stray.integer(0)) +
                  " passages that the tenant does not hold or see",
              where, Repair::text);
}

}  // namespace

void check_text(FsckReport& report) {
  for (const std::int64_t tenant_id : indexed_tenants(report.db())) {
    const std::string table = std::string{kPrefix} + std::to_string(tenant_id);
    const std::string where = tenant_label(report.db(), tenant_id);
    check_rows(report, table, where, tenant_id);
    if (report.store().writable()) check_index(report, table, where, tenant_id);
  }
}

void reindex_text(Store& store, std::int64_t tenant_id) {
  Connection& db = store.db();
  const ActingTenant acting{db, tenant_id};
  db.exec("DROP TABLE IF EXISTS " + std::string{kPrefix} + std::to_string(tenant_id));
  std::vector<std::int64_t> passages;
  {
    // A passage is a paragraph: kind 4 of hart-store(5).
    Statement held = db.prepare(
        "SELECT DISTINCT a.atom_id FROM my_tenant_atom AS h JOIN my_atom AS a"
        " ON a.atom_id = h.atom_id WHERE h.modality = 3 AND a.form = 1"
        " AND a.space = 1 AND substr(a.value, 1, 1) = x'04' ORDER BY 1");
    while (held.step()) passages.push_back(held.integer(0));
  }
  TextIndexWriter index{store};
  for (const std::int64_t atom_id : passages) index.add(atom_id, atom_text(store, atom_id));
}

}  // namespace hart::store
