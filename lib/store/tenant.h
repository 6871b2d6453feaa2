#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "store/store.h"

namespace hart::store {

struct Tenant {
  std::int64_t tenant_id = 0;
  std::string name;
  TimeUs created = 0;
  bool active = true;
  bool requires_key = false;  ///< acting as it needs an API key
  std::optional<std::int64_t> max_atoms, max_models, max_storage_bytes;
};

/// Every tenant of the store, oldest first: for the store's owner.
[[nodiscard]] std::vector<Tenant> tenants(Store& store);

/// Adds a tenant. Returns false, and changes nothing, when there is one of that name. Opens a
/// WriteTransaction. Throws Error(data) unless `name` has 1 to 200 characters, none of them a
/// control character.
bool add_tenant(Store& store, const std::string& name);

/// What is to change of a tenant; what is empty stays. A limit below 0 is none.
struct TenantChange {
  std::optional<std::int64_t> max_atoms, max_models, max_storage_bytes;
  std::optional<bool> active;
  std::optional<bool> requires_key;
};

/// Changes a tenant, active or not, and leaves an entry in the audit log. Opens a
/// WriteTransaction. Throws Error(no_input) when there is none of that name, Error(usage) when
/// the change would make the tenant `default` inactive, as which the owner opens a store.
void change_tenant(Store& store, const std::string& name, const TenantChange& change);

/// Acts as a tenant as long as it lives: for the owner, who looks after all of them.
class ActingTenant {
 public:
  ActingTenant(Connection& db, std::int64_t tenant_id) : db_{db}, before_{db.tenant()} {
    db_.set_tenant(tenant_id);
  }
  ~ActingTenant() { db_.set_tenant(before_); }
  ActingTenant(const ActingTenant&) = delete;
  ActingTenant& operator=(const ActingTenant&) = delete;

 private:
  Connection& db_;
  std::int64_t before_;
};

}  // namespace hart::store
