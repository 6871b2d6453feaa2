#pragma once

#include <cstdint>
#include <optional>

#include "store/store.h"

namespace hart::store {

/// How much of what a tenant may have it has: atoms that it holds, versions of models, bytes of
/// its objects' files. Counted when made, and only what has a limit (hart-bill tenant set), so
/// that a tenant without limits pays one lookup; then kept up with what is added.
class TenantQuota {
 public:
  /// For use inside one WriteTransaction, so that no other writer adds meanwhile. `store` must
  /// outlive it: a refusal goes to its audit log.
  explicit TenantQuota(Store& store);

  /// Throws Error(denied) when a limit is reached already: before any work is done.
  void require_room() const;

  /// What an object adds.
  struct Addition {
    std::uint64_t atoms = 0;
    std::uint64_t models = 0;
    std::uint64_t bytes = 0;
  };
  /// Counts an object that was added. Throws Error(denied), and counts nothing, when that is
  /// beyond a limit: the caller takes the object back.
  void add(const Addition& addition);

  struct Limit {
    const char* what;  ///< "atoms"
    std::optional<std::uint64_t> most;
    std::uint64_t used = 0;  ///< counted where there is a limit only
  };
  [[nodiscard]] const Limit& atoms() const noexcept { return atoms_; }
  [[nodiscard]] const Limit& models() const noexcept { return models_; }
  [[nodiscard]] const Limit& bytes() const noexcept { return bytes_; }

 private:
  void check(const Limit& limit, std::uint64_t more) const;

  Store& store_;
  Limit atoms_{"atoms", {}, 0};
  Limit models_{"models", {}, 0};
  Limit bytes_{"bytes of files", {}, 0};
};

}  // namespace hart::store
