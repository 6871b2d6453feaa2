#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/merkle.h"
#include "prov/tiles.h"
#include "support/uniform_tiles.h"

namespace hart::test {

inline Hash256 sample_leaf(std::uint64_t index) {
  return crypto::leaf_hash(as_bytes("leaf " + std::to_string(index)));
}

inline std::vector<Hash256> sample_leaves(std::uint64_t count) {
  std::vector<Hash256> leaves;
  for (std::uint64_t i = 0; i < count; ++i) leaves.push_back(sample_leaf(i));
  return leaves;
}

/// The tiles of a tree, built as the specification defines them.
class MemoryTiles : public prov::TileSource {
 public:
  explicit MemoryTiles(std::vector<Hash256> hashes) {
    for (int level = 0; !hashes.empty(); ++level) {
      std::vector<Hash256> above;
      for (std::size_t first = 0; first < hashes.size(); first += prov::kTileWidth) {
        ByteBuffer tile;
        for (std::size_t i = first; i < hashes.size() && i < first + prov::kTileWidth; ++i)
          append(tile, hashes[i]);
        if (tile.size() == prov::kTileWidth * prov::kHashBytes)
          above.push_back(crypto::merkle_root(
              std::span<const Hash256>{hashes}.subspan(first, prov::kTileWidth)));
        tiles[{level, first / prov::kTileWidth}] = std::move(tile);
      }
      hashes = std::move(above);
    }
  }

  [[nodiscard]] ByteBuffer read_tile(const prov::TileId& tile) override {
    const auto found = tiles.find({tile.level, tile.index});
    if (found == tiles.end() || found->second.size() < tile.width * prov::kHashBytes)
      throw Error{Fault::data, prov::tile_path(tile) + " is missing"};
    return {found->second.begin(),
            found->second.begin() + static_cast<std::ptrdiff_t>(tile.width * prov::kHashBytes)};
  }

  std::map<std::pair<int, std::uint64_t>, ByteBuffer> tiles;
};

}  // namespace hart::test
