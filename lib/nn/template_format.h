#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nn/template_runtime.h"
#include "nn/template_value.h"

namespace hart::nn::jinja {

/// Python's `repr` of a float: the fewest digits that read back, "1.0", "1e-07", "inf", "nan".
[[nodiscard]] std::string float_text(double value);

/// Python's `str`: what `{{ value }}` prints. Undefined is empty.
[[nodiscard]] std::string to_text(const Value& value, Budget& budget);
/// Python's `repr`: strings in quotes.
[[nodiscard]] std::string to_repr(const Value& value, Budget& budget);

struct JsonStyle {
  bool ascii = false;                 ///< everything above 127 as \uXXXX
  std::optional<std::string> indent;  ///< before each level; absent: all on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool sort_keys = false;
};
/// Python's `json.dumps`, as transformers' `tojson` calls it: nothing is escaped for HTML.
/// Fails for what JSON cannot say.
[[nodiscard]] std::string to_json(const Value& value, const JsonStyle& style, Budget& budget);

/// Python's `format % arguments`: %s %r %d %i %u %x %X %o %c %e %f %g %%, with flags, width and
/// precision up to 1000. Fails for other conversions and when the arguments do not fit.
[[nodiscard]] std::string format_percent(std::string_view format, const Value& arguments,
                                         Budget& budget);

}  // namespace hart::nn::jinja
