#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "store/store.h"

namespace hart::store {

/// With whom the bytes of a tenant's content are stored once.
enum class Dedup : std::uint8_t {
  shared,        ///< with every tenant that is not private
  private_only,  ///< with nobody: what the store does for a tenant tells of none other's
                 ///< content
};

struct Tenant {
  std::int64_t tenant_id = 0;
  std::string name;
  TimeUs created = 0;
  bool active = true;
  bool requires_key = false;  ///< acting as it needs an API key
  std::optional<std::int64_t> max_atoms, max_models, max_storage_bytes;
  Dedup dedup = Dedup::shared;
};

/// Every tenant of the store, oldest first: for the store's owner.
[[nodiscard]] std::vector<Tenant> tenants(Store& store);

/// Adds a tenant. Returns false, and changes nothing, when there is one of that name. Opens a
/// WriteTransaction. Throws Error(data) unless `name` has 1 to 200 characters, none of them a
/// control character; Error(cannot_create) when there is one whose deduplication is another.
bool add_tenant(Store& store, const std::string& name, Dedup dedup = Dedup::shared);

/// `atom.scope` and `extent.scope` of what the acting tenant adds: 0, or the tenant's id where
/// its deduplication is private.
[[nodiscard]] std::int64_t dedup_scope(Store& store);
[[nodiscard]] std::string_view dedup_name(Dedup dedup) noexcept;  ///< "shared", "private"

/// What is to change of a tenant; what is empty stays. A limit below 0 is none.
struct TenantChange {
  std::optional<std::int64_t> max_atoms, max_models, max_storage_bytes;
  std::optional<bool> active;
  std::optional<bool> requires_key;
  std::optional<Dedup> dedup;
};

/// Changes a tenant, active or not, and leaves an entry in the audit log. Opens a
/// WriteTransaction. Throws Error(no_input) when there is none of that name, Error(usage) when
/// the change would make the tenant `default` inactive, as which the owner opens a store, and
/// Error(denied) for another deduplication while the tenant holds anything, or its history
/// does.
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
