#include "prov/cypher/error.h"

namespace hart::prov::cypher {

void fail(Fault fault, Position at, std::string_view code, const std::string& message) {
  throw Error{fault, std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
                         message + " (" + std::string{code} + ")"};
}

void fail_syntax(Position at, std::string_view detail, const std::string& message) {
  fail(Fault::usage, at, "SyntaxError: " + std::string{detail}, message);
}

}  // namespace hart::prov::cypher
