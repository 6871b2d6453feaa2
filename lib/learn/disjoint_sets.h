#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

namespace hart::learn {

/// A partition of 0 … n − 1 that any number of threads may coarsen at once. The representative
/// of a set is its lowest member, so the outcome depends on the pairs united alone, not on
/// their order. Source: R. J. Anderson and H. Woll, "Wait-free parallel algorithms for the
/// union-find problem", STOC 1991, with links towards the lower index.
class DisjointSets {
 public:
  explicit DisjointSets(std::uint32_t n) : parent_(n) {
    for (std::uint32_t i = 0; i < n; ++i) parent_[i].store(i, std::memory_order_relaxed);
  }

  /// The lowest member of the set of `i`, as far as other threads' unions are seen.
  [[nodiscard]] std::uint32_t find(std::uint32_t i) noexcept {
    for (;;) {
      std::uint32_t up = parent_[i].load(std::memory_order_relaxed);
      if (up == i) return i;
      const std::uint32_t above = parent_[up].load(std::memory_order_relaxed);
      // Halves the path; whoever loses the race finds it halved already.
      parent_[i].compare_exchange_weak(up, above, std::memory_order_relaxed);
      i = above;
    }
  }

  void unite(std::uint32_t a, std::uint32_t b) noexcept {
    for (;;) {
      a = find(a);
      b = find(b);
      if (a == b) return;
      if (a > b) std::swap(a, b);
      std::uint32_t root = b;
      if (parent_[b].compare_exchange_strong(root, a, std::memory_order_relaxed)) return;
    }
  }

 private:
  std::vector<std::atomic<std::uint32_t>> parent_;
};

}  // namespace hart::learn
