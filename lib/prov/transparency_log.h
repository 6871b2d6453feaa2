#pragma once

#include <cstdint>

#include "core/bytes.h"
#include "crypto/merkle.h"
#include "store/store.h"

namespace hart::prov {

/// The acting tenant's log of receipts: a Merkle tree of which leaves are only ever added.
///
/// The leaf of a receipt is crypto::leaf_hash(receipt_hash). The table keeps the leaves and the
/// root of every complete subtree of 2^level leaves, so appending, a root and a proof cost
/// O(log size) row operations each. Sources: RFC 9162, section 2.1; the stored subtrees are
/// those of C2SP's tlog-tiles, one row a node.
class TransparencyLog {
 public:
  /// `store` outlives the log.
  explicit TransparencyLog(store::Store& store) : store_{store} {}

  /// Number of leaves.
  [[nodiscard]] std::uint64_t size();
  /// Adds a leaf and returns its index. Call inside a WriteTransaction.
  std::uint64_t append(const Hash256& leaf);
  /// The leaf at `index`. Throws Error(data) when the row is missing.
  [[nodiscard]] Hash256 leaf(std::uint64_t index);
  /// The root over the first `size` leaves. Throws Error(usage) when there are fewer.
  [[nodiscard]] Hash256 root(std::uint64_t size);
  /// The path from leaf `index` to the root over the first `size` leaves. Throws Error(usage)
  /// unless index < size ≤ the log's size.
  [[nodiscard]] crypto::MerkleProof inclusion_proof(std::uint64_t index, std::uint64_t size);

  /// The root of the complete subtree `index` of 2^level leaves. Throws Error(data) when the
  /// row is missing.
  [[nodiscard]] Hash256 node(int level, std::uint64_t index);

 private:
  [[nodiscard]] Hash256 range_root(std::uint64_t start, std::uint64_t end);
  void check_size(std::uint64_t size);

  store::Store& store_;
};

}  // namespace hart::prov
