#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/events.h"

namespace hart::prov {

/// What a receipt says of how well founded an answer is. Shares are in [0, 1]; how they are
/// computed is written in hart-prov(1), "Measures".
struct Measures {
  /// e to the mean log-probability of the tokens; nothing without a token.
  std::optional<double> confidence;
  /// Share of the tokens that lean on a piece of evidence; nothing without a token.
  std::optional<double> grounding;
  /// 1 - the product of (1 - strength) over the evidence; 0 without any.
  double support = 0;
};

/// How strongly each piece of evidence bears an answer: its weight x (1 + the share of the
/// tokens that lean on it) / 2. `weights` are those of the evidence, in its order.
[[nodiscard]] std::vector<double> strengths(std::span<const double> weights,
                                            std::span<const GeneratedToken* const> tokens);

[[nodiscard]] Measures measure(std::span<const double> weights,
                               std::span<const GeneratedToken* const> tokens);

/// confidence x (1 + grounding x support) / 2: an answer without evidence is trusted half as
/// far as the model is sure of it. Nothing where there is no confidence.
[[nodiscard]] std::optional<double> trust(const Measures& measures);

/// To whole millionths, in which the store keeps shares; half away from zero.
[[nodiscard]] std::int64_t to_millionths(double share) noexcept;
[[nodiscard]] double from_millionths(std::int64_t millionths) noexcept;

}  // namespace hart::prov
