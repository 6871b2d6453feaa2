#pragma once

#include "core/json.h"
#include "prov/cypher/graph.h"
#include "prov/cypher/value.h"

namespace hart::prov::cypher {

/// A value as JSON. A node is an object of `id`, `labels` and `properties`; a relationship of
/// `id`, `start`, `end`, `relationship` (its type) and `properties`; a path of `nodes` and
/// `relationships`. Times and durations are their text; so are numbers that JSON does not have:
/// "NaN", "Infinity", "-Infinity".
[[nodiscard]] Json value_json(const Value& value, const Graph& graph);

/// A JSON value as a parameter of a query. Throws Error{Fault::data} for an integer that 64
/// bits do not hold, and for nesting deeper than Value::kMaxDepth.
[[nodiscard]] Value json_value(const Json& json);

}  // namespace hart::prov::cypher
