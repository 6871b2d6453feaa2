#include "store/tenant.h"

#include <algorithm>

#include "core/error.h"

namespace hart::store {
namespace {

constexpr std::size_t kMaxNameBytes = 200;

}  // namespace

std::vector<Tenant> tenants(Store& store) {
  auto rows = store.db().prepare(
      "SELECT tenant_id, name, created_us, active FROM tenant ORDER BY tenant_id",
      Scope::owner);
  std::vector<Tenant> all;
  while (rows.step())
    all.push_back(
        {rows.integer(0), std::string{rows.text(1)}, rows.integer(2), rows.integer(3) != 0});
  return all;
}

bool add_tenant(Store& store, const std::string& name) {
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
  if (added) transaction.commit();
  return added;
}

}  // namespace hart::store
