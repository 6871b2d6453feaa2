#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/history.h"

namespace hart::store {

/// What it would take to make the newest version of a name equal to an earlier one.
struct RestorePlan {
  std::int64_t atom_id = 0;
  std::int64_t structure_id = 0;  ///< 0: none
  /// The newest version now; 0 when there is none. It is equal already when `unchanged`.
  std::int64_t newest_version = 0;
  bool unchanged = false;
};
/// Compares content, metadata and tag with the newest version of the same name. Throws
/// Error(no_input), naming what is missing, when the content of `then` was collected since, or
/// is stored only for others.
[[nodiscard]] RestorePlan plan_restore(Store& store, const ObjectVersion& then);

/// Throws Error(denied) when restoring all of `versions` would take the acting tenant beyond
/// what it may have (see TenantQuota), and as plan_restore does: before any is restored. Inside
/// a WriteTransaction, so that the answer holds. Costs a tenant without limits one look-up.
void require_room_to_restore(Store& store, std::span<const ObjectVersion> versions);

struct Restored {
  std::int64_t version = 0;  ///< the new one, or the newest when nothing differed
  bool unchanged = false;
  /// Atoms that the tenant held no more: indexes must know them again (a passage's full text
  /// and vector).
  std::vector<std::int64_t> revived;
  std::int64_t structure_id = 0;
};
/// Adds a version with the content, metadata and tag of `then`, unless the newest is equal to
/// it. `source_uri` says where it came from: kRollbackScheme or kSnapshotScheme. Inside a
/// WriteTransaction. Throws as plan_restore does.
[[nodiscard]] Restored restore_version(Store& store, const ObjectVersion& then,
                                       const std::string& source_uri);

}  // namespace hart::store
