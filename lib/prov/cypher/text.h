#pragma once

#include <string>

#include "prov/cypher/graph.h"
#include "prov/cypher/value.h"

namespace hart::prov::cypher {

enum class ListOrder : std::uint8_t { kept, sorted };

/// A value as the openCypher TCK writes it: (:A {name: 'x'}), [:T {since: 1}],
/// <(:A)-[:T]->(:B)>, {key: 1.0}. Labels and keys are sorted, lists on request, so that values
/// that are the same have the same text. Times are strings.
[[nodiscard]] std::string value_text(const Value& value, const Graph& graph,
                                     ListOrder lists = ListOrder::kept);

/// A string between quotation marks, with backslashes before those within.
[[nodiscard]] std::string quoted_text(const std::string& text);

}  // namespace hart::prov::cypher
