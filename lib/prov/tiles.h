#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/bytes.h"
#include "crypto/merkle_range.h"

namespace hart::prov {

/// The tiles that a transparency log is stored and served in: 256 consecutive roots of complete
/// subtrees of 256^level leaves each, concatenated; what lies between two levels of tiles is
/// hashed again when it is needed. Source: c2sp.org/tlog-tiles.
inline constexpr int kTileHeight = 8;
inline constexpr unsigned kTileWidth = 1U << kTileHeight;
inline constexpr std::size_t kHashBytes = sizeof(Hash256);
/// Tiles of a level above it would hold subtrees of more than 2^63 leaves.
inline constexpr int kTopTileLevel = 7;

/// A tile, or the bundle of entries that a tile of level 0 was hashed from.
struct TileId {
  int level = 0;  ///< 0: of leaf hashes
  std::uint64_t index = 0;
  unsigned width = kTileWidth;  ///< hashes in it: 1 to 256; fewer than 256 make a partial tile

  friend bool operator==(const TileId&, const TileId&) = default;
};

/// `tile/<L>/<N>[.p/<W>]`, with N in groups of three digits: tile/2/x001/x234/067.p/8.
[[nodiscard]] std::string tile_path(const TileId& tile);
/// `tile/entries/<N>[.p/<W>]`; the level is not looked at.
[[nodiscard]] std::string entry_bundle_path(const TileId& tile);

/// How many hashes all tiles of `level` hold together for a tree of `size` leaves.
[[nodiscard]] constexpr std::uint64_t tile_hashes(int level, std::uint64_t size) noexcept {
  return level > kTopTileLevel ? 0 : size >> (kTileHeight * level);
}
/// Visits the tiles of `level` for a tree of `size` leaves, from tile `from` on: full ones, and
/// at the end perhaps a partial one.
void for_each_tile(int level, std::uint64_t size, std::uint64_t from,
                   const std::function<void(const TileId&)>& visit);

/// Where tiles are read from.
class TileSource {
 public:
  virtual ~TileSource() = default;
  /// The first `tile.width` hashes of a tile. Throws Error(data) when the tile is missing or
  /// has fewer.
  [[nodiscard]] virtual ByteBuffer read_tile(const TileId& tile) = 0;
};

/// Hash `position` of a tile. Precondition: the tile has it.
[[nodiscard]] Hash256 tile_hash(ByteView tile, std::size_t position);
/// The root over `count` hashes of a tile from `first` on. Precondition: the tile has them.
[[nodiscard]] Hash256 tile_root(ByteView tile, std::size_t first, std::size_t count);

/// A folder of tiles as `export_log` writes it and as a server of files would serve it.
class TileFolder : public TileSource {
 public:
  explicit TileFolder(std::string directory) : directory_{std::move(directory)} {}

  /// Falls back to the full tile, or any wider partial one that a later export left, where the
  /// partial one is gone.
  [[nodiscard]] ByteBuffer read_tile(const TileId& tile) override;

 private:
  std::string directory_;
};

}  // namespace hart::prov
