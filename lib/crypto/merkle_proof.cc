#include <bit>
#include <optional>

#include "core/error.h"
#include "crypto/merkle.h"

// Inclusion, consistency and their subtree forms are one proof: that the leaves [start, end) of
// a tree of `size` leaves are a subtree with a known root. An inclusion proof is that of
// [index, index + 1), a consistency proof that of [0, old size). Depth of recursion is at
// most 64.

namespace hart::crypto {
namespace {

/// The largest power of two below `size` > 1: where a tree splits.
std::uint64_t split_of(std::uint64_t size) noexcept {
  return std::bit_floor(size - 1);
}

/// Appends the proof for [start, end) of the tree over `leaves`. `known` says that the range is
/// still the whole subtree in question, whose root the verifier has.
void prove(std::span<const Hash256> leaves, std::uint64_t start, std::uint64_t end, bool known,
           MerkleProof& proof) {
  if (start == 0 && end == leaves.size()) {
    if (!known) proof.push_back(merkle_root(leaves));
    return;
  }
  const std::uint64_t split = split_of(leaves.size());
  const auto left = leaves.first(split);
  const auto right = leaves.subspan(split);
  if (end <= split) {
    prove(left, start, end, known, proof);
    proof.push_back(merkle_root(right));
  } else if (start >= split) {
    prove(right, start - split, end - split, known, proof);
    proof.push_back(merkle_root(left));
  } else {
    prove(right, 0, end - split, false, proof);
    proof.push_back(merkle_root(left));
  }
}

/// The two roots that a proof leads to.
struct Roots {
  Hash256 subtree;
  Hash256 tree;
};

/// Follows `prove` backwards: takes digests off the end of `proof` on the way down. Nothing
/// when the proof is too short; what it leaves in `proof` is too much.
std::optional<Roots> rebuild(std::uint64_t size, std::uint64_t start, std::uint64_t end,
                             const Hash256* known, std::span<const Hash256>& proof) {
  const bool whole = start == 0 && end == size;
  if (whole && known != nullptr) return Roots{*known, *known};
  if (proof.empty()) return std::nullopt;
  const Hash256& sibling = proof.back();
  proof = proof.first(proof.size() - 1);
  if (whole) return Roots{sibling, sibling};

  const std::uint64_t split = split_of(size);
  if (end <= split) {
    const auto left = rebuild(split, start, end, known, proof);
    if (!left) return std::nullopt;
    return Roots{left->subtree, node_hash(left->tree, sibling)};
  }
  const bool astride = start < split;
  const auto right = rebuild(size - split, astride ? 0 : start - split, end - split,
                             astride ? nullptr : known, proof);
  if (!right) return std::nullopt;
  return Roots{astride ? node_hash(sibling, right->subtree) : right->subtree,
               node_hash(sibling, right->tree)};
}

}  // namespace

bool is_subtree(std::uint64_t start, std::uint64_t end) noexcept {
  if (start >= end) return false;
  const std::uint64_t last = end - start - 1;
  // The bits below the power of two that covers the width; shifting by 64 is not defined.
  const std::uint64_t mask = last == 0 ? 0 : ~std::uint64_t{0} >> std::countl_zero(last);
  return (start & mask) == 0;
}

MerkleProof subtree_consistency_proof(std::span<const Hash256> leaf_hashes, std::uint64_t start,
                                      std::uint64_t end) {
  if (!is_subtree(start, end) || end > leaf_hashes.size())
    throw Error{Fault::usage, "leaves " + std::to_string(start) + " to " + std::to_string(end) +
                                  " are no subtree of a tree of " +
                                  std::to_string(leaf_hashes.size())};
  MerkleProof proof;
  prove(leaf_hashes, start, end, true, proof);
  return proof;
}

MerkleProof inclusion_proof(std::span<const Hash256> leaf_hashes, std::uint64_t index) {
  if (index >= leaf_hashes.size())
    throw Error{Fault::usage, "no leaf " + std::to_string(index) + " in a tree of " +
                                  std::to_string(leaf_hashes.size())};
  return subtree_consistency_proof(leaf_hashes, index, index + 1);
}

MerkleProof consistency_proof(std::span<const Hash256> leaf_hashes, std::uint64_t old_size) {
  return subtree_consistency_proof(leaf_hashes, 0, old_size);
}

bool verify_subtree_consistency(std::uint64_t start, std::uint64_t end, std::uint64_t size,
                                const Hash256& subtree_root, const Hash256& root,
                                std::span<const Hash256> proof) {
  if (start > end || end > size) return false;
  if (start == end) return proof.empty() && subtree_root == empty_root();
  if (!is_subtree(start, end)) return false;
  const auto roots = rebuild(size, start, end, &subtree_root, proof);
  return roots && proof.empty() && roots->subtree == subtree_root && roots->tree == root;
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Hash256& leaf,
                      std::span<const Hash256> proof, const Hash256& root) {
  return index < size && verify_subtree_consistency(index, index + 1, size, leaf, root, proof);
}

bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const Hash256& old_root,
                        const Hash256& root, std::span<const Hash256> proof) {
  return old_size > 0 && verify_subtree_consistency(0, old_size, size, old_root, root, proof);
}

bool verify_subtree_inclusion(std::uint64_t index, std::uint64_t start, std::uint64_t end,
                              const Hash256& leaf, std::span<const Hash256> proof,
                              const Hash256& subtree_root) {
  return is_subtree(start, end) && index >= start && index < end &&
         verify_inclusion(index - start, end - start, leaf, proof, subtree_root);
}

}  // namespace hart::crypto
