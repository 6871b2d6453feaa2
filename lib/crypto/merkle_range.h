#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "crypto/merkle.h"

namespace hart::crypto {

/// What a proof is made of, without the leaves: which subtrees' roots it needs, for logs that
/// keep subtrees in storage and read few of them.

/// The leaves [index · 2^level, (index + 1) · 2^level): a complete subtree.
struct SubtreeId {
  int level = 0;  ///< 0 is a leaf; at most 63
  std::uint64_t index = 0;

  friend bool operator==(const SubtreeId&, const SubtreeId&) = default;
};

/// The leaves [start, end), end > start.
struct LeafRange {
  std::uint64_t start = 0;
  std::uint64_t end = 0;

  friend bool operator==(const LeafRange&, const LeafRange&) = default;
};

/// The complete subtrees that a range consists of, largest and leftmost first: one for each set
/// bit of its length, at most 64. Precondition: is_subtree(range.start, range.end). Source: the
/// compact ranges of github.com/transparency-dev/merkle, for ranges that are subtrees.
[[nodiscard]] std::vector<SubtreeId> complete_subtrees(LeafRange range);

/// The ranges whose roots are the proof of the leaves [start, end) in the tree of `size`
/// leaves, in the proof's order: that of `subtree_consistency_proof`. Each is a subtree, and
/// all but at most one are complete. Throws Error(usage) unless is_subtree(start, end) and end
/// ≤ size.
[[nodiscard]] std::vector<LeafRange> proof_ranges(std::uint64_t start, std::uint64_t end,
                                                  std::uint64_t size);

/// Where the root of a complete subtree is looked up.
using SubtreeRoot = std::function<Hash256(SubtreeId)>;

/// The root over a range that is a subtree, from the roots of its complete subtrees.
[[nodiscard]] Hash256 range_root(LeafRange range, const SubtreeRoot& root_of);
/// The proof that consists of the roots of `ranges`.
[[nodiscard]] MerkleProof assemble_proof(std::span<const LeafRange> ranges,
                                         const SubtreeRoot& root_of);

}  // namespace hart::crypto
