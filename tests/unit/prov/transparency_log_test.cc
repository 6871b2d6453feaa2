#include "prov/transparency_log.h"

#include <doctest/doctest.h>

#include <vector>

#include "core/error.h"
#include "fixture.h"

namespace hart::prov {
namespace {

Hash256 leaf_of(std::uint64_t index) {
  return crypto::leaf_hash(as_bytes("leaf " + std::to_string(index)));
}

TEST_CASE("transparency log: roots and proofs of every size equal those over all leaves") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  TransparencyLog log{store};
  CHECK(log.size() == 0);
  CHECK(log.root(0) == crypto::empty_root());

  constexpr std::uint64_t kLeaves = 35;
  std::vector<Hash256> leaves;
  store::WriteTransaction transaction{store};
  for (std::uint64_t i = 0; i < kLeaves; ++i) {
    CHECK(log.append(leaf_of(i)) == i);
    leaves.push_back(leaf_of(i));
    CHECK(log.root(i + 1) == crypto::merkle_root(leaves));
  }
  transaction.commit();

  for (std::uint64_t size = 1; size <= kLeaves; ++size) {
    const std::span<const Hash256> some{leaves.data(), size};
    for (std::uint64_t index = 0; index < size; ++index) {
      CAPTURE(size);
      CAPTURE(index);
      const crypto::MerkleProof proof = log.inclusion_proof(index, size);
      CHECK(proof == crypto::inclusion_proof(some, index));
      CHECK(crypto::verify_inclusion(index, size, leaf_of(index), proof, log.root(size)));
    }
  }
}

TEST_CASE("transparency log: what lies outside the log is refused") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  TransparencyLog log{store};
  store::WriteTransaction transaction{store};
  (void)log.append(leaf_of(0));
  transaction.commit();
  CHECK_THROWS_AS((void)log.root(2), Error);
  CHECK_THROWS_AS((void)log.inclusion_proof(1, 1), Error);
  CHECK_THROWS_AS((void)log.inclusion_proof(0, 2), Error);
  CHECK_THROWS_AS((void)log.leaf(1), Error);
}

TEST_CASE("transparency log: each tenant has its own") {
  const test::ScratchStore scratch{test::prov_modules()};
  scratch.add_tenant("other");
  store::Store mine = scratch.open();
  store::Store theirs = scratch.open("other");
  {
    store::WriteTransaction transaction{mine};
    (void)TransparencyLog{mine}.append(leaf_of(0));
    transaction.commit();
  }
  CHECK(TransparencyLog{theirs}.size() == 0);
  {
    store::WriteTransaction transaction{theirs};
    CHECK(TransparencyLog{theirs}.append(leaf_of(9)) == 0);
    transaction.commit();
  }
  CHECK(TransparencyLog{mine}.leaf(0) == leaf_of(0));
  CHECK(TransparencyLog{theirs}.leaf(0) == leaf_of(9));
}

TEST_CASE("transparency log: a leaf can be neither changed nor deleted") {
  const test::ScratchStore scratch{test::prov_modules()};
  {
    store::Store store = scratch.open();
    store::WriteTransaction transaction{store};
    (void)TransparencyLog{store}.append(leaf_of(0));
    (void)TransparencyLog{store}.append(leaf_of(1));
    transaction.commit();
  }
  for (const char* table : {"transparency_leaf", "transparency_node"}) {
    CAPTURE(table);
    CHECK(scratch.tamper("UPDATE " + std::string{table} + " SET hash = zeroblob(32)")
              .find("never changed") != std::string::npos);
    CHECK(scratch.tamper("DELETE FROM " + std::string{table}).find("never shortened") !=
          std::string::npos);
  }
}

}  // namespace
}  // namespace hart::prov
