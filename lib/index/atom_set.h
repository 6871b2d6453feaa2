#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hart::index {

/// The atoms that a filter lets through.
class AtomSet {
 public:
  AtomSet() = default;
  explicit AtomSet(std::vector<std::int64_t> atom_ids) : ids_{std::move(atom_ids)} {
    std::sort(ids_.begin(), ids_.end());
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
  }

  [[nodiscard]] bool contains(std::int64_t atom_id) const noexcept {
    return std::binary_search(ids_.begin(), ids_.end(), atom_id);
  }
  [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }

 private:
  std::vector<std::int64_t> ids_;  ///< ascending, without duplicates
};

}  // namespace hart::index
