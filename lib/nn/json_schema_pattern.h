#pragma once

#include <string>
#include <string_view>

#include "nn/json_schema_writer.h"

namespace hart::nn {

/// A GBNF item for the insides (without quotation marks) of the JSON strings in which the
/// regular expression `pattern` finds something, after ECMA 262: alternatives, groups (all
/// alike), classes, `.`, `\d \w \s \D \W \S`, `* + ? {m,n}` (lazy ones are the same), escapes,
/// and `^` and `$` at the ends of the outermost alternatives. `.` and negated classes give no
/// control characters, negated escapes ASCII alone. Throws Error(data) with `pointer`, naming
/// what is not supported: back-references, look-around, `\b`, `\p`, anchors elsewhere.
[[nodiscard]] std::string pattern_gbnf(std::string_view pattern, GbnfWriter& writer,
                                       const std::string& pointer);

}  // namespace hart::nn
