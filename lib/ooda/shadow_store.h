#pragma once

#include <memory>
#include <string>

#include "store/store.h"

namespace hart::ooda {

/// A copy of a store's catalog and vector indexes, page for page, to try an action on. It lies
/// in the folder `ooda-shadow` of the store and is gone with the object; what a killed process
/// left there is removed first. It has no packs, and must not be asked for payload.
/// Precondition: the caller holds `lock_loop`.
class ShadowStore {
 public:
  /// Copies while others go on reading and writing. Throws Error(io) when there is no room.
  explicit ShadowStore(store::Store& original);
  ~ShadowStore();
  ShadowStore(const ShadowStore&) = delete;
  ShadowStore& operator=(const ShadowStore&) = delete;

  /// Acts as the original's tenant.
  [[nodiscard]] store::Store& store() noexcept { return *store_; }

 private:
  void link_index_files(const store::Store& original) const;

  std::string directory_;
  std::unique_ptr<store::Store> store_;
};

/// Removes what a killed process left.
void remove_shadow(const store::Store& original) noexcept;

}  // namespace hart::ooda
