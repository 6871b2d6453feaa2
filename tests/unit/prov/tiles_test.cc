#include "prov/tiles.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tile_samples.h"

namespace hart::prov {
namespace {

std::vector<std::string> tile_paths(std::uint64_t size, std::uint64_t from = 0) {
  std::vector<std::string> paths;
  for (int level = 0; level <= kTopTileLevel; ++level)
    for_each_tile(level, size, from,
                  [&](const TileId& tile) { paths.push_back(tile_path(tile)); });
  return paths;
}

TEST_CASE("tiles: a path has groups of three digits, and its width when it is partial") {
  CHECK(tile_path({0, 0, 256}) == "tile/0/000");
  CHECK(tile_path({0, 999, 1}) == "tile/0/999.p/1");
  CHECK(tile_path({1, 1000, 255}) == "tile/1/x001/000.p/255");
  // The example of the specification.
  CHECK(tile_path({2, 1'234'067, 8}) == "tile/2/x001/x234/067.p/8");
  CHECK(entry_bundle_path({0, 1'234'067, 256}) == "tile/entries/x001/x234/067");
  CHECK(entry_bundle_path({0, 5, 7}) == "tile/entries/005.p/7");
}

TEST_CASE("tiles: the tiles of a tree are those that the specification counts") {
  CHECK(tile_paths(0).empty());
  CHECK(tile_paths(1) == std::vector<std::string>{"tile/0/000.p/1"});
  CHECK(tile_paths(256) == std::vector<std::string>{"tile/0/000", "tile/1/000.p/1"});
  // "A tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0
  // tile of width 112, one full level 1 tile, one partial level 1 tile of width 17, and one
  // partial level 2 tile of width 1."
  const std::vector<std::string> paths = tile_paths(70'000);
  REQUIRE(paths.size() == 273 + 4);
  CHECK(paths[272] == "tile/0/272");
  CHECK(paths[273] == "tile/0/273.p/112");
  CHECK(paths[274] == "tile/1/000");
  CHECK(paths[275] == "tile/1/001.p/17");
  CHECK(paths[276] == "tile/2/000.p/1");
  CHECK(tile_paths(70'000, 273) == std::vector<std::string>{"tile/0/273.p/112"});
  CHECK(tile_paths(70'000, 274).empty());
}

TEST_CASE("tiles: the root over part of a tile is that over the leaves") {
  const std::vector<Hash256> leaves = test::sample_leaves(9);
  test::MemoryTiles tiles{leaves};
  const ByteBuffer tile = tiles.read_tile({0, 0, 9});
  for (std::size_t first = 0; first < 9; ++first) {
    CHECK(tile_hash(tile, first) == leaves[first]);
    for (std::size_t count = 1; first + count <= 9; ++count)
      CHECK(tile_root(tile, first, count) ==
            crypto::merkle_root(std::span<const Hash256>{leaves}.subspan(first, count)));
  }
}

}  // namespace
}  // namespace hart::prov
