#pragma once

#include <string>

#include "core/clock.h"

namespace hart::bill {

/// A period of time: from `start` on, before `end`.
struct Period {
  TimeUs start = 0;
  TimeUs end = 0;

  bool operator==(const Period&) const = default;
};

/// The month "2026-11" in UTC. Throws Error(data) on other text.
[[nodiscard]] Period month_period(const std::string& month);

/// The month in UTC that an instant lies in, as "2026-11".
[[nodiscard]] std::string month_of(TimeUs time);

}  // namespace hart::bill
