#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hart {

/// Microseconds since 1970-01-01T00:00:00Z.
using TimeUs = std::int64_t;

/// The wall clock, never going back within this process.
[[nodiscard]] TimeUs now_us() noexcept;

/// Seconds on a steady clock, for durations only.
[[nodiscard]] double steady_seconds() noexcept;

/// RFC 3339 in UTC with six decimals: "2026-01-31T09:30:00.000000Z". Years 1970 to 9999.
[[nodiscard]] std::string format_time(TimeUs time);

/// Parses RFC 3339 with "Z" or a numeric offset and up to six decimals, or a plain date
/// ("2026-01-31", midnight UTC), or a month ("2026-01", its first instant). Throws Error(data).
[[nodiscard]] TimeUs parse_time(std::string_view text);

}  // namespace hart
