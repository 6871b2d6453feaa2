#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace hart::nn {

/// A stretch of text on its way to becoming a token: a link of a doubly linked list.
struct Symbol {
  std::int32_t previous;  ///< index of the neighbour, -1 at the ends
  std::int32_t next;
  std::uint32_t begin;  ///< byte offset
  std::uint32_t size;   ///< bytes; 0 once merged into its left neighbour
  std::int32_t id;      ///< the caller's: a token, a vocabulary entry, or -1
};

/// What two neighbours become, and how much it is wanted: lower priorities merge first.
struct MergeRule {
  double priority;
  std::int32_t id;
};

/// Byte-pair encoding's inner loop: merges neighbouring symbols, best rule first and leftmost
/// among equals, until no rule applies. O(n log n) in the number of symbols. Keeps its memory
/// from one run to the next, so one object serves one thread.
class SymbolMerger {
 public:
  /// Starts a new sequence.
  void clear() noexcept {
    symbols_.clear();
    queue_.clear();
  }
  /// Appends a symbol to the sequence.
  void add(std::uint32_t begin, std::uint32_t size, std::int32_t id) {
    const auto index = static_cast<std::int32_t>(symbols_.size());
    if (index > 0) symbols_.back().next = index;
    symbols_.push_back({index - 1, -1, begin, size, id});
  }
  /// Merges. `find(const Symbol& left, const Symbol& right)` gives std::optional<MergeRule>.
  template <typename Find> void run(const Find& find);
  /// Calls visit(const Symbol&) for what is left, in order.
  template <typename Visit> void for_each(const Visit& visit) const {
    if (symbols_.empty()) return;
    for (std::int32_t i = 0; i >= 0; i = symbols_[i].next) visit(symbols_[i]);
  }

 private:
  struct Candidate {
    double priority;
    std::int32_t left, right;
    std::uint32_t size;  ///< of both together: a candidate of another size is out of date
    std::int32_t id;
    /// Heap order: the best is the greatest.
    bool operator<(const Candidate& other) const noexcept {
      return priority != other.priority ? priority > other.priority : left > other.left;
    }
  };

  template <typename Find>
  void propose(std::int32_t left, std::int32_t right, const Find& find) {
    if (left < 0 || right < 0) return;
    const Symbol& a = symbols_[left];
    const Symbol& b = symbols_[right];
    const std::optional<MergeRule> rule = find(a, b);
    if (!rule) return;
    queue_.push_back({rule->priority, left, right, a.size + b.size, rule->id});
    std::push_heap(queue_.begin(), queue_.end());
  }

  std::vector<Symbol> symbols_;
  std::vector<Candidate> queue_;
};

template <typename Find> void SymbolMerger::run(const Find& find) {
  for (std::size_t i = 1; i < symbols_.size(); ++i)
    propose(static_cast<std::int32_t>(i) - 1, static_cast<std::int32_t>(i), find);
  while (!queue_.empty()) {
    std::pop_heap(queue_.begin(), queue_.end());
    const Candidate best = queue_.back();
    queue_.pop_back();
    Symbol& left = symbols_[best.left];
    Symbol& right = symbols_[best.right];
    if (left.size == 0 || right.size == 0 || left.size + right.size != best.size) continue;
    left.size = best.size;
    left.id = best.id;
    left.next = right.next;
    if (right.next >= 0) symbols_[right.next].previous = best.left;
    right.size = 0;
    propose(left.previous, best.left, find);
    propose(best.left, left.next, find);
  }
}

}  // namespace hart::nn
