#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "common/cli.h"

namespace hart::cli {

/// A progress bar on standard error: done, rate, time left. Shown only when standard error is a
/// terminal and neither `--quiet` nor `--no-progress` was given; redrawn at most ten times a
/// second, erased at the end. NO_COLOR leaves out the colour.
class Progress {
 public:
  enum class Unit { bytes, items };

  /// `total` 0 means unknown: no share and no time left is shown then.
  Progress(const Context& context, std::string label, std::uint64_t total, Unit unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// So much is done in all. Throws Interrupted after SIGINT, so that whatever is under way is
  /// rolled back.
  void at(std::uint64_t done);
  void advance(std::uint64_t amount) { at(done_ + amount); }

 private:
  using Clock = std::chrono::steady_clock;

  void draw(Clock::time_point now) const;

  const Context& context_;
  std::string label_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  Unit unit_;
  bool shown_;
  bool color_;
  Clock::time_point start_;
  Clock::time_point next_;
};

}  // namespace hart::cli
