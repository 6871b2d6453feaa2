#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace hart::store {

/// A set of row ids: one bit each, in pages that are made when their first id comes, so that
/// its size follows the number of ids and not the largest. Ids are positive.
class IdSet {
 public:
  /// True when the id is new.
  bool insert(std::int64_t id) {
    const auto number = static_cast<std::uint64_t>(id);
    const std::size_t page = number / kPageBits;
    if (page >= pages_.size()) pages_.resize(page + 1);
    if (!pages_[page]) pages_[page] = std::make_unique<Page>();
    std::uint64_t& word = (*pages_[page])[number % kPageBits / 64];
    const std::uint64_t bit = std::uint64_t{1} << (number % 64);
    const bool fresh = (word & bit) == 0;
    word |= bit;
    return fresh;
  }

  [[nodiscard]] bool contains(std::int64_t id) const noexcept {
    const auto number = static_cast<std::uint64_t>(id);
    const std::size_t page = number / kPageBits;
    return page < pages_.size() && pages_[page] &&
           ((*pages_[page])[number % kPageBits / 64] >> (number % 64) & 1) != 0;
  }

 private:
  static constexpr std::size_t kPageBits = std::size_t{1} << 15;
  using Page = std::array<std::uint64_t, kPageBits / 64>;
  std::vector<std::unique_ptr<Page>> pages_;
};

}  // namespace hart::store
