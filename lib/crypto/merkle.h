#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/bytes.h"

namespace hart::crypto {

/// Merkle trees over SHA-256 and the proofs about them.
///
/// A tree of n leaves splits at the largest power of two below n; a tree of one leaf is that
/// leaf's hash. Leaves and inner nodes are hashed under different prefixes, so that neither can
/// pass for the other. Sources: RFC 9162, section 2.1; for subtrees
/// draft-ietf-plants-merkle-tree-certs, section 4. A proof is a list of digests, the ones
/// nearest the leaves first.
///
/// The verifiers never throw: whatever is malformed, of the wrong length or inconsistent is
/// false.
using MerkleProof = std::vector<Hash256>;

/// H(0x00 ‖ data).
[[nodiscard]] Hash256 leaf_hash(ByteView data);
/// H(0x01 ‖ left ‖ right).
[[nodiscard]] Hash256 node_hash(const Hash256& left, const Hash256& right);
/// The root of a tree without leaves: H of nothing.
[[nodiscard]] Hash256 empty_root();
/// The root over `leaf_hashes` in their order.
[[nodiscard]] Hash256 merkle_root(std::span<const Hash256> leaf_hashes);

/// The root over leaves that arrive one by one. Keeps the roots of the complete subtrees to the
/// left, one for each set bit of the size: at most 64 digests.
class MerkleBuilder {
 public:
  void add_leaf_hash(const Hash256& hash);
  /// Number of leaves so far.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// The root over the leaves so far; more may follow.
  [[nodiscard]] Hash256 root() const;

 private:
  std::vector<Hash256> subtrees_;  ///< largest first
  std::uint64_t size_ = 0;
};

/// Bytes of a leaf of `block_root`: the unit in which a tensor's bytes are proven.
inline constexpr std::size_t kBlockBytes = 65'536;

/// The root over the leaf hashes of consecutive blocks of `block_bytes` > 0 bytes, the last of
/// which may be shorter. No bytes give `empty_root`.
[[nodiscard]] Hash256 block_root(ByteView bytes, std::size_t block_bytes = kBlockBytes);

/// The path from leaf `index` to the root. Throws Error(usage) unless index < the number of
/// leaves.
[[nodiscard]] MerkleProof inclusion_proof(std::span<const Hash256> leaf_hashes,
                                          std::uint64_t index);
/// Whether `proof` shows that leaf `index` of the tree of `size` leaves with `root` has hash
/// `leaf`.
[[nodiscard]] bool verify_inclusion(std::uint64_t index, std::uint64_t size,
                                    const Hash256& leaf, std::span<const Hash256> proof,
                                    const Hash256& root);

/// What shows that the tree over the first `old_size` leaves is a prefix of the tree over all.
/// Throws Error(usage) unless 0 < old_size ≤ the number of leaves.
[[nodiscard]] MerkleProof consistency_proof(std::span<const Hash256> leaf_hashes,
                                            std::uint64_t old_size);
/// Whether `proof` shows it. An old size of 0 is refused: every tree begins with the empty one,
/// so such a proof would say nothing.
[[nodiscard]] bool verify_consistency(std::uint64_t old_size, std::uint64_t size,
                                      const Hash256& old_root, const Hash256& root,
                                      std::span<const Hash256> proof);

/// Whether the leaves [start, end) can be a subtree: start < end, and start is a multiple of
/// the smallest power of two that is not below end − start.
[[nodiscard]] bool is_subtree(std::uint64_t start, std::uint64_t end) noexcept;

/// Whether `proof` shows that leaf `index` of a tree, counted from the tree's first leaf, has
/// hash `leaf`, given the root of the subtree [start, end). The proof is the inclusion proof of
/// leaf index − start among the subtree's own leaves.
[[nodiscard]] bool verify_subtree_inclusion(std::uint64_t index, std::uint64_t start,
                                            std::uint64_t end, const Hash256& leaf,
                                            std::span<const Hash256> proof,
                                            const Hash256& subtree_root);

/// What shows that the subtree [start, end) belongs to the tree over all leaves. Throws
/// Error(usage) unless is_subtree(start, end) and end ≤ the number of leaves.
[[nodiscard]] MerkleProof subtree_consistency_proof(std::span<const Hash256> leaf_hashes,
                                                    std::uint64_t start, std::uint64_t end);
/// Whether `proof` shows it for a tree of `size` leaves. The empty range start = end ≤ size is
/// accepted with an empty proof and `empty_root`, whatever the tree's root: it claims nothing.
[[nodiscard]] bool verify_subtree_consistency(std::uint64_t start, std::uint64_t end,
                                              std::uint64_t size, const Hash256& subtree_root,
                                              const Hash256& root,
                                              std::span<const Hash256> proof);

}  // namespace hart::crypto
