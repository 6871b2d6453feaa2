#pragma once

#include <string>
#include <string_view>

#include "prov/cypher/text.h"
#include "prov/cypher/value.h"

namespace cypher_tck {

/// A value as a feature file writes it, in the form that hart::prov::cypher::value_text gives.
/// Throws std::runtime_error for text that is none.
std::string canonical_text(std::string_view text, hart::prov::cypher::ListOrder lists);

/// A value without nodes and relationships, for a parameter.
hart::prov::cypher::Value parameter_value(std::string_view text);

}  // namespace cypher_tck
