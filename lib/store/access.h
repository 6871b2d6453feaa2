#pragma once

#include <optional>
#include <string>

#include "store/api_key.h"
#include "store/connection.h"

namespace hart::store {

/// Who may act, decided when a store is opened on somebody's behalf.
struct Admission {
  std::string tenant;         ///< who acts
  std::string actor;          ///< for the audit log: "uid 1000" or "key 0a1b2c3d4e5f"
  std::optional<ApiKey> key;  ///< with which
};

/// Why a request has to wait so many microseconds.
[[nodiscard]] std::string limit_message(const ApiKey& key, TimeUs wait);

/// "hart-search index build": what is asked for, as the audit log names it.
[[nodiscard]] std::string command_of(const AccessRequest& request);

/// "uid 1000": who runs this process.
[[nodiscard]] std::string process_actor();

/// Decides whether `options` may open the store, whose catalog `db` is.
///
/// With a key: as the key's tenant, for what its scopes permit, as often as its limit allows.
/// Without one: as any tenant that needs none. Administration takes no key; once any tenant
/// needs one it is for the owner of the store's files, and root.
///
/// Throws Error(denied), and Error(busy) when the limit is reached, saying when to try again;
/// both are recorded in the audit log.
[[nodiscard]] Admission admit(Connection& db, const OpenOptions& options);

/// Decides the same of an administrative act on a catalog of any schema, as of one that is to
/// be migrated. Throws as `admit` does of administration; a catalog without an audit log gets
/// no entry.
void admit_owner(Connection& db, const OpenOptions& options);

}  // namespace hart::store
