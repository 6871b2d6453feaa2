#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "prov/cypher/query.h"
#include "prov/cypher/scratch_graph.h"
#include "prov/cypher/text.h"

namespace hart::prov::cypher::test {

/// The rows of a query's result, their values in the TCK's form with " | " between.
inline std::vector<std::string> rows_of(const Graph& graph, std::string_view text,
                                        const Map& parameters = {}) {
  std::vector<std::string> rows;
  Budget budget;
  Query{text}.run(graph, parameters, budget, [&](std::span<const Value> row) {
    std::string line;
    for (const Value& value : row)
      line += (line.empty() ? "" : " | ") + value_text(value, graph);
    rows.push_back(line);
    return true;
  });
  return rows;
}

/// The one value that "RETURN <expression>" gives.
inline std::string value_of(std::string_view expression) {
  const ScratchGraph empty;
  return rows_of(empty, "RETURN " + std::string{expression} + " AS value").at(0);
}

/// What a query on an empty graph is refused with; empty if it is not.
inline std::string error_of(std::string_view text) {
  try {
    const ScratchGraph empty;
    (void)rows_of(empty, text);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace hart::prov::cypher::test
