#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/id.h"

namespace hart::store {

class Store;

/// The schema that this build reads and writes; `user_version` of hart.db.
inline constexpr int kSchemaVersion = 6;
/// `application_id` of hart.db: the bytes "HART".
inline constexpr int kApplicationId = 0x48415254;

/// One step of the schema. Steps run in ascending order of version, within a version in the
/// order of the modules, each version in one transaction. A step is never changed once
/// released.
struct Migration {
  int version;
  const char* sql;
};

/// What an erasure took out of the catalog, for those modules that keep something of it.
struct Erasure {
  bool everything = false;             ///< all that the acting tenant ever had
  std::span<const Id> ids;             ///< ascending: what the tenant does not hold any more
  std::span<const std::string> names;  ///< ascending: of which no version is left
};

/// The tables of one module. A module above `store` declares its own tables here and reaches
/// them through the store's connection. Rules: every table that holds anything of a tenant's
/// has a column `tenant_id` and a view `my_<table>` that filters by `current_tenant()`; reads
/// on behalf of a tenant go through that view (Scope::tenant); tables are STRICT.
struct SchemaModule {
  const char* name;
  std::span<const Migration> migrations;
  /// Forgets what the module's tables hold of erased content of the acting tenant's, inside the
  /// erasure's WriteTransaction; returns how many pieces of content that were. Null for a
  /// module that holds none.
  std::uint64_t (*erase)(Store& store, const Erasure& erasure) = nullptr;
};

/// The catalog's own tables.
[[nodiscard]] const SchemaModule& catalog_schema() noexcept;

}  // namespace hart::store
