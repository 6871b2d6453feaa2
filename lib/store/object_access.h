#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/access_level.h"
#include "store/catalog.h"
#include "store/store.h"

namespace hart::store {

/// A version that the acting tenant holds, as an object or in a snapshot.
struct HeldVersion {
  bool in_snapshot = false;
  std::int64_t row = 0;  ///< object_id or snapshot_id
  std::string name;
  std::int64_t version = 0;
  Id atom;
  Modality modality = Modality::text;
  std::int64_t atom_id = 0;
  std::int64_t structure_id = 0;            ///< 0: none
  AccessLevel access = AccessLevel::write;  ///< in a snapshot `none` or `write`

  [[nodiscard]] std::string label() const { return name + "@" + std::to_string(version); }
};

/// For the store's owner, who sees what is hidden from the tenant: all versions of a name, the
/// one of `name@version`, or those of a content or structure, given as its id or the beginning
/// of it; each once. Throws Error(no_input) when there is none, Error(data) when a prefix is
/// ambiguous.
[[nodiscard]] std::vector<HeldVersion> held_versions(Store& store,
                                                     std::span<const std::string> references);
/// Those whose level is not `write`.
[[nodiscard]] std::vector<HeldVersion> restricted_versions(Store& store);

/// What the tenant sees no more, or again: for indexes that must forget and know it. What an
/// object at a higher level holds, too, is in neither.
struct AccessChange {
  std::vector<std::int64_t> hidden;
  std::vector<std::int64_t> shown;
};
/// Sets the level of a version, inside a WriteTransaction. In a snapshot `read` is `write`:
/// what a snapshot holds never changes. Costs as much as the version has atoms where it is
/// hidden or shown, else nothing.
AccessChange set_access(Store& store, const HeldVersion& version, AccessLevel level);

/// These throw Error(denied), naming the object and its level, and have the audit log tell of
/// it.
void require_writable(Store& store, std::int64_t object_id);
/// That a next version of this name may be added: that the newest may be changed.
void require_name_writable(Store& store, const std::string& name);
/// That the tenant may remove all that it holds.
void require_unrestricted(Store& store);

/// Whether the acting tenant may say something of an atom: relate it, weigh it. It may where
/// any object that contains it may be changed, or none is left.
class AtomAccess {
 public:
  explicit AtomAccess(Store& store);
  /// Throws as above.
  void require_writable(std::int64_t atom_id);

 private:
  Store& store_;
  bool any_read_only_;
  Statement objects_;
  Statement parents_;
};

}  // namespace hart::store
