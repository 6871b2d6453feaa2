#pragma once

#include <string_view>

#include "core/clock.h"

namespace hart::cli {

/// Microseconds of a duration on the command line: a whole number and a unit, `s`, `m`
/// (minutes), `h`, `d`, `w` or `y` (365 days), as "30s", "7d"; a plain 0 needs no unit. Throws
/// Error(usage) on anything else and beyond 10 000 years.
[[nodiscard]] TimeUs parse_duration(std::string_view text);

}  // namespace hart::cli
