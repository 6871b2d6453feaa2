#pragma once

#include <string>

#include "nn/json_schema_writer.h"

namespace hart::nn {

/// The rule for the insides of strings of `format`: date, time, date-time (RFC 3339; days that
/// exist, in the years 1000 to 9999, no leap seconds) or uuid (RFC 9562). Empty for any other.
[[nodiscard]] std::string format_gbnf(const std::string& format, GbnfWriter& writer);

}  // namespace hart::nn
