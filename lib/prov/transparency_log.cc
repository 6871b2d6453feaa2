#include "prov/transparency_log.h"

#include <algorithm>
#include <bit>

#include "core/error.h"

namespace hart::prov {
namespace {

/// Where RFC 9162 splits a tree of `size` > 1 leaves: the largest power of two below it.
std::uint64_t split_of(std::uint64_t size) {
  return std::bit_floor(size - 1);
}

}  // namespace

std::uint64_t TransparencyLog::size() {
  auto last = store_.db().prepare(
      "SELECT leaf_index FROM my_transparency_leaf ORDER BY leaf_index DESC LIMIT 1");
  return last.step() ? static_cast<std::uint64_t>(last.integer(0)) + 1 : 0;
}

Hash256 TransparencyLog::leaf(std::uint64_t index) {
  return node(0, index);
}

Hash256 TransparencyLog::node(int level, std::uint64_t index) {
  auto row =
      level == 0
          ? store_.db().prepare("SELECT hash FROM my_transparency_leaf WHERE leaf_index = ?")
          : store_.db().prepare(
                "SELECT hash FROM my_transparency_node"
                " WHERE node_index = ? AND level = ?");
  row.bind(1, index);
  if (level != 0) row.bind(2, level);
  if (!row.step())
    throw Error{Fault::data, "transparency log: node " + std::to_string(index) + " of level " +
                                 std::to_string(level) + " is missing"};
  return row.hash(0);
}

std::uint64_t TransparencyLog::append(const Hash256& leaf) {
  store::Connection& db = store_.db();
  const std::uint64_t index = size();
  db.prepare("INSERT INTO transparency_leaf (tenant_id, leaf_index, hash) VALUES (?, ?, ?)",
             store::Scope::owner)
      .run(store_.tenant_id(), index, leaf);

  auto insert = db.prepare(
      "INSERT INTO transparency_node (tenant_id, level, node_index, hash) VALUES (?, ?, ?, ?)",
      store::Scope::owner);
  // A right child completes its parent.
  Hash256 hash = leaf;
  std::uint64_t at = index;
  for (int level = 0; at % 2 == 1; ++level, at /= 2) {
    hash = crypto::node_hash(node(level, at - 1), hash);
    insert.run(store_.tenant_id(), level + 1, at / 2, hash);
  }
  return index;
}

Hash256 TransparencyLog::range_root(std::uint64_t start, std::uint64_t end) {
  const std::uint64_t count = end - start;
  if (std::has_single_bit(count)) return node(std::countr_zero(count), start / count);
  const std::uint64_t middle = start + split_of(count);
  return crypto::node_hash(range_root(start, middle), range_root(middle, end));
}

void TransparencyLog::check_size(std::uint64_t size) {
  const std::uint64_t known = this->size();
  if (size > known)
    throw Error{Fault::usage, "transparency log: has " + std::to_string(known) +
                                  " leaves, not " + std::to_string(size)};
}

Hash256 TransparencyLog::root(std::uint64_t size) {
  check_size(size);
  return size == 0 ? crypto::empty_root() : range_root(0, size);
}

crypto::MerkleProof TransparencyLog::inclusion_proof(std::uint64_t index, std::uint64_t size) {
  check_size(size);
  if (index >= size)
    throw Error{Fault::usage, "transparency log: leaf " + std::to_string(index) +
                                  " is not among the first " + std::to_string(size)};
  crypto::MerkleProof proof;
  std::uint64_t start = 0;
  std::uint64_t end = size;
  // From the root down; the sibling of each step is one stored node, but for at most one that
  // ends at the ragged right edge.
  while (end - start > 1) {
    const std::uint64_t middle = start + split_of(end - start);
    if (index < middle) {
      proof.push_back(range_root(middle, end));
      end = middle;
    } else {
      proof.push_back(range_root(start, middle));
      start = middle;
    }
  }
  std::ranges::reverse(proof);
  return proof;
}

}  // namespace hart::prov
