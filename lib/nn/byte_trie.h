#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hart::nn {

/// A string to find and what it stands for.
struct TrieEntry {
  std::string_view key;
  std::int32_t value;  ///< not negative
};

/// Finds which of many strings begin at a place in a text, in one walk. Immutable.
class ByteTrie {
 public:
  ByteTrie() : ByteTrie{std::span<const TrieEntry>{}} {}
  /// Empty keys are left out; of equal keys the last counts. The keys need not outlive this.
  explicit ByteTrie(std::span<const TrieEntry> entries);

  /// Calls visit(length, value) for every key that `text` begins with, shortest first.
  template <typename Visit>
  void for_each_prefix(std::string_view text, const Visit& visit) const {
    std::uint32_t node = text.empty() ? 0 : roots_[static_cast<std::uint8_t>(text[0])];
    for (std::size_t length = 1; node != 0; ++length) {
      if (nodes_[node].value >= 0) visit(length, nodes_[node].value);
      if (length == text.size()) return;
      node = child(node, static_cast<std::uint8_t>(text[length]));
    }
  }

  /// The longest key that `text` begins with; length 0 when there is none.
  struct Found {
    std::size_t length = 0;
    std::int32_t value = -1;
  };
  [[nodiscard]] Found longest_prefix(std::string_view text) const noexcept {
    Found found;
    for_each_prefix(text, [&](std::size_t length, std::int32_t value) {
      found = {length, value};
    });
    return found;
  }

  /// True when a key begins with `byte`.
  [[nodiscard]] bool may_begin(char byte) const noexcept {
    return roots_[static_cast<std::uint8_t>(byte)] != 0;
  }
  [[nodiscard]] bool empty() const noexcept { return nodes_.size() == 1; }

 private:
  struct Node {
    std::uint32_t children = 0;  ///< index of the first; they lie in the order of their bytes
    std::uint16_t count = 0;
    std::uint8_t byte = 0;
    std::int32_t value = -1;
  };
  [[nodiscard]] std::uint32_t child(std::uint32_t node, std::uint8_t byte) const noexcept;

  std::vector<Node> nodes_;  ///< node 0 is no node
  std::array<std::uint32_t, 256> roots_{};
};

}  // namespace hart::nn
