#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tensor/rans.h"

namespace hart::tensor {

/// Counts symbols by context. Neighbours go to different copies of the counts, so that equal
/// ones do not wait for each other.
class SymbolCounter {
 public:
  void start(std::size_t contexts) { counts_.assign(contexts * kCopies, RansCounts{}); }

  void count(const std::uint8_t* contexts, const std::uint8_t* symbols,
             std::size_t n) noexcept {
    RansCounts* counts = counts_.data();
    std::size_t i = 0;
    for (; i + kCopies <= n; i += kCopies)
      for (std::size_t c = 0; c < kCopies; ++c)
        ++counts[contexts[i + c] * kCopies + c][symbols[i + c]];
    for (; i < n; ++i) ++counts[contexts[i] * kCopies][symbols[i]];
  }

  /// The same for symbols that share one context.
  void count(std::uint8_t context, const std::uint8_t* symbols, std::size_t n) noexcept {
    RansCounts* counts = &counts_[context * kCopies];
    std::size_t i = 0;
    for (; i + kCopies <= n; i += kCopies)
      for (std::size_t c = 0; c < kCopies; ++c) ++counts[c][symbols[i + c]];
    for (; i < n; ++i) ++counts[0][symbols[i]];
  }

  /// Replaces `tables` by those of the counts.
  void make_tables(RansTables& tables) const {
    tables.clear();
    for (std::size_t i = 0; i < counts_.size(); i += kCopies) {
      RansCounts sum{};
      for (std::size_t c = 0; c < kCopies; ++c)
        for (std::size_t s = 0; s < sum.size(); ++s) sum[s] += counts_[i + c][s];
      tables.add(sum);
    }
  }

 private:
  static constexpr std::size_t kCopies = 4;
  std::vector<RansCounts> counts_;
};

}  // namespace hart::tensor
