#pragma once

#include <vector>

#include "core/bytes.h"
#include "crypto/merkle.h"
#include "prov/tiles.h"

namespace hart::test {

/// The tiles of a tree of any size whose leaves are all alike: every hash of a level is too.
class UniformTiles : public prov::TileSource {
 public:
  explicit UniformTiles(const Hash256& leaf) : hashes_{leaf} {
    for (int level = 1; level <= prov::kTopTileLevel; ++level) {
      Hash256 hash = hashes_.back();
      for (int i = 0; i < prov::kTileHeight; ++i) hash = crypto::node_hash(hash, hash);
      hashes_.push_back(hash);
    }
  }

  [[nodiscard]] ByteBuffer read_tile(const prov::TileId& tile) override {
    ByteBuffer bytes;
    for (unsigned i = 0; i < tile.width; ++i)
      append(bytes, hashes_.at(static_cast<std::size_t>(tile.level)));
    return bytes;
  }

 private:
  std::vector<Hash256> hashes_;  ///< by level
};

}  // namespace hart::test
