#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nn/vocabulary.h"

namespace hart::infer {

/// A text's tokens so far, and a guess at what follows: what followed when its last tokens were
/// last seen before. Source: the n-gram variant of speculative decoding, A. Saxena, "Prompt
/// Lookup Decoding", 2023.
class LookupHistory {
 public:
  /// Most tokens that are compared.
  static constexpr std::size_t kLongest = 3;

  /// `expected` is about how many tokens will come; more than that cost guesses, not errors.
  explicit LookupHistory(std::size_t expected);

  void push(nn::TokenId token);

  /// Appends up to `most` tokens to `draft`. Returns how many of the last tokens were seen
  /// before, kLongest at most; 0 when the last one never was, and nothing is appended.
  std::size_t guess(std::size_t most, std::vector<nn::TokenId>& draft) const;

 private:
  [[nodiscard]] std::size_t bucket(std::size_t length) const noexcept;

  std::vector<nn::TokenId> tokens_;
  /// For each length but one and bucket: where what followed the latest run of that length and
  /// hash stands; 0: there was none. Later ones take the places of others.
  std::array<std::vector<std::uint32_t>, kLongest> followers_;
};

}  // namespace hart::infer
