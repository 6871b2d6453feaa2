#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace hart {

/// JSON that keeps the order of its keys: the first key of every object we print is `type`.
using Json = nlohmann::ordered_json;

/// Parses one JSON value. Throws Error(data, "<what>: ...") with the byte offset on malformed
/// text, invalid UTF-8 included, and on nesting deeper than 256.
[[nodiscard]] Json parse_json(std::string_view text, const std::string& what);

/// One line, no newline at the end; invalid UTF-8 is replaced by U+FFFD.
[[nodiscard]] std::string dump_json(const Json& value);

}  // namespace hart
