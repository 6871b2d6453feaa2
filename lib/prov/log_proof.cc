#include "prov/log_proof.h"

#include <algorithm>
#include <bit>

#include "core/error.h"

namespace hart::prov {
namespace {

/// As many as two proofs about a tree of 2^40 leaves look at: the path and the right edge.
constexpr std::size_t kKeptTiles = 16;

}  // namespace

void LogProver::check_size(std::uint64_t size) const {
  if (size > size_)
    throw Error{Fault::usage, "transparency log: has " + std::to_string(size_) +
                                  " leaves, not " + std::to_string(size)};
}

ByteView LogProver::tile(int level, std::uint64_t index) {
  const auto known = std::ranges::find_if(kept_, [&](const KeptTile& tile) {
    return tile.id.level == level && tile.id.index == index;
  });
  if (known != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, known);
    return kept_.front().hashes;
  }
  const std::uint64_t left = tile_hashes(level, size_) - index * kTileWidth;
  const TileId id{level, index,
                  static_cast<unsigned>(std::min<std::uint64_t>(left, kTileWidth))};
  kept_.push_front({id, tiles_.read_tile(id)});
  ++tiles_read_;
  if (kept_.size() > kKeptTiles) kept_.pop_back();
  return kept_.front().hashes;
}

Hash256 LogProver::subtree_root(crypto::SubtreeId subtree) {
  if (subtree.level > 63 || subtree.index >= size_ >> subtree.level)
    throw Error{Fault::usage, "transparency log: subtree " + std::to_string(subtree.index) +
                                  " of level " + std::to_string(subtree.level) +
                                  " is not within " + std::to_string(size_) + " leaves"};
  const int level = subtree.level / kTileHeight;
  const int height = subtree.level % kTileHeight;
  const std::uint64_t first = subtree.index << height;
  return tile_root(tile(level, first / kTileWidth), first % kTileWidth,
                   std::size_t{1} << height);
}

Hash256 LogProver::root(std::uint64_t size) {
  check_size(size);
  if (size == 0) return crypto::empty_root();
  return crypto::range_root(
      {0, size}, [this](crypto::SubtreeId subtree) { return subtree_root(subtree); });
}

crypto::MerkleProof LogProver::inclusion_proof(std::uint64_t index, std::uint64_t size) {
  check_size(size);
  if (index >= size)
    throw Error{Fault::usage, "transparency log: leaf " + std::to_string(index) +
                                  " is not among the first " + std::to_string(size)};
  return crypto::assemble_proof(
      crypto::proof_ranges(index, index + 1, size),
      [this](crypto::SubtreeId subtree) { return subtree_root(subtree); });
}

crypto::MerkleProof LogProver::consistency_proof(std::uint64_t old_size, std::uint64_t size) {
  check_size(size);
  if (old_size == 0 || old_size > size)
    throw Error{Fault::usage, "transparency log: the first " + std::to_string(old_size) +
                                  " leaves do not begin a tree of " + std::to_string(size)};
  return crypto::assemble_proof(
      crypto::proof_ranges(0, old_size, size),
      [this](crypto::SubtreeId subtree) { return subtree_root(subtree); });
}

}  // namespace hart::prov
