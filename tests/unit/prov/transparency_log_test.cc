#include "prov/transparency_log.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "core/error.h"
#include "fixture.h"
#include "tile_samples.h"

namespace hart::prov {
namespace {

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
    CHECK(log.append(test::sample_leaf(i)) == i);
    leaves.push_back(test::sample_leaf(i));
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
      CHECK(crypto::verify_inclusion(index, size, test::sample_leaf(index), proof,
                                     log.root(size)));
    }
  }
}

TEST_CASE("transparency log: what lies outside the log is refused") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  TransparencyLog log{store};
  store::WriteTransaction transaction{store};
  (void)log.append(test::sample_leaf(0));
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
    (void)TransparencyLog{mine}.append(test::sample_leaf(0));
    transaction.commit();
  }
  CHECK(TransparencyLog{theirs}.size() == 0);
  {
    store::WriteTransaction transaction{theirs};
    CHECK(TransparencyLog{theirs}.append(test::sample_leaf(9)) == 0);
    transaction.commit();
  }
  CHECK(TransparencyLog{mine}.leaf(0) == test::sample_leaf(0));
  CHECK(TransparencyLog{theirs}.leaf(0) == test::sample_leaf(9));
}

TEST_CASE("transparency log: leaves in groups make the tiles that they make one by one") {
  constexpr std::uint64_t kLeaves = 66'000;
  const std::vector<Hash256> leaves = test::sample_leaves(kLeaves);
  const test::MemoryTiles expected{leaves};
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  TransparencyLog log{store};
  const std::span<const Hash256> all{leaves};
  std::uint64_t at = 0;
  for (const std::uint64_t group : {0U, 1U, 254U, 1U, 1U, 300U, 65'000U, 443U}) {
    store::WriteTransaction transaction{store};
    CHECK(log.append(all.subspan(at, group)) == at);
    transaction.commit();
    at += group;
    CHECK(log.size() == at);
  }
  REQUIRE(at == kLeaves);
  for (const auto& tile_of_place : expected.tiles) {
    const auto& place = tile_of_place.first;
    const auto& hashes = tile_of_place.second;
    CAPTURE(place.first);
    CAPTURE(place.second);
    const TileId tile{place.first, place.second,
                      static_cast<unsigned>(hashes.size() / kHashBytes)};
    CHECK(log.read_tile(tile) == hashes);
  }
  CHECK(store.db().query_integer("SELECT count(*) FROM transparency_tile") ==
        static_cast<std::int64_t>(expected.tiles.size()));
  CHECK(log.root(kLeaves) == crypto::merkle_root(leaves));
  CHECK(log.leaf(65'999) == leaves[65'999]);
  const crypto::MerkleProof proof = log.consistency_proof(300, kLeaves);
  CHECK(crypto::verify_consistency(300, kLeaves, crypto::merkle_root(all.first(300)),
                                   log.root(kLeaves), proof));
}

TEST_CASE("transparency log: leaves that were not committed are not in it") {
  const test::ScratchStore scratch{test::prov_modules()};
  store::Store store = scratch.open();
  TransparencyLog log{store};
  {
    store::WriteTransaction transaction{store};
    (void)log.append(test::sample_leaves(3));
  }
  CHECK(log.size() == 0);
  store::WriteTransaction transaction{store};
  CHECK(log.append(test::sample_leaves(2)) == 0);
  transaction.commit();
  CHECK(log.root(2) == crypto::merkle_root(test::sample_leaves(2)));
}

TEST_CASE("transparency log: a tile can grow, and be neither changed nor deleted") {
  const test::ScratchStore scratch{test::prov_modules()};
  {
    store::Store store = scratch.open();
    store::WriteTransaction transaction{store};
    (void)TransparencyLog{store}.append(test::sample_leaves(2));
    transaction.commit();
  }
  for (const char* change : {"hashes = zeroblob(64)", "hashes = substr(hashes, 1, 32)",
                             "tile_index = 1", "level = 1", "tenant_id = 2"}) {
    CAPTURE(change);
    CHECK(scratch.tamper("UPDATE transparency_tile SET " + std::string{change})
              .find("never changed") != std::string::npos);
  }
  CHECK(scratch.tamper("DELETE FROM transparency_tile").find("never shortened") !=
        std::string::npos);
}

TEST_CASE("transparency log: the rows of an older store become tiles") {
  constexpr std::uint64_t kLeaves = 600;
  const std::vector<Hash256> leaves = test::sample_leaves(kLeaves);
  const test::ScratchStore scratch{std::array{store::catalog_schema()}};
  store::Connection db{scratch.directory() + "/hart.db", store::Connection::Mode::read_write,
                       10'000};
  for (const store::Migration& step : prov_schema().migrations)
    if (step.version < 4) db.exec(step.sql);
  auto leaf = db.prepare("INSERT INTO transparency_leaf VALUES (1, ?, ?)", store::Scope::owner);
  auto node =
      db.prepare("INSERT INTO transparency_node VALUES (1, ?, ?, ?)", store::Scope::owner);
  db.exec("BEGIN");
  for (std::uint64_t i = 0; i < kLeaves; ++i) leaf.run(i, leaves[i]);
  for (int level = 1; level <= 9; ++level)
    for (std::uint64_t i = 0; i < kLeaves >> level; ++i)
      node.run(level, i,
               crypto::merkle_root(std::span<const Hash256>{leaves}.subspan(
                   i << level, std::size_t{1} << level)));
  db.exec("COMMIT");
  for (const store::Migration& step : prov_schema().migrations)
    if (step.version == 4) db.exec(step.sql);

  store::Store store = scratch.open();
  TransparencyLog log{store};
  CHECK(log.size() == kLeaves);
  const test::MemoryTiles expected{leaves};
  for (const auto& [place, hashes] : expected.tiles)
    CHECK(log.read_tile({place.first, place.second,
                         static_cast<unsigned>(hashes.size() / kHashBytes)}) == hashes);
  CHECK(log.root(kLeaves) == crypto::merkle_root(leaves));
}

}  // namespace
}  // namespace hart::prov
