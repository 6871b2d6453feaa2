#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace hart::prov::cypher {

/// Where something stands in a query's text, both counted from 1, columns in bytes.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// Throws Error{fault, "LINE:COLUMN: MESSAGE (CODE)"}. `code` is the openCypher name of the
/// error, type and detail, such as "SyntaxError: UndefinedVariable"; what is known before any
/// row is read is Fault::usage, what only values show is Fault::data.
[[noreturn]] void fail(Fault fault, Position at, std::string_view code,
                       const std::string& message);

/// fail with Fault::usage and "SyntaxError: <detail>".
[[noreturn]] void fail_syntax(Position at, std::string_view detail, const std::string& message);

}  // namespace hart::prov::cypher
