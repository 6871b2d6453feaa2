#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/uuid.h"
#include "store/store.h"

namespace hart::prov {

/// A receipt that a target refused by itself.
struct DeadLetter {
  std::string target;
  std::uint64_t leaf_index = 0;
  Uuid inference{};
  std::uint64_t attempts = 0;
  std::string reason;  ///< how the target refused it; nothing of its content
  TimeUs refused = 0;  ///< the last time
};

/// The acting tenant's dead letters, of one target or of all, in the order of targets and the
/// log.
[[nodiscard]] std::vector<DeadLetter> dead_letters(store::Store& store,
                                                   const std::optional<std::string>& target);

/// What the store remembers of a target: the checkpoint, which is the index of the first
/// receipt in the log that was not dealt with, and the dead letters. Each member that writes is
/// one durable transaction.
class SyncState {
 public:
  /// `store` outlives the state; it is writable where something is written.
  SyncState(store::Store& store, std::string target);

  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  [[nodiscard]] std::uint64_t position();

  /// Moves the checkpoint over receipts that were accepted: none of them is a dead letter any
  /// more. Throws Error(busy) when it is not at `from` any more: another process delivers to
  /// the same target.
  void advance(std::uint64_t from, std::uint64_t to);
  /// Adds a dead letter, and moves the checkpoint behind it in the same transaction.
  void bury(std::uint64_t leaf_index, std::uint64_t attempts, const std::string& reason);
  /// What came of trying a dead letter again: it goes, or has one more attempt.
  void resolve(std::uint64_t leaf_index);
  void refuse_again(std::uint64_t leaf_index, const std::string& reason);

 private:
  void move(std::uint64_t from, std::uint64_t to);

  store::Store& store_;
  std::string target_;
};

}  // namespace hart::prov
