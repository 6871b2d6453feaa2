#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace hart::index {

/// The atoms that a filter lets through. It never changes once made.
class AtomSet {
 public:
  AtomSet() = default;
  explicit AtomSet(std::vector<std::int64_t> atom_ids)
      : ids_{std::move(atom_ids)}, serial_{next_serial()} {
    if (!std::is_sorted(ids_.begin(), ids_.end())) std::sort(ids_.begin(), ids_.end());
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
  }

  [[nodiscard]] bool contains(std::int64_t atom_id) const noexcept {
    return std::binary_search(ids_.begin(), ids_.end(), atom_id);
  }
  [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }
  /// Ascending, without duplicates.
  [[nodiscard]] std::span<const std::int64_t> ids() const noexcept { return ids_; }
  /// Tells sets of one process apart: sets of one serial are copies of each other. 0 is the
  /// empty set that the default constructor makes. What was derived from a set may be kept
  /// under its serial.
  [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }

 private:
  static std::uint64_t next_serial() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  std::vector<std::int64_t> ids_;
  std::uint64_t serial_ = 0;
};

}  // namespace hart::index
