#include "store/tenant.h"

#include <algorithm>

#include "core/error.h"
#include "store/audit.h"

namespace hart::store {
namespace {

constexpr std::size_t kMaxNameBytes = 200;
constexpr const char* kDefaultTenant = "default";

}  // namespace

std::vector<Tenant> tenants(Store& store) {
  auto rows = store.db().prepare(
      "SELECT tenant_id, name, created_us, active, requires_key, max_atoms, max_models,"
      " max_storage_bytes, dedup_scope <> 0 FROM tenant ORDER BY tenant_id",
      Scope::owner);
  const auto limit = [&](int column) {
    return rows.is_null(column) ? std::nullopt : std::optional{rows.integer(column)};
  };
  std::vector<Tenant> all;
  while (rows.step())
    all.push_back({rows.integer(0), std::string{rows.text(1)}, rows.integer(2),
                   rows.integer(3) != 0, rows.integer(4) != 0, limit(5), limit(6), limit(7),
                   rows.integer(8) != 0 ? Dedup::private_only : Dedup::shared});
  return all;
}

std::int64_t dedup_scope(Store& store) {
  Statement scope =
      store.db().prepare("SELECT dedup_scope FROM tenant WHERE tenant_id = ?", Scope::owner);
  return scope.with(store.tenant_id()).step() ? scope.integer(0) : 0;
}

std::string_view dedup_name(Dedup dedup) noexcept {
  return dedup == Dedup::private_only ? "private" : "shared";
}

namespace {

/// Sets a column of a tenant's row; returns what the audit log says of it.
std::string set_column(Store& store, std::int64_t tenant_id, const char* column,
                       std::optional<std::int64_t> value) {
  store.db()
      .prepare(std::string{"UPDATE tenant SET "} + column + " = ? WHERE tenant_id = ?",
               Scope::owner)
      .run(value, tenant_id);
  return std::string{" "} + column + " " + (value ? std::to_string(*value) : "none");
}

std::int64_t find_tenant(Store& store, const std::string& name) {
  Statement find =
      store.db().prepare("SELECT tenant_id FROM tenant WHERE name = ?", Scope::owner);
  if (!find.with(name).step()) throw Error{Fault::no_input, "no such tenant: " + name};
  return find.integer(0);
}

bool is_private(Store& store, std::int64_t tenant_id) {
  Statement scope =
      store.db().prepare("SELECT dedup_scope FROM tenant WHERE tenant_id = ?", Scope::owner);
  return scope.with(tenant_id).step() && scope.integer(0) != 0;
}

/// Where a tenant's content is named, now or in the past.
constexpr const char* kHoldings[] = {"tenant_object", "tenant_atom", "snapshot",
                                     "tenant_object_history", "tenant_atom_history"};

/// Content is not moved from one scope to another: there must be none.
std::string set_dedup(Store& store, std::int64_t tenant_id, const std::string& name,
                      Dedup dedup) {
  if (is_private(store, tenant_id) == (dedup == Dedup::private_only)) return {};
  for (const char* table : kHoldings) {
    Statement any = store.db().prepare(
        std::string{"SELECT 1 FROM "} + table + " WHERE tenant_id = ? LIMIT 1", Scope::owner);
    if (any.with(tenant_id).step())
      throw Error{Fault::denied, "tenant " + name +
                                     ": its deduplication changes only while it holds nothing,"
                                     " its history included"};
  }
  static_cast<void>(set_column(store, tenant_id, "dedup_scope",
                               dedup == Dedup::private_only ? tenant_id : 0));
  return " dedup " + std::string{dedup_name(dedup)};
}

}  // namespace

void change_tenant(Store& store, const std::string& name, const TenantChange& change) {
  if (change.active == false && name == kDefaultTenant)
    throw Error{Fault::usage, "the tenant default cannot be made inactive"};
  WriteTransaction transaction{store};
  const std::int64_t tenant_id = find_tenant(store, name);
  std::string detail;
  const auto set_limit = [&](const char* column, const std::optional<std::int64_t>& limit) {
    if (limit)
      detail += set_column(store, tenant_id, column,
                           *limit < 0 ? std::nullopt : std::optional{*limit});
  };
  set_limit("max_atoms", change.max_atoms);
  set_limit("max_models", change.max_models);
  set_limit("max_storage_bytes", change.max_storage_bytes);
  if (change.active) detail += set_column(store, tenant_id, "active", *change.active ? 1 : 0);
  if (change.requires_key)
    detail += set_column(store, tenant_id, "requires_key", *change.requires_key ? 1 : 0);
  if (change.dedup) detail += set_dedup(store, tenant_id, name, *change.dedup);
  if (detail.empty()) return;
  record_act(store, "hart-bill tenant set", "tenant " + name + detail);
  transaction.commit();
}

bool add_tenant(Store& store, const std::string& name, Dedup dedup) {
  const bool control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (name.empty() || name.size() > kMaxNameBytes || control)
    throw Error{Fault::data, "'" + name + "' cannot be the name of a tenant"};
  WriteTransaction transaction{store};
  store.db()
      .prepare(
          "INSERT INTO tenant (name, created_us) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
          Scope::owner)
      .run(name, store.now());
  const bool added = store.db().changes() == 1;
  const std::int64_t tenant_id = find_tenant(store, name);
  if (!added) {
    if (dedup == Dedup::private_only && !is_private(store, tenant_id))
      throw Error{Fault::cannot_create,
                  "there is a tenant " + name + ", and it is not private"};
    return false;
  }
  std::string detail = "tenant " + name;
  if (dedup != Dedup::shared) detail += set_dedup(store, tenant_id, name, dedup);
  record_act(store, "hart-bill tenant add", detail);
  transaction.commit();
  return true;
}

}  // namespace hart::store
