#pragma once

#include <optional>
#include <span>
#include <string>

#include "store/connection.h"
#include "store/schema.h"
#include "store/store.h"

namespace hart::store {

struct Migrated {
  int from = 0;
  int to = 0;
  std::string backup;  ///< the catalog as it was; empty when nothing had to be done
};

/// Brings a store's catalog up to this build's schema, in one transaction, after a copy of it
/// was written to `hart.db.schema-<version>` in the store's directory. Packs stay as they are.
/// Throws Error(no_input) when there is no store, Error(data) when it is none of ours or is
/// damaged, Error(config) when a newer program wrote it, Error(busy) while another process
/// writes, and as `admit_owner` does for somebody's `access`. After an error the catalog is as
/// it was. The audit log has it.
[[nodiscard]] Migrated migrate_store(const std::string& directory,
                                     std::span<const SchemaModule> modules, int timeout_ms,
                                     bool dry_run,
                                     const std::optional<AccessRequest>& access = {});

/// Runs the steps after version `from`. For `Store::create` and `migrate_store`, inside a
/// transaction.
void apply_migrations(Connection& db, std::span<const SchemaModule> modules, int from);

}  // namespace hart::store
