#pragma once

#include <cstdint>
#include <memory>

#include "store/catalog.h"

namespace hart::store {

/// What the store's owner hides from the acting tenant, atom by atom: an atom is hidden while
/// each object and snapshot that holds it is. Its vectors and edges wait in tables of their own
/// for as long. Inside a WriteTransaction; where history is to tell of a change, the store's
/// time was taken before.
class Hiding {
 public:
  explicit Hiding(Store& store);
  ~Hiding();
  Hiding(const Hiding&) = delete;
  Hiding& operator=(const Hiding&) = delete;

  /// Whether anything was hidden when this was made: where nothing was, only `add_holder` and
  /// what follows it has to be called.
  [[nodiscard]] bool any() const noexcept { return any_; }

  /// One of the atom's holders, of an object of this modality, becomes hidden, or shown again,
  /// or is no more. Call `settle` when `tenant_atom.holders` is right, too.
  void add_holder(std::int64_t atom_id, Modality modality);
  void drop_holder(std::int64_t atom_id, Modality modality);

  enum class Outcome { unchanged, hidden, shown };
  /// Sets whether the tenant sees the atom by what its holders are now.
  Outcome settle(std::int64_t atom_id, Modality modality);

  /// The tenant holds the atom anew, in a row that `settle` did not see, or has just lost the
  /// last row that it saw.
  void take_back(std::int64_t atom_id);
  void put_away(std::int64_t atom_id);
  /// The tenant does not hold the atom any more.
  void forget(std::int64_t atom_id);

 private:
  struct Statements;
  Statements& sql();
  [[nodiscard]] bool is_seen(std::int64_t atom_id);

  Store& store_;
  bool any_;
  /// Prepared when first asked for: mostly nothing is hidden.
  std::unique_ptr<Statements> sql_;
};

}  // namespace hart::store
