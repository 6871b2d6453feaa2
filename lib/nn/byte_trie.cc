#include "nn/byte_trie.h"

#include <algorithm>

namespace hart::nn {

ByteTrie::ByteTrie(std::span<const TrieEntry> entries) : nodes_(1) {
  std::vector<TrieEntry> sorted;
  for (const TrieEntry& entry : entries)
    if (!entry.key.empty()) sorted.push_back(entry);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const TrieEntry& a, const TrieEntry& b) { return a.key < b.key; });
  // Breadth first, so that the children of a node lie together: a node and the keys below it.
  struct Pending {
    std::uint32_t node;
    std::size_t begin, end, depth;
  };
  std::vector<Pending> queue{{0, 0, sorted.size(), 0}};
  for (std::size_t next = 0; next < queue.size(); ++next) {
    const Pending here = queue[next];
    std::size_t at = here.begin;
    for (; at < here.end && sorted[at].key.size() == here.depth; ++at)
      nodes_[here.node].value = sorted[at].value;
    nodes_[here.node].children = static_cast<std::uint32_t>(nodes_.size());
    while (at < here.end) {
      const auto byte = static_cast<std::uint8_t>(sorted[at].key[here.depth]);
      std::size_t end = at;
      while (end < here.end && static_cast<std::uint8_t>(sorted[end].key[here.depth]) == byte)
        ++end;
      const auto node = static_cast<std::uint32_t>(nodes_.size());
      nodes_.push_back({.byte = byte});
      ++nodes_[here.node].count;
      if (here.depth == 0) roots_[byte] = node;
      queue.push_back({node, at, end, here.depth + 1});
      at = end;
    }
  }
}

std::uint32_t ByteTrie::child(std::uint32_t node, std::uint8_t byte) const noexcept {
  const auto first = nodes_.begin() + nodes_[node].children;
  const auto end = first + nodes_[node].count;
  const auto found = std::lower_bound(
      first, end, byte,
      [](const Node& child, std::uint8_t wanted) { return child.byte < wanted; });
  if (found == end || found->byte != byte) return 0;
  return static_cast<std::uint32_t>(found - nodes_.begin());
}

}  // namespace hart::nn
