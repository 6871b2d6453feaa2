#include "prov/log_proof.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "tile_samples.h"

namespace hart::prov {
namespace {

TEST_CASE("log proof: roots and proofs from tiles equal those over all leaves") {
  constexpr std::uint64_t kMost = 66'100;
  const std::vector<Hash256> leaves = test::sample_leaves(kMost);
  test::MemoryTiles tiles{leaves};
  LogProver prover{tiles, kMost};
  for (const std::uint64_t size : {1U, 2U, 255U, 256U, 257U, 511U, 65'535U, 65'536U, 66'100U}) {
    const std::span<const Hash256> some{leaves.data(), size};
    const Hash256 root = crypto::merkle_root(some);
    CHECK(prover.root(size) == root);
    for (const std::uint64_t index : {std::uint64_t{0}, size / 3, size / 2, size - 1}) {
      CAPTURE(size);
      CAPTURE(index);
      const crypto::MerkleProof proof = prover.inclusion_proof(index, size);
      CHECK(proof == crypto::inclusion_proof(some, index));
      CHECK(crypto::verify_inclusion(index, size, leaves[index], proof, root));
      const std::uint64_t old_size = index + 1;
      const crypto::MerkleProof older = prover.consistency_proof(old_size, size);
      CHECK(older == crypto::consistency_proof(some, old_size));
      CHECK(crypto::verify_consistency(old_size, size, prover.root(old_size), root, older));
    }
  }
  CHECK(prover.root(0) == crypto::empty_root());
}

TEST_CASE("log proof: what lies outside the tree is refused, and so is what tiles lack") {
  test::MemoryTiles tiles{test::sample_leaves(300)};
  LogProver prover{tiles, 300};
  CHECK_THROWS_AS((void)prover.root(301), Error);
  CHECK_THROWS_AS((void)prover.inclusion_proof(300, 300), Error);
  CHECK_THROWS_AS((void)prover.inclusion_proof(5, 5), Error);
  CHECK_THROWS_AS((void)prover.consistency_proof(0, 5), Error);
  CHECK_THROWS_AS((void)prover.consistency_proof(6, 5), Error);
  CHECK_THROWS_AS((void)prover.consistency_proof(5, 301), Error);
  CHECK_THROWS_AS((void)prover.subtree_root({8, 1}), Error);
  CHECK_THROWS_AS((void)prover.subtree_root({64, 0}), Error);
  tiles.tiles.erase({0, 1});
  LogProver damaged{tiles, 300};
  CHECK_THROWS_AS((void)damaged.inclusion_proof(0, 300), Error);
}

TEST_CASE(
    "log proof: of ten million and a billion leaves 30 hashes and a few tiles are enough") {
  const Hash256 leaf = test::sample_leaf(0);
  test::UniformTiles tiles{leaf};
  for (const std::uint64_t size : {10'000'000ULL, 1'000'000'000ULL}) {
    LogProver prover{tiles, size};
    const Hash256 root = prover.root(size);
    for (std::uint64_t i = 0; i < 40; ++i) {
      const std::uint64_t index = (i * 0x9e3779b97f4a7c15ULL) % size;
      LogProver fresh{tiles, size};
      const crypto::MerkleProof proof = fresh.inclusion_proof(index, size);
      CHECK(proof.size() <= 30);
      CHECK(fresh.tiles_read() <= 8);
      CHECK(crypto::verify_inclusion(index, size, leaf, proof, root));
      const crypto::MerkleProof older = fresh.consistency_proof(index + 1, size);
      CHECK(older.size() <= 31);
      CHECK(crypto::verify_consistency(index + 1, size, prover.root(index + 1), root, older));
    }
  }
}

}  // namespace
}  // namespace hart::prov
