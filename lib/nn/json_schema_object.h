#pragma once

#include <string>

#include "core/json.h"
#include "nn/json_schema_resolver.h"
#include "nn/json_schema_writer.h"

namespace hart::nn {

/// What writes a schema inside another.
class SchemaRules {
 public:
  virtual ~SchemaRules() = default;
  /// The name of the rule for the values that `schema` accepts.
  virtual std::string rule(const PlacedSchema& schema) = 0;
  virtual GbnfWriter& writer() = 0;
};

/// A GBNF item for the objects that `schema` accepts, properties in its order.
[[nodiscard]] std::string object_gbnf(const Json& schema, const std::string& pointer,
                                      SchemaRules& rules);

}  // namespace hart::nn
