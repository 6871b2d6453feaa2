#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>

namespace hart::prov::cypher {

/// What a row is taken to need at least: more of text, or of a row's values, counts as several.
inline constexpr std::uint64_t kBytesPerRow = 64;

/// What one query may use up. Rows are counted where work is done: a node, a relationship or a
/// list item looked at, a row passed on, kBytesPerRow bytes of text made.
class Budget {
 public:
  using Clock = std::chrono::steady_clock;

  Budget() = default;  ///< without bounds
  /// `step` is called whenever the clock is looked at; it may throw, to end the query.
  Budget(std::uint64_t rows, Clock::duration time, std::function<void()> step = {})
      : rows_left_{rows}, rows_{rows}, deadline_{Clock::now() + time}, step_{std::move(step)} {}

  /// Throws Error{Fault::denied} once more than the rows are used, or the time is over.
  void charge(std::uint64_t rows = 1) {
    if (rows > rows_left_) refuse_rows();
    rows_left_ -= rows;
    until_clock_ -= static_cast<std::int64_t>(rows);
    if (until_clock_ <= 0) check_clock();
  }

  /// Whether it was refused more: that a query ended is the budget's doing.
  [[nodiscard]] bool is_spent() const noexcept { return spent_; }

  [[nodiscard]] std::uint64_t rows_used() const noexcept { return rows_ - rows_left_; }

 private:
  static constexpr std::int64_t kRowsBetweenClocks = 256;

  [[noreturn]] void refuse(const std::string& message);
  [[noreturn]] void refuse_rows();
  void check_clock();

  std::uint64_t rows_left_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t rows_ = std::numeric_limits<std::uint64_t>::max();
  Clock::time_point deadline_ = Clock::time_point::max();
  std::int64_t until_clock_ = kRowsBetweenClocks;
  bool spent_ = false;
  std::function<void()> step_;
};

}  // namespace hart::prov::cypher
