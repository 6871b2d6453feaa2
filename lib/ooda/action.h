#pragma once

#include <string>
#include <string_view>

#include "core/id.h"
#include "core/json.h"
#include "index/generation.h"
#include "store/store.h"

namespace hart::ooda {

/// What the loop can do to a store.
enum class ActionKind {
  analyze,      ///< gather the planner's statistics anew
  build_index,  ///< build a vector index
  drop_index,   ///< drop a vector index
};
/// "analyze", "build_index", "drop_index".
[[nodiscard]] std::string_view action_kind_name(ActionKind kind) noexcept;

struct Action {
  ActionKind kind = ActionKind::analyze;
  index::IndexKind index = index::IndexKind::flat;  ///< of build_index and drop_index
  Id embedding_model;                               ///< whose vectors the index is over
  std::string model_name;                           ///< for people

  /// `{"action":"build_index","kind":"flat","embedding_model":"sha256:…","name":…}`.
  [[nodiscard]] Json json() const;
  /// In words: "build a flat index over wordnet-vectors".
  [[nodiscard]] std::string text() const;
};

/// What undoes `action` on the store as it is now, to be written down before the action is
/// performed. `{"undo":"restore_statistics","statistics":…}`, `{"undo":"drop_index",…}` or
/// `{"undo":"build_index",…}`; an index that had a recall figure is measured again when it is
/// built again. Throws Error(no_input) when the embedding model is not there.
[[nodiscard]] Json inverse_of(store::Store& store, const Action& action);

/// Does it. Each change is durable, or not made at all, when this returns or throws.
void perform(store::Store& store, const Action& action);

/// Undoes an action by its inverse. An inverse whose work is done already changes nothing.
/// Throws Error(data) on what `inverse_of` would not write.
void undo(store::Store& store, const Json& inverse);

/// Everything that an action may change, as text: the catalog's schema, the planner's
/// statistics and the acting tenant's indexes, without the numbers and times that differ when
/// the same index is built twice. Two stores with the same fingerprint answer alike, in the
/// same way.
[[nodiscard]] std::string fingerprint(store::Store& store);

}  // namespace hart::ooda
