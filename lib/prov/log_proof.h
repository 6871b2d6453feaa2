#pragma once

#include <cstdint>
#include <list>

#include "core/bytes.h"
#include "crypto/merkle_range.h"
#include "prov/tiles.h"

namespace hart::prov {

/// Roots and proofs of a tree of which only tiles are kept.
///
/// A proof about a tree of n leaves reads at most 2 · (log256 n + 1) tiles and hashes at most
/// 255 pairs of each: 8 tiles at 10^9 leaves. The tiles last read are kept, so that many proofs
/// about one neighbourhood read each tile once. Tiles are taken at their word: a reader that
/// does not trust them compares the root with a checkpoint that it trusts.
class LogProver {
 public:
  /// `tiles` outlives the prover and belongs to a tree of at least `size` leaves.
  LogProver(TileSource& tiles, std::uint64_t size) : tiles_{tiles}, size_{size} {}

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t tiles_read() const noexcept { return tiles_read_; }

  /// The root of a complete subtree. Throws Error(usage) when it reaches beyond the tree.
  [[nodiscard]] Hash256 subtree_root(crypto::SubtreeId subtree);
  /// The root over the first `size` leaves. Throws Error(usage) when there are fewer.
  [[nodiscard]] Hash256 root(std::uint64_t size);
  /// The path from leaf `index` to the root over the first `size` leaves. Throws Error(usage)
  /// unless index < size ≤ the tree's size.
  [[nodiscard]] crypto::MerkleProof inclusion_proof(std::uint64_t index, std::uint64_t size);
  /// What shows that the first `old_size` leaves begin the tree over the first `size`. Throws
  /// Error(usage) unless 0 < old_size ≤ size ≤ the tree's size.
  [[nodiscard]] crypto::MerkleProof consistency_proof(std::uint64_t old_size,
                                                      std::uint64_t size);

 private:
  struct KeptTile {
    TileId id;
    ByteBuffer hashes;
  };

  void check_size(std::uint64_t size) const;
  [[nodiscard]] ByteView tile(int level, std::uint64_t index);

  TileSource& tiles_;
  std::uint64_t size_;
  std::uint64_t tiles_read_ = 0;
  std::list<KeptTile> kept_;  ///< the last read first
};

}  // namespace hart::prov
