#include "nn/merge_table.h"

#include <bit>
#include <string>
#include <unordered_map>

#include "core/error.h"

namespace hart::nn {
namespace {

constexpr std::size_t kMostPairs = std::size_t{1} << 28;

std::uint64_t pair_hash(std::int32_t left, std::int32_t right) {
  const auto pair = static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
                    static_cast<std::uint32_t>(right);
  // Fibonacci hashing: the high half of a product with 2^64 / golden ratio.
  return (pair * 0x9E3779B97F4A7C15u) >> 32;
}

/// Numbers symbols: tokens as the vocabulary does, others as they come.
class SymbolNumbers {
 public:
  explicit SymbolNumbers(const Vocabulary& vocabulary) : vocabulary_{vocabulary} {}

  std::int32_t operator()(std::string_view text) {
    if (const auto token = vocabulary_.find(text)) return *token;
    const auto next = vocabulary_.size() + static_cast<std::int32_t>(others_.size());
    return others_.try_emplace(std::string{text}, next).first->second;
  }

 private:
  const Vocabulary& vocabulary_;
  std::unordered_map<std::string, std::int32_t> others_;
};

}  // namespace

MergeTable::MergeTable(std::span<const MergePair> pairs, const Vocabulary& vocabulary,
                       std::size_t right_prefix) {
  if (pairs.size() >= kMostPairs)
    throw Error{Fault::data, "more merges than any vocabulary has"};
  SymbolNumbers number{vocabulary};
  slots_.assign(std::bit_ceil(2 * pairs.size() + 1), Slot{0, 0, 0, -1});
  std::string merged;
  for (std::size_t rank = 0; rank < pairs.size(); ++rank) {
    const MergePair& pair = pairs[rank];
    if (pair.right.size() < right_prefix)
      throw Error{Fault::data, "merge " + std::to_string(rank) +
                                   ": the second symbol lacks the prefix of symbols in words"};
    merged.assign(pair.left);
    merged += pair.right.substr(right_prefix);
    const std::int32_t left = number(pair.left), right = number(pair.right);
    Slot& slot = slots_[slot_of(left, right)];
    if (slot.rank < 0) slot = {left, right, number(merged), static_cast<std::int32_t>(rank)};
  }
}

std::size_t MergeTable::slot_of(std::int32_t left, std::int32_t right) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = pair_hash(left, right) & mask;
  while (slots_[slot].rank >= 0 && (slots_[slot].left != left || slots_[slot].right != right))
    slot = (slot + 1) & mask;
  return slot;
}

std::optional<MergeRule> MergeTable::find(std::int32_t left,
                                          std::int32_t right) const noexcept {
  const Slot& slot = slots_[slot_of(left, right)];
  if (slot.rank < 0) return std::nullopt;
  return MergeRule{static_cast<double>(slot.rank), slot.merged};
}

}  // namespace hart::nn
