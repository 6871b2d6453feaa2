#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.h"
#include "store/catalog.h"

namespace hart::store {

/// One version of an object of the acting tenant's, whether it is there now, was removed, or is
/// kept by a snapshot. Ids are digests: their atoms may have been collected.
struct ObjectVersion {
  std::int64_t object_id = 0;
  std::string name;
  std::int64_t version = 0;
  std::string version_tag;  ///< empty when none was given
  Id atom;                  ///< the file's content
  std::optional<Id> structure;
  std::string kind;
  Modality modality = Modality::text;
  std::string subtype;
  std::string atomizer;
  std::string source_uri;  ///< empty when unknown
  std::string metadata;    ///< JSON, empty when there is none
  TimeUs created = 0;
  std::optional<TimeUs> ended;  ///< when it was removed; it was there until just before

  /// "name@version"
  [[nodiscard]] std::string label() const { return name + "@" + std::to_string(version); }
};

/// Beginnings of `source_uri` of a version that was made equal to an earlier one:
/// "rollback:NAME@VERSION" and "snapshot:NAME".
inline constexpr std::string_view kRollbackScheme = "rollback:";
inline constexpr std::string_view kSnapshotScheme = "snapshot:";

/// All versions that a name ever had, as far as the history reaches, oldest first.
[[nodiscard]] std::vector<ObjectVersion> versions_of(Store& store, const std::string& name);
/// The version that the plain name meant at `time`.
[[nodiscard]] std::optional<ObjectVersion> version_at(Store& store, const std::string& name,
                                                      TimeUs time);
/// How many of the tenant's objects of that time a store that is opened as of it cannot show:
/// their content was collected since. `store` is one opened as of `time`.
[[nodiscard]] std::int64_t count_collected(Store& store, TimeUs time);
/// The columns of an object's version, as `read_version` takes them, of the current row `o`
/// with its file's atom `a` and its structure's `s`.
inline constexpr const char* kVersionColumns =
    "o.object_id, o.name, o.version, o.version_tag, a.space, a.hash, s.space, s.hash, o.kind,"
    " o.modality, o.subtype, o.atomizer, o.source_uri, o.metadata, o.created_us";
/// The current row; its column 15, if `has_end`, is the time at which the version ended.
[[nodiscard]] ObjectVersion read_version(const Statement& row, bool has_end);

/// A thing that changed. What does not apply is empty.
struct Change {
  enum class What {
    added,       ///< a version of an object
    restored,    ///< the same, made equal to an earlier one: `source` says which
    removed,     ///< a version of an object
    snapshot,    ///< a snapshot was made that holds the version
    held,        ///< the tenant came to hold an atom
    released,    ///< the tenant's last object with the atom was removed
    access,      ///< the access level of an atom
    importance,  ///< of an atom, or of a model's tensor or layer
  };
  TimeUs time = 0;
  What what = What::added;
  std::string name;  ///< of the object
  std::int64_t version = 0;
  std::optional<Id> atom;  ///< the object's file, or the atom that changed
  std::string source;      ///< where a version came from: its source's URI
  std::string snapshot;    ///< its name
  std::string tensor;      ///< of the model, whose importance changed
  std::string layer;
  std::string method;                ///< by which importance was measured
  std::optional<double> importance;  ///< from now on; none: it is no longer known
  std::optional<double> importance_before;
  std::string access_level;  ///< from now on
  std::string access_level_before;
};
[[nodiscard]] std::string_view change_name(Change::What what) noexcept;

/// What happened to `reference` until `until`, in order of time: to all versions of a name, to
/// one (`name@version`), or, for an id or its prefix, to the objects with that content or to
/// the atom. Names that were removed are found as long as their history is kept. Throws as
/// resolve_object does.
[[nodiscard]] std::vector<Change> history_of(Store& store, const std::string& reference,
                                             std::optional<TimeUs> until = {});

}  // namespace hart::store
