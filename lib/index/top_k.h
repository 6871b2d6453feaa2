#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace hart::index {

/// A stored vector and how far it is from the query.
struct Neighbor {
  double distance = 0;
  std::int64_t atom_id = 0;
  std::int64_t embedding_id = 0;

  bool operator==(const Neighbor&) const = default;
};

/// The order of every result list: nearest first, equal distances by ascending atom id.
[[nodiscard]] inline bool nearer(const Neighbor& a, const Neighbor& b) noexcept {
  return std::tie(a.distance, a.atom_id) < std::tie(b.distance, b.atom_id);
}

/// Keeps the k nearest of what it is offered. The order of the offers does not matter, so parts
/// that were scanned apart can be merged in any order.
class TopK {
 public:
  explicit TopK(std::size_t k) : k_{k} {}

  /// False when nothing at this distance can be among the kept: no need to offer it.
  [[nodiscard]] bool takes(double distance) const noexcept {
    return heap_.size() < k_ || (k_ > 0 && distance <= heap_.front().distance);
  }

  void offer(const Neighbor& neighbor) {
    if (heap_.size() < k_) {
      heap_.push_back(neighbor);
      std::push_heap(heap_.begin(), heap_.end(), nearer);
    } else if (k_ > 0 && nearer(neighbor, heap_.front())) {
      std::pop_heap(heap_.begin(), heap_.end(), nearer);
      heap_.back() = neighbor;
      std::push_heap(heap_.begin(), heap_.end(), nearer);
    }
  }

  void merge(const TopK& other) {
    for (const Neighbor& neighbor : other.heap_) offer(neighbor);
  }

  /// Nearest first.
  [[nodiscard]] std::vector<Neighbor> sorted() const {
    std::vector<Neighbor> neighbors = heap_;
    std::sort_heap(neighbors.begin(), neighbors.end(), nearer);
    return neighbors;
  }

 private:
  std::size_t k_;
  std::vector<Neighbor> heap_;  ///< a max-heap: the farthest of the kept is at the front
};

}  // namespace hart::index
