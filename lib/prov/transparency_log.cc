#include "prov/transparency_log.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/endian.h"
#include "core/error.h"

namespace hart::prov {

std::uint64_t TransparencyLog::size() {
  auto last = store_.db().prepare(
      "SELECT tile_index, length(hashes) FROM my_transparency_tile WHERE level = 0"
      " ORDER BY tile_index DESC LIMIT 1");
  if (!last.step()) return 0;
  return static_cast<std::uint64_t>(last.integer(0)) * kTileWidth +
         static_cast<std::uint64_t>(last.integer(1)) / kHashBytes;
}

ByteBuffer TransparencyLog::read_tile(const TileId& tile) {
  auto row = store_.db().prepare(
      "SELECT hashes FROM my_transparency_tile WHERE level = ? AND tile_index = ?");
  const std::size_t bytes = tile.width * kHashBytes;
  if (!row.with(tile.level, tile.index).step() || row.blob(0).size() < bytes)
    throw Error{Fault::data, "transparency log: " + tile_path(tile) + " is missing"};
  const ByteView hashes = row.blob(0).first(bytes);
  return {hashes.begin(), hashes.end()};
}

LogProver& TransparencyLog::prover() {
  const std::uint64_t now = size();
  if (!prover_ || prover_->size() != now) prover_.emplace(*this, now);
  return *prover_;
}

Hash256 TransparencyLog::leaf(std::uint64_t index) {
  const auto position = static_cast<unsigned>(index % kTileWidth);
  return tile_hash(read_tile({0, index / kTileWidth, position + 1}), position);
}

std::uint64_t TransparencyLog::append(std::span<const Hash256> leaves) {
  const std::uint64_t first = size();
  append_hashes(0, first, leaves);
  return first;
}

void TransparencyLog::append_hashes(int level, std::uint64_t position,
                                    std::span<const Hash256> hashes) {
  store::Connection& db = store_.db();
  auto insert = db.prepare(
      "INSERT INTO transparency_tile (tenant_id, level, tile_index, hashes)"
      " VALUES (?, ?, ?, ?)",
      store::Scope::owner);
  auto extend = db.prepare(
      "UPDATE transparency_tile SET hashes = ?"
      " WHERE tenant_id = ? AND level = ? AND tile_index = ?",
      store::Scope::owner);
  std::vector<Hash256> completed;
  std::uint64_t at = position;
  while (!hashes.empty()) {
    const std::uint64_t index = at / kTileWidth;
    const auto held = static_cast<unsigned>(at % kTileWidth);
    const std::size_t added = std::min<std::size_t>(kTileWidth - held, hashes.size());
    ByteBuffer tile;
    if (held > 0) tile = read_tile({level, index, held});
    for (const Hash256& hash : hashes.first(added)) hart::append(tile, hash);
    if (held > 0)
      extend.run(tile, store_.tenant_id(), level, index);
    else
      insert.run(store_.tenant_id(), level, index, tile);
    if (held + added == kTileWidth) completed.push_back(tile_root(tile, 0, kTileWidth));
    hashes = hashes.subspan(added);
    at += added;
  }
  // A full tile is one hash of the level above; every full tile before it has its own there.
  if (!completed.empty()) append_hashes(level + 1, position / kTileWidth, completed);
}

}  // namespace hart::prov
