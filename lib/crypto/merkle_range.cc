#include "crypto/merkle_range.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <string>

#include "core/error.h"

namespace hart::crypto {

std::vector<SubtreeId> complete_subtrees(LeafRange range) {
  assert(is_subtree(range.start, range.end));
  std::vector<SubtreeId> subtrees;
  for (std::uint64_t at = range.start; at < range.end;) {
    const std::uint64_t width = std::bit_floor(range.end - at);
    subtrees.push_back({std::countr_zero(width), at / width});
    at += width;
  }
  return subtrees;
}

std::vector<LeafRange> proof_ranges(std::uint64_t start, std::uint64_t end,
                                    std::uint64_t size) {
  if (!is_subtree(start, end) || end > size)
    throw Error{Fault::usage, "leaves " + std::to_string(start) + " to " + std::to_string(end) +
                                  " are no subtree of a tree of " + std::to_string(size)};
  std::vector<LeafRange> ranges;
  std::uint64_t low = 0;
  std::uint64_t high = size;
  // Whether [start, end) is still the subtree in question, whose root the verifier has.
  bool known = true;
  while (start != low || end != high) {
    const std::uint64_t split = low + std::bit_floor(high - low - 1);
    if (end <= split) {
      ranges.push_back({split, high});
      high = split;
      continue;
    }
    ranges.push_back({low, split});
    low = split;
    if (start < split) {
      start = split;
      known = false;
    }
  }
  if (!known) ranges.push_back({low, high});
  std::ranges::reverse(ranges);
  return ranges;
}

Hash256 range_root(LeafRange range, const SubtreeRoot& root_of) {
  const std::vector<SubtreeId> subtrees = complete_subtrees(range);
  Hash256 root = root_of(subtrees.back());
  for (auto left = subtrees.rbegin() + 1; left != subtrees.rend(); ++left)
    root = node_hash(root_of(*left), root);
  return root;
}

MerkleProof assemble_proof(std::span<const LeafRange> ranges, const SubtreeRoot& root_of) {
  MerkleProof proof;
  proof.reserve(ranges.size());
  for (const LeafRange& range : ranges) proof.push_back(range_root(range, root_of));
  return proof;
}

}  // namespace hart::crypto
