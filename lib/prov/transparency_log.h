#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/bytes.h"
#include "crypto/merkle.h"
#include "prov/log_proof.h"
#include "prov/tiles.h"
#include "store/store.h"

namespace hart::prov {

/// The acting tenant's log of receipts: a Merkle tree of which leaves are only ever added.
///
/// The leaf of a receipt is crypto::leaf_hash(receipt_hash). The table keeps the tree as tiles,
/// one row a tile (prov/tiles.h), so a root or a proof reads O(log size) rows, and adding n
/// leaves changes 1 + n / 255 rows. Sources: RFC 9162, section 2.1; c2sp.org/tlog-tiles.
class TransparencyLog : public TileSource {
 public:
  /// `store` outlives the log.
  explicit TransparencyLog(store::Store& store) : store_{store} {}

  /// Number of leaves.
  [[nodiscard]] std::uint64_t size();
  /// Adds leaves and returns the index of the first. Call inside a WriteTransaction: they are
  /// in the log once it has been committed.
  std::uint64_t append(std::span<const Hash256> leaves);
  std::uint64_t append(const Hash256& leaf) { return append({&leaf, 1}); }

  /// The leaf at `index`. Throws Error(data) when it is missing.
  [[nodiscard]] Hash256 leaf(std::uint64_t index);
  /// The root over the first `size` leaves. Throws Error(usage) when there are fewer.
  [[nodiscard]] Hash256 root(std::uint64_t size) { return prover().root(size); }
  /// The path from leaf `index` to the root over the first `size` leaves. Throws Error(usage)
  /// unless index < size ≤ the log's size.
  [[nodiscard]] crypto::MerkleProof inclusion_proof(std::uint64_t index, std::uint64_t size) {
    return prover().inclusion_proof(index, size);
  }
  /// What shows that the log of `old_size` leaves begins that of `size`. Throws Error(usage)
  /// unless 0 < old_size ≤ size ≤ the log's size.
  [[nodiscard]] crypto::MerkleProof consistency_proof(std::uint64_t old_size,
                                                      std::uint64_t size) {
    return prover().consistency_proof(old_size, size);
  }

  [[nodiscard]] ByteBuffer read_tile(const TileId& tile) override;

 private:
  /// Adds hashes to a level whose tiles hold `position` of them.
  void append_hashes(int level, std::uint64_t position, std::span<const Hash256> hashes);
  [[nodiscard]] LogProver& prover();

  store::Store& store_;
  std::optional<LogProver> prover_;  ///< of the size that the log had when it was last asked
};

}  // namespace hart::prov
