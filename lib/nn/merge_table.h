#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nn/symbol_merger.h"
#include "nn/vocabulary.h"

namespace hart::nn {

/// Two symbols that merge, by their spellings in the vocabulary.
struct MergePair {
  std::string_view left, right;
};

/// The merges of a vocabulary: pair of symbols → rank and merged symbol. Symbols are tokens,
/// numbered as in the vocabulary, and after them whatever else the merges mention.
class MergeTable {
 public:
  /// `pairs` in the order of their ranks; of a pair that is listed twice the first entry
  /// counts. The merged symbol is spelt `left` and `right` less `right_prefix` bytes (those of
  /// "##" where symbols inside words are marked). Throws Error(data) for 2^28 pairs and more,
  /// and for a `right` shorter than the prefix.
  MergeTable(std::span<const MergePair> pairs, const Vocabulary& vocabulary,
             std::size_t right_prefix = 0);

  [[nodiscard]] std::optional<MergeRule> find(std::int32_t left,
                                              std::int32_t right) const noexcept;

 private:
  struct Slot {
    std::int32_t left, right, merged;
    std::int32_t rank;  ///< -1: the slot is free
  };
  [[nodiscard]] std::size_t slot_of(std::int32_t left, std::int32_t right) const noexcept;

  std::vector<Slot> slots_;  ///< open addressing on the pair
};

}  // namespace hart::nn
