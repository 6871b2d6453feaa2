#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"

namespace hart::cli {

/// An instant on the command line: RFC 3339, a date or a month as `parse_time` has it, or how
/// long ago it was, as `parse_duration` has it: "2h", "7d". Nothing when `text` is neither, as
/// a snapshot's name is.
[[nodiscard]] std::optional<TimeUs> find_instant(std::string_view text);

}  // namespace hart::cli
