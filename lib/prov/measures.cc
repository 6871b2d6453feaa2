#include "prov/measures.h"

#include <algorithm>
#include <cmath>

namespace hart::prov {
namespace {

/// Into [0, 1]; what is not a number becomes 0, since receipts hold what they were told.
double share_of(double value) {
  return value >= 0 ? std::min(value, 1.0) : 0;
}

}  // namespace

std::vector<double> strengths(std::span<const double> weights,
                              std::span<const GeneratedToken* const> tokens) {
  std::vector<std::size_t> leaning(weights.size());
  for (const GeneratedToken* token : tokens)
    for (const std::uint32_t index : token->evidence)
      if (index < leaning.size()) ++leaning[index];
  std::vector<double> strengths;
  strengths.reserve(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto count = static_cast<double>(std::max<std::size_t>(tokens.size(), 1));
    const double share = share_of(static_cast<double>(leaning[i]) / count);
    strengths.push_back(share_of(weights[i]) * (1 + share) / 2);
  }
  return strengths;
}

Measures measure(std::span<const double> weights,
                 std::span<const GeneratedToken* const> tokens) {
  Measures measures;
  if (!tokens.empty()) {
    double sum = 0;
    std::size_t grounded = 0;
    for (const GeneratedToken* token : tokens) {
      sum += double{token->logprob};
      if (!token->evidence.empty()) ++grounded;
    }
    const auto count = static_cast<double>(tokens.size());
    measures.confidence = share_of(std::exp(sum / count));
    measures.grounding = static_cast<double>(grounded) / count;
  }
  double unsupported = 1;
  for (const double strength : strengths(weights, tokens)) unsupported *= 1 - strength;
  measures.support = 1 - unsupported;
  return measures;
}

std::optional<double> trust(const Measures& measures) {
  if (!measures.confidence) return std::nullopt;
  return *measures.confidence * (1 + measures.grounding.value_or(0) * measures.support) / 2;
}

std::int64_t to_millionths(double share) noexcept {
  return std::llround(share * 1e6);
}

double from_millionths(std::int64_t millionths) noexcept {
  return static_cast<double>(millionths) / 1e6;
}

}  // namespace hart::prov
