#include "infer/draft_length.h"

#include <algorithm>

namespace hart::infer {
namespace {

/// Weight of the newest guess and of the newest time in their averages.
constexpr double kGuessWeight = 1.0 / 16;
constexpr double kTimeWeight = 0.25;
/// Guessing must promise this much more speed: the estimates err.
constexpr double kLeastGain = 1.1;
/// Cost of a row at which guessing would be tried, where it looks too dear: times are measured
/// on a machine that does other things, too.
constexpr double kCheapRow = 0.1;
constexpr std::size_t kLongestWait = 1024;

}  // namespace

void DraftLength::note_guess(std::size_t matched, bool was_right) noexcept {
  double& right = right_[std::min(matched, LookupHistory::kLongest)];
  right += kGuessWeight * ((was_right ? 1.0 : 0.0) - right);
}

void DraftLength::note_time(std::size_t rows, double seconds) noexcept {
  if (rows == 1) {
    if (one_row_seconds_ == 0) one_row_seconds_ = seconds;
    // A pause of the process is no cost of a row.
    seconds = std::min(seconds, 4 * one_row_seconds_);
    one_row_seconds_ += kTimeWeight * (seconds - one_row_seconds_);
    return;
  }
  if (one_row_seconds_ <= 0) return;
  const double cost = (seconds / one_row_seconds_ - 1) / static_cast<double>(rows - 1);
  row_cost_ += kTimeWeight * (std::clamp(cost, 0.0, 2.0) - row_cost_);
}

/// Tokens that come in the time of evaluating one, where each guess is right with probability
/// `right` as long as those before it were.
double DraftLength::speed(double right, std::size_t drafted, double row_cost) const noexcept {
  double tokens = 1, all_right = 1;
  for (std::size_t i = 0; i < drafted; ++i) tokens += all_right *= right;
  return tokens / (1 + row_cost * static_cast<double>(drafted));
}

std::size_t DraftLength::best(double right, double row_cost) const noexcept {
  std::size_t drafted = 0;
  double fastest = kLeastGain;
  for (std::size_t n = 1; n <= kMost; ++n) {
    const double promised = speed(right, n, row_cost);
    if (promised <= fastest) continue;
    fastest = promised;
    drafted = n;
  }
  return drafted;
}

std::size_t DraftLength::choose(std::size_t matched) noexcept {
  // Without the time of a single row there is nothing to compare with.
  if (matched == 0 || one_row_seconds_ <= 0) return 0;
  const double right = right_[std::min(matched, LookupHistory::kLongest)];
  const std::size_t drafted = best(right, row_cost_);
  if (drafted > 0) return drafted;
  const std::size_t hoped = best(right, kCheapRow);
  if (hoped == 0 || ++waited_ < wait_) return 0;
  waited_ = 0;
  wait_ = std::min(2 * wait_, kLongestWait);
  return hoped;
}

}  // namespace hart::infer
