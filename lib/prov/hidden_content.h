#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/id.h"
#include "store/store.h"

namespace hart::prov {

/// What the store's owner hides from the acting tenant (access level `none`), for those who
/// read receipts to it. Where nothing is hidden this costs one lookup. Inside a Snapshot, or
/// with `forget` between what is read at different times.
class HiddenContent {
 public:
  /// `store` outlives it.
  explicit HiddenContent(store::Store& store) : store_{store} {}

  /// Whether the tenant holds the atom, and only in objects and snapshots that are hidden. Of
  /// what it does not hold there is nothing to hide.
  [[nodiscard]] bool has(const Id& atom);
  /// Whether hidden objects have the name, and no other.
  [[nodiscard]] bool has_name(const std::string& name);

  /// Everything is read anew from here on.
  void forget() noexcept;

 private:
  bool any();
  bool find_name(const std::string& name);

  store::Store& store_;
  std::optional<bool> any_;
  // Prepared when first asked for: mostly nothing is hidden.
  std::optional<store::Statement> atom_, name_;
  std::map<std::string, bool> names_;  ///< receipts have the same ones again and again
};

}  // namespace hart::prov
