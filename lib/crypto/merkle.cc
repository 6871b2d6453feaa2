#include "crypto/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

#include "crypto/sha256.h"

namespace hart::crypto {

Hash256 leaf_hash(ByteView data) {
  constexpr std::array<std::uint8_t, 1> kLeafPrefix{0x00};
  return sha256_concat({kLeafPrefix, data});
}

Hash256 node_hash(const Hash256& left, const Hash256& right) {
  std::array<std::uint8_t, 65> message;
  message[0] = 0x01;
  std::copy(left.begin(), left.end(), message.begin() + 1);
  std::copy(right.begin(), right.end(), message.begin() + 33);
  return sha256(message);
}

Hash256 empty_root() {
  return sha256({});
}

Hash256 merkle_root(std::span<const Hash256> leaf_hashes) {
  MerkleBuilder builder;
  for (const Hash256& hash : leaf_hashes) builder.add_leaf_hash(hash);
  return builder.root();
}

void MerkleBuilder::add_leaf_hash(const Hash256& hash) {
  Hash256 root = hash;
  // As in counting: every trailing one of the size is a subtree that the new leaf completes.
  for (int carries = std::countr_one(size_); carries > 0; --carries) {
    root = node_hash(subtrees_.back(), root);
    subtrees_.pop_back();
  }
  subtrees_.push_back(root);
  ++size_;
}

Hash256 MerkleBuilder::root() const {
  if (subtrees_.empty()) return empty_root();
  Hash256 root = subtrees_.back();
  for (auto left = subtrees_.rbegin() + 1; left != subtrees_.rend(); ++left)
    root = node_hash(*left, root);
  return root;
}

Hash256 block_root(ByteView bytes, std::size_t block_bytes) {
  assert(block_bytes > 0);
  MerkleBuilder builder;
  while (!bytes.empty()) {
    const std::size_t size = std::min(block_bytes, bytes.size());
    builder.add_leaf_hash(leaf_hash(bytes.first(size)));
    bytes = bytes.subspan(size);
  }
  return builder.root();
}

}  // namespace hart::crypto
