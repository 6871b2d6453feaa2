#pragma once

#include <string>
#include <string_view>

#include "core/id.h"

namespace hart::cli {

/// Parts of JSON text, for results that are too many to make a Json of each.

/// Appends `value` rounded to six decimals: "0.25", "-3.0", "1e-06"; "null" when not finite.
void append_rounded(std::string& text, double value);

/// Appends `value` as a JSON string; what is not valid UTF-8 as dump_json writes it.
void append_string(std::string& text, std::string_view value);

/// Appends the string that Id::text gives, in quotes.
void append_id(std::string& text, const Id& id);

}  // namespace hart::cli
