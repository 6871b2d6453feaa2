#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/history.h"

namespace hart::store {

/// A named set of versions that stay as they are: a snapshot holds atoms as objects do, so that
/// what it names outlives the removal of its objects. It costs a row for each object and one
/// counter for each atom, however large they are. `OpenOptions::snapshot` reads one.
struct SavedSnapshot {
  std::int64_t snapshot_id = 0;
  std::string name;
  TimeUs created = 0;
  std::int64_t objects = 0;
  std::uint64_t bytes = 0;  ///< of the objects' files
};

/// The acting tenant's snapshots, oldest first.
[[nodiscard]] std::vector<SavedSnapshot> snapshots(Store& store);
/// Throws Error(no_input) when there is none of that name.
[[nodiscard]] SavedSnapshot find_snapshot(Store& store, const std::string& name);
/// What it holds, by name.
[[nodiscard]] std::vector<ObjectVersion> snapshot_versions(Store& store,
                                                           const SavedSnapshot& snapshot);

struct CreatedSnapshot {
  SavedSnapshot snapshot;
  bool unchanged = false;  ///< it was there, with exactly these versions
};
/// Saves these versions under a name, inside a WriteTransaction. Throws Error(cannot_create)
/// when a snapshot of that name holds others, Error(usage) when two versions of one name are
/// given, or the name is empty, longer than 200 characters or has a control character.
[[nodiscard]] CreatedSnapshot create_snapshot(Store& store, const std::string& name,
                                              std::span<const Object> objects);
/// The newest version of each model that the tenant holds, by name.
[[nodiscard]] std::vector<Object> newest_models(Store& store);

/// Drops a snapshot and its holds, inside a WriteTransaction. Returns the atoms that the tenant
/// no longer holds. Throws Error(denied), and has the audit log tell of it, while the store's
/// owner hides a version that it holds.
std::vector<std::int64_t> remove_snapshot(Store& store, const SavedSnapshot& snapshot);

/// How an object differs between two states.
struct SnapshotDifference {
  std::optional<ObjectVersion> before;  ///< none: added
  std::optional<ObjectVersion> after;   ///< none: removed
  /// Of a model's tensors, by name: the same in both, of other content, or in one of them only.
  struct Tensors {
    std::int64_t shared = 0;
    std::int64_t changed = 0;
    std::int64_t added = 0;
    std::int64_t removed = 0;
  };
  std::optional<Tensors> tensors;  ///< when a model changed
};
/// From a snapshot to another, or to the newest versions now, where models that the snapshot
/// has not count as added. By name; what is equal in content, metadata and tag is left out.
[[nodiscard]] std::vector<SnapshotDifference> diff_snapshot(
    Store& store, const SavedSnapshot& snapshot, const std::optional<SavedSnapshot>& other);

}  // namespace hart::store
