#include "crypto/merkle.h"

#include <doctest/doctest.h>

#include <bit>
#include <string>

#include "core/error.h"
#include "crypto/sha256.h"

namespace hart::crypto {
namespace {

// The eight leaves and the roots over the first n of them that RFC 6962 implementations test
// with.
const char* const kLeaves[] = {"",
                               "00",
                               "10",
                               "2021",
                               "3031",
                               "40414243",
                               "5051525354555657",
                               "606162636465666768696a6b6c6d6e6f"};
const char* const kRoots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

std::vector<Hash256> eight_leaf_hashes() {
  std::vector<Hash256> hashes;
  for (const char* const leaf : kLeaves) hashes.push_back(leaf_hash(from_hex(leaf)));
  return hashes;
}

std::vector<Hash256> numbered_leaf_hashes(std::size_t count) {
  std::vector<Hash256> hashes;
  for (std::size_t i = 0; i < count; ++i)
    hashes.push_back(leaf_hash(as_bytes(std::to_string(i))));
  return hashes;
}

/// RFC 9162, section 2.1.1, word for word.
Hash256 root_by_definition(std::span<const Hash256> leaves) {
  if (leaves.empty()) return sha256({});
  if (leaves.size() == 1) return leaves[0];
  const std::size_t split = std::bit_floor(leaves.size() - 1);
  return node_hash(root_by_definition(leaves.first(split)),
                   root_by_definition(leaves.subspan(split)));
}

TEST_CASE("merkle: the roots over the first n of eight known leaves are the known ones") {
  const std::vector<Hash256> leaves = eight_leaf_hashes();
  MerkleBuilder builder;
  for (std::size_t n = 0; n <= leaves.size(); ++n) {
    CAPTURE(n);
    CHECK(to_hex(merkle_root(std::span{leaves}.first(n))) == kRoots[n]);
    CHECK(builder.size() == n);
    CHECK(to_hex(builder.root()) == kRoots[n]);
    if (n < leaves.size()) builder.add_leaf_hash(leaves[n]);
  }
}

TEST_CASE("merkle: the builder agrees with the recursive definition at every size to 130") {
  const std::vector<Hash256> leaves = numbered_leaf_hashes(130);
  MerkleBuilder builder;
  for (std::size_t n = 0; n < leaves.size(); ++n) {
    builder.add_leaf_hash(leaves[n]);
    REQUIRE(builder.root() == root_by_definition(std::span{leaves}.first(n + 1)));
  }
}

TEST_CASE("merkle: a leaf that looks like a node has another hash than the node") {
  const Hash256 left = leaf_hash(as_bytes("l"));
  const Hash256 right = leaf_hash(as_bytes("r"));
  ByteBuffer joined(left.begin(), left.end());
  joined.insert(joined.end(), right.begin(), right.end());
  CHECK(leaf_hash(joined) != node_hash(left, right));
  CHECK(node_hash(left, right) != node_hash(right, left));
}

TEST_CASE("block_root: cuts into whole blocks and a shorter last one") {
  const ByteBuffer bytes(3 * kBlockBytes + 1, 0x5a);
  const ByteView all{bytes};
  const Hash256 full = leaf_hash(all.first(kBlockBytes));
  const Hash256 last = leaf_hash(all.first(1));
  CHECK(block_root({}) == empty_root());
  CHECK(block_root(all.first(1)) == last);
  CHECK(block_root(all.first(kBlockBytes)) == full);
  CHECK(block_root(all.first(kBlockBytes + 1)) == node_hash(full, last));
  CHECK(block_root(all) == node_hash(node_hash(full, full), node_hash(full, last)));
  CHECK(block_root(all.first(3), 2) == node_hash(leaf_hash(all.first(2)), last));
}

TEST_CASE("inclusion: every leaf of every tree to 33 leaves is proven, and nowhere else") {
  const std::vector<Hash256> leaves = numbered_leaf_hashes(33);
  for (std::size_t n = 1; n <= leaves.size(); ++n) {
    const auto tree = std::span{leaves}.first(n);
    const Hash256 root = merkle_root(tree);
    for (std::size_t i = 0; i < n; ++i) {
      const MerkleProof proof = inclusion_proof(tree, i);
      REQUIRE(verify_inclusion(i, n, leaves[i], proof, root));
      for (std::size_t j = 0; j < n + 2; ++j)
        if (j != i) REQUIRE_FALSE(verify_inclusion(j, n, leaves[i], proof, root));
    }
  }
}

TEST_CASE(
    "inclusion: a changed, missing or surplus digest, another leaf and root are refused") {
  const std::vector<Hash256> leaves = numbered_leaf_hashes(13);
  const Hash256 root = merkle_root(leaves);
  const MerkleProof proof = inclusion_proof(leaves, 9);
  for (std::size_t i = 0; i < proof.size(); ++i) {
    MerkleProof changed = proof;
    changed[i][17] ^= 0x20;
    CHECK_FALSE(verify_inclusion(9, 13, leaves[9], changed, root));
    MerkleProof shorter = proof;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_FALSE(verify_inclusion(9, 13, leaves[9], shorter, root));
  }
  MerkleProof longer = proof;
  longer.push_back(root);
  CHECK_FALSE(verify_inclusion(9, 13, leaves[9], longer, root));
  CHECK_FALSE(verify_inclusion(9, 13, leaves[8], proof, root));
  CHECK_FALSE(verify_inclusion(9, 13, leaves[9], proof, leaves[0]));
  CHECK_FALSE(verify_inclusion(0, 0, leaves[0], {}, empty_root()));
}

TEST_CASE("inclusion: sizes up to the largest number are refused without overflow") {
  const std::vector<Hash256> leaves = numbered_leaf_hashes(2);
  const std::uint64_t most = ~std::uint64_t{0};
  CHECK_FALSE(verify_inclusion(most - 1, most, leaves[0], leaves, leaves[1]));
  CHECK_FALSE(verify_inclusion(most, most, leaves[0], leaves, leaves[1]));
  CHECK_FALSE(verify_consistency(most, most - 1, leaves[0], leaves[1], leaves));
  CHECK_FALSE(verify_subtree_inclusion(1, 1, most, leaves[0], leaves, leaves[1]));
}

TEST_CASE(
    "consistency: every prefix of every tree to 33 leaves is proven, a changed root refused") {
  const std::vector<Hash256> leaves = numbered_leaf_hashes(33);
  for (std::size_t n = 1; n <= leaves.size(); ++n) {
    const auto tree = std::span{leaves}.first(n);
    const Hash256 root = merkle_root(tree);
    for (std::size_t old = 1; old <= n; ++old) {
      const MerkleProof proof = consistency_proof(tree, old);
      const Hash256 old_root = merkle_root(tree.first(old));
      REQUIRE(verify_consistency(old, n, old_root, root, proof));
      Hash256 forged = old_root;
      forged[0] ^= 1;
      REQUIRE_FALSE(verify_consistency(old, n, forged, root, proof));
      REQUIRE_FALSE(verify_consistency(old, n, old_root, forged, proof));
      if (old < n) REQUIRE_FALSE(verify_consistency(old, n, old_root, root, {}));
    }
  }
}

TEST_CASE("consistency: a proof for another old size is refused") {
  const std::vector<Hash256> leaves = numbered_leaf_hashes(21);
  const Hash256 root = merkle_root(leaves);
  const MerkleProof proof = consistency_proof(leaves, 11);
  const Hash256 old_root = merkle_root(std::span{leaves}.first(11));
  for (std::uint64_t old = 0; old <= 22; ++old)
    CHECK(verify_consistency(old, 21, old_root, root, proof) == (old == 11));
}

TEST_CASE("subtrees: every valid one in every tree to 20 leaves is proven against the tree") {
  const std::vector<Hash256> leaves = numbered_leaf_hashes(20);
  for (std::size_t n = 1; n <= leaves.size(); ++n) {
    const auto tree = std::span{leaves}.first(n);
    for (std::size_t start = 0; start < n; ++start)
      for (std::size_t end = start + 1; end <= n; ++end) {
        const bool valid = start % std::bit_ceil(end - start) == 0;
        REQUIRE(is_subtree(start, end) == valid);
        if (!valid) {
          REQUIRE_THROWS_AS((void)subtree_consistency_proof(tree, start, end), Error);
          continue;
        }
        const auto part = tree.subspan(start, end - start);
        const Hash256 part_root = merkle_root(part);
        const MerkleProof proof = subtree_consistency_proof(tree, start, end);
        REQUIRE(verify_subtree_consistency(start, end, n, part_root, merkle_root(tree), proof));
        REQUIRE_FALSE(
            verify_subtree_consistency(start, end, n, empty_root(), merkle_root(tree), proof));
        REQUIRE(verify_subtree_inclusion(start, start, end, leaves[start],
                                         inclusion_proof(part, 0), part_root));
      }
  }
}

TEST_CASE("subtrees: the proof of [0, end) does not pass for a range that is no subtree") {
  const std::vector<Hash256> leaves = numbered_leaf_hashes(8);
  const Hash256 root = merkle_root(leaves);
  const Hash256 prefix_root = merkle_root(std::span{leaves}.first(3));
  const MerkleProof proof = subtree_consistency_proof(leaves, 0, 3);
  CHECK(verify_subtree_consistency(0, 3, 8, prefix_root, root, proof));
  CHECK_FALSE(verify_subtree_consistency(1, 3, 8, prefix_root, root, proof));
}

TEST_CASE("is_subtree: widths over half of all numbers start at 0 only") {
  const std::uint64_t half = std::uint64_t{1} << 63;
  CHECK(is_subtree(0, half + 2));
  CHECK_FALSE(is_subtree(1, half + 2));
  CHECK(is_subtree(half, half + 1));
  CHECK_FALSE(is_subtree(5, 5));
  CHECK_FALSE(is_subtree(6, 5));
}

TEST_CASE("proofs: leaves and sizes outside the tree are a usage error") {
  const std::vector<Hash256> leaves = numbered_leaf_hashes(4);
  CHECK_THROWS_AS((void)inclusion_proof(leaves, 4), Error);
  CHECK_THROWS_AS((void)inclusion_proof({}, 0), Error);
  CHECK_THROWS_AS((void)consistency_proof(leaves, 0), Error);
  CHECK_THROWS_AS((void)consistency_proof(leaves, 5), Error);
}

}  // namespace
}  // namespace hart::crypto
