#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "nn/vocabulary.h"

namespace hart::nn {

/// The logit of a token that is never drawn.
inline constexpr float kImpossible = -std::numeric_limits<float>::infinity();

/// A token that may be drawn.
struct Candidate {
  float logit;
  TokenId token;
};

/// The tokens that are left to be drawn; no filter drops the last one. Probabilities are those
/// among the candidates that are left.
class CandidateList {
 public:
  /// Takes the tokens whose logit is above -infinity and at least `lowest`: all, or (`most`
  /// above 0) the `most` best of them, best first. Equal logits rank by ascending token.
  void assign(std::span<const float> logits, std::size_t most, float lowest);

  [[nodiscard]] bool is_empty() const noexcept { return items_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  /// The i-th best.
  [[nodiscard]] const Candidate& at(std::size_t i);
  /// The `count` best, at least one.
  void keep_best(std::size_t count);

  /// The fewest whose surprise is nearest to the expected one and that together reach `p`.
  /// Source: C. Meister et al., "Locally Typical Sampling", 2022.
  void keep_typical(double p);
  /// The fewest best that together reach `p`.
  /// Source: A. Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020.
  void keep_top_p(double p);
  /// Those at least `share` times as probable as the best.
  /// Source: M. Nguyen et al., "Turning Up the Heat: Min-p Sampling", 2024.
  void keep_min_p(double share);
  /// Drops all that reach `threshold` but the last of them (XTC, "exclude top choices").
  void drop_top_choices(double threshold);

  /// Probabilities at `temperature`, best first; of all candidates.
  [[nodiscard]] std::vector<double> probabilities(double temperature);
  /// The token where `point` in [0, 1) falls among the probabilities at `temperature`.
  [[nodiscard]] TokenId draw(double temperature, double point);

 private:
  /// Puts at least the `count` best in front, in order.
  void sort(std::size_t count);
  void sort_all() { sort(items_.size()); }

  std::vector<Candidate> items_;
  std::size_t sorted_ = 0;  ///< so many stand in order, better than the rest
  std::vector<double> weights_;
};

/// The `count` best of `logits`, best first; -infinity and `except` left out.
[[nodiscard]] std::vector<Candidate> best_candidates(std::span<const float> logits,
                                                     std::size_t count, float lowest,
                                                     TokenId except = -1);

}  // namespace hart::nn
