#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "prov/cypher/budget.h"
#include "prov/cypher/error.h"
#include "prov/cypher/graph.h"
#include "prov/cypher/types.h"
#include "prov/cypher/value.h"

namespace hart::prov::cypher {

/// What a function may use beside its arguments.
struct CallContext {
  Position at;
  const Graph& graph;
  Budget& budget;
  std::int64_t now_us = 0;  ///< of the statement, since 1970-01-01T00:00Z
};

/// A function of openCypher that is no aggregate. Where `null_in_null_out`, a null among the
/// arguments makes the result null without a call.
struct Function {
  std::string_view name;  ///< in lower case
  std::size_t min_args = 0;
  std::size_t max_args = 0;
  Value (*run)(CallContext& context, std::span<const Value> args) = nullptr;
  StaticType result;
  TypeSet first_argument = kAnyType;
  bool null_in_null_out = true;
};

/// Null if there is none of this name, which is in lower case.
[[nodiscard]] const Function* find_function(std::string_view name) noexcept;

// The tables, one a file.
[[nodiscard]] std::span<const Function> number_functions() noexcept;
[[nodiscard]] std::span<const Function> string_functions() noexcept;
[[nodiscard]] std::span<const Function> list_functions() noexcept;
[[nodiscard]] std::span<const Function> graph_functions() noexcept;
[[nodiscard]] std::span<const Function> temporal_functions() noexcept;

/// Throws Error{Fault::data}, "TypeError: InvalidArgumentValue", for an argument of a wrong
/// kind.
[[noreturn]] void refuse_argument(const CallContext& context, std::string_view expectation,
                                  const Value& found);

/// The text that toString gives; for floats the shortest that reads as the same number.
[[nodiscard]] std::string number_text(double number);

}  // namespace hart::prov::cypher
