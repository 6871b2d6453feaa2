#pragma once

#include <array>
#include <cstddef>

#include "infer/lookup_history.h"

namespace hart::infer {

/// Decides how many tokens to guess ahead: as many as make the text come fastest by what was
/// seen so far, none where that is fastest. Guesses are judged whether or not they were
/// evaluated, so that giving up costs nothing, and a batch's time is measured where it runs.
class DraftLength {
 public:
  static constexpr std::size_t kMost = 8;

  /// Whether the token that was guessed after `matched` tokens came.
  void note_guess(std::size_t matched, bool was_right) noexcept;
  /// How long the evaluation of `rows` tokens at once took.
  void note_time(std::size_t rows, double seconds) noexcept;

  /// How many tokens to guess where `matched` were seen before: in [0, kMost].
  [[nodiscard]] std::size_t choose(std::size_t matched) noexcept;

 private:
  [[nodiscard]] double speed(double right, std::size_t drafted, double row_cost) const noexcept;
  [[nodiscard]] std::size_t best(double right, double row_cost) const noexcept;

  /// How often guesses are right, by matched tokens: half of two to begin with.
  std::array<double, LookupHistory::kLongest + 1> right_{0.5, 0.5, 0.5, 0.5};
  double one_row_seconds_ = 0;  ///< 0: not known yet
  /// What each further row of a batch costs, in evaluations of one row.
  double row_cost_ = 0.5;
  std::size_t wait_ = 16;  ///< promising guesses until the cost is measured again
  std::size_t waited_ = 0;
};

}  // namespace hart::infer
