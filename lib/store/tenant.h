#pragma once

#include <cstdint>
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
};

/// Every tenant of the store, oldest first: for the store's owner.
[[nodiscard]] std::vector<Tenant> tenants(Store& store);

/// Adds a tenant. Returns false, and changes nothing, when there is one of that name. Opens a
/// WriteTransaction. Throws Error(data) unless `name` has 1 to 200 characters, none of them a
/// control character.
bool add_tenant(Store& store, const std::string& name);

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
