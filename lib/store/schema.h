#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hart::store {

/// The schema that this build reads and writes; `user_version` of hart.db.
inline constexpr int kSchemaVersion = 4;
/// `application_id` of hart.db: the bytes "HART".
inline constexpr int kApplicationId = 0x48415254;

/// One step of the schema. Steps run in ascending order of version, within a version in the
/// order of the modules, each version in one transaction. A step is never changed once
/// released.
struct Migration {
  int version;
  const char* sql;
};

/// The tables of one module. A module above `store` declares its own tables here and reaches
/// them through the store's connection. Rules: every table that holds anything of a tenant's
/// has a column `tenant_id` and a view `my_<table>` that filters by `current_tenant()`; reads
/// on behalf of a tenant go through that view (Scope::tenant); tables are STRICT.
struct SchemaModule {
  const char* name;
  std::span<const Migration> migrations;
};

/// The catalog's own tables.
[[nodiscard]] const SchemaModule& catalog_schema() noexcept;

}  // namespace hart::store
