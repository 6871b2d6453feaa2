#pragma once

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/id.h"
#include "store/store.h"

namespace hart::fault {

/// A promise of the store that it did not keep.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a store holds: which content lies under each "name@version", and under each "SNAPSHOT
/// name@version" of a snapshot.
using Holdings = std::map<std::string, std::size_t>;

/// What the workload was told, to be compared with what the store remembers.
class Ledger {
 public:
  /// Keeps bytes to compare with later. Returns their number.
  std::size_t keep(ByteBuffer content);
  [[nodiscard]] const ByteBuffer& content(std::size_t number) const {
    return contents_[number];
  }

  /// The number of kept bytes with this content id. Throws Violation when there are none.
  [[nodiscard]] std::size_t number_of(const Id& content) const;

  /// What has been acknowledged.
  [[nodiscard]] const Holdings& acknowledged() const noexcept { return acknowledged_; }

  /// Commits, after which the store holds `after`. When the commit fails, the store may hold it
  /// or not once the power was cut; which of them is seen with the next success or resolve.
  void commit(store::WriteTransaction& transaction, Holdings after);

  /// Finds out after a crash what the store holds. Throws Violation when that is neither what
  /// was acknowledged nor what a failed commit would have made of it.
  void resolve(store::Store& store);
  /// Whether the last resolve found a commit that had not been acknowledged.
  [[nodiscard]] bool unacknowledged_found() const noexcept { return unacknowledged_found_; }

 private:
  [[nodiscard]] Holdings read_holdings(store::Store& store) const;

  std::vector<ByteBuffer> contents_;
  std::map<std::string, std::size_t> by_hash_;
  Holdings acknowledged_;
  std::vector<Holdings> in_doubt_;
  bool unacknowledged_found_ = false;
};

/// Throws Violation unless the store opens, all that it holds is what the ledger says, bit by
/// bit, another object can be added, the newest pack then ends where the catalog says, and fsck
/// finds nothing.
void verify(const std::string& directory, Ledger& ledger);

}  // namespace hart::fault
