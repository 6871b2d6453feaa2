#include "index/rtree_pack.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "core/bytes.h"
#include "core/error.h"

namespace hart::index {
namespace {

using store::Scope;
using store::Statement;

constexpr std::size_t kHeaderBytes = 4;
constexpr std::size_t kCellBytes = 8 + 6 * 4;
constexpr std::int64_t kRootNode = 1;

template <typename Value> void append_be(ByteBuffer& out, Value value) {
  for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

/// A node as SQLite keeps it, big-endian: u16 depth of the tree (in the root alone), u16 number
/// of cells; each cell's i64 id and its f32 minimum and maximum axis by axis; zeros.
ByteBuffer encode_node(std::uint16_t depth, std::span<const RtreeCell> cells,
                       std::size_t node_bytes) {
  ByteBuffer bytes;
  bytes.reserve(node_bytes);
  append_be(bytes, depth);
  append_be(bytes, static_cast<std::uint16_t>(cells.size()));
  for (const RtreeCell& cell : cells) {
    append_be(bytes, static_cast<std::uint64_t>(cell.id));
    for (std::size_t axis = 0; axis < 3; ++axis) {
      append_be(bytes, std::bit_cast<std::uint32_t>(cell.min[axis]));
      append_be(bytes, std::bit_cast<std::uint32_t>(cell.max[axis]));
    }
  }
  bytes.resize(node_bytes);
  return bytes;
}

RtreeCell around(std::int64_t node, std::span<const RtreeCell> cells) {
  RtreeCell box{node, cells.front().min, cells.front().max};
  for (const RtreeCell& cell : cells)
    for (std::size_t axis = 0; axis < 3; ++axis) {
      box.min[axis] = std::min(box.min[axis], cell.min[axis]);
      box.max[axis] = std::max(box.max[axis], cell.max[axis]);
    }
  return box;
}

/// Notes in which node each cell of a level lies, by ascending id: the order of that table.
void write_places(store::Connection& db, const std::string& table,
                  std::vector<std::pair<std::int64_t, std::int64_t>> places) {
  std::sort(places.begin(), places.end());
  Statement insert = db.prepare("INSERT INTO " + table + " VALUES (?1, ?2)", Scope::owner);
  for (const auto& [id, node] : places) insert.run(id, node);
}

}  // namespace

void pack_rtree(store::Connection& db, const std::string& name, std::vector<RtreeCell> cells,
                const std::function<void(std::uint64_t)>& progress) {
  if (cells.empty()) return;
  const auto node_bytes = static_cast<std::size_t>(
      db.query_integer("SELECT length(data) FROM " + name + "_node WHERE nodeno = 1"));
  if (node_bytes < kHeaderBytes + 2 * kCellBytes)
    throw Error{Fault::internal,
                "SQLite's R-tree has nodes of " + std::to_string(node_bytes) + " bytes"};
  const std::size_t capacity = (node_bytes - kHeaderBytes) / kCellBytes;
  Statement write =
      db.prepare("INSERT OR REPLACE INTO " + name + "_node VALUES (?1, ?2)", Scope::owner);
  std::int64_t next_node = kRootNode + 1;
  for (std::uint16_t level = 0;; ++level) {
    const bool root = cells.size() <= capacity;
    std::vector<RtreeCell> nodes;
    std::vector<std::pair<std::int64_t, std::int64_t>> places;
    for (std::size_t at = 0; at < cells.size(); at += capacity) {
      const auto held = std::span{cells}.subspan(at, std::min(capacity, cells.size() - at));
      const std::int64_t node = root ? kRootNode : next_node++;
      write.run(node, encode_node(root ? level : 0, held, node_bytes));
      for (const RtreeCell& cell : held) places.emplace_back(cell.id, node);
      nodes.push_back(around(node, held));
      if (level == 0 && progress) progress(at + held.size());
    }
    write_places(db, name + (level == 0 ? "_rowid" : "_parent"), std::move(places));
    if (root) return;
    cells = std::move(nodes);
  }
}

}  // namespace hart::index
