#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "core/id.h"
#include "store/store.h"

namespace hart::store {

/// The ids of the acting tenant's atoms, for many look-ups: each reads the atoms beside it too,
/// which costs little more, since hits of many queries come from all over the store.
class IdCache {
 public:
  /// `store` must outlive it. Without `many` each atom is read alone.
  IdCache(Store& store, bool many);

  /// Forgets what another connection's commit may have changed; false when there was none. Call
  /// first in each Snapshot; changes by `store` itself are not noticed.
  bool begin_snapshot();
  /// Null when the tenant holds no such atom. Valid until the next call.
  [[nodiscard]] const Id* find(std::int64_t atom_id);

 private:
  static constexpr std::int64_t kBlock = 128;
  /// The atoms `kBlock` × n … `kBlock` × (n + 1) - 1.
  using Block = std::array<std::optional<Id>, kBlock>;

  /// Reads block `number`; without `many_`, of it `atom_id` alone.
  Block& load(std::int64_t number, std::int64_t atom_id);

  bool many_;
  Statement held_;
  Statement select_;
  Statement data_version_;
  std::int64_t version_ = 0;
  std::unordered_map<std::int64_t, std::unique_ptr<Block>> blocks_;  ///< by number
};

}  // namespace hart::store
