#include "prov/tiles.h"

#include <algorithm>
#include <cassert>
#include <filesystem>

#include "core/error.h"
#include "core/mapped_file.h"
#include "crypto/merkle.h"

namespace hart::prov {
namespace {

std::string three_digits(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(3 - digits.size(), '0') + digits;
}

/// All groups of three digits but the last begin with an x, so that no file has the name of a
/// folder.
std::string index_path(std::uint64_t index) {
  std::string path = three_digits(index % 1000);
  for (index /= 1000; index > 0; index /= 1000)
    path.insert(0, "x" + three_digits(index % 1000) + "/");
  return path;
}

std::string partial_suffix(unsigned width) {
  assert(width >= 1 && width <= kTileWidth);
  return width == kTileWidth ? "" : ".p/" + std::to_string(width);
}

}  // namespace

std::string tile_path(const TileId& tile) {
  return "tile/" + std::to_string(tile.level) + "/" + index_path(tile.index) +
         partial_suffix(tile.width);
}

std::string entry_bundle_path(const TileId& tile) {
  return "tile/entries/" + index_path(tile.index) + partial_suffix(tile.width);
}

void for_each_tile(int level, std::uint64_t size, std::uint64_t from,
                   const std::function<void(const TileId&)>& visit) {
  const std::uint64_t hashes = tile_hashes(level, size);
  for (std::uint64_t index = from; index < hashes / kTileWidth; ++index)
    visit({level, index, kTileWidth});
  const auto rest = static_cast<unsigned>(hashes % kTileWidth);
  if (rest > 0 && hashes / kTileWidth >= from) visit({level, hashes / kTileWidth, rest});
}

Hash256 tile_hash(ByteView tile, std::size_t position) {
  assert((position + 1) * kHashBytes <= tile.size());
  Hash256 hash;
  std::ranges::copy(tile.subspan(position * kHashBytes, kHashBytes), hash.begin());
  return hash;
}

Hash256 tile_root(ByteView tile, std::size_t first, std::size_t count) {
  crypto::MerkleBuilder builder;
  for (std::size_t i = first; i < first + count; ++i) builder.add_leaf_hash(tile_hash(tile, i));
  return builder.root();
}

ByteBuffer TileFolder::read_tile(const TileId& tile) {
  namespace fs = std::filesystem;
  // Immutable: a wider tile begins with the hashes of a narrower.
  for (TileId wider = tile; wider.width <= kTileWidth; ++wider.width) {
    const std::string path = directory_ + "/" + tile_path(wider);
    std::error_code error;
    if (!fs::is_regular_file(path, error)) continue;
    const MappedFile file{path};
    const ByteView bytes = file.bytes();
    if (bytes.size() != wider.width * kHashBytes)
      throw Error{Fault::data, path + ": expected " + std::to_string(wider.width) +
                                   " hashes, not " + std::to_string(bytes.size()) + " bytes"};
    const ByteView wanted = bytes.first(tile.width * kHashBytes);
    return {wanted.begin(), wanted.end()};
  }
  throw Error{Fault::data, directory_ + ": " + tile_path(tile) + " is missing"};
}

}  // namespace hart::prov
