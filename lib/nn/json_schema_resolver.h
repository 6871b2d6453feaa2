#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/json.h"

namespace hart::nn {

/// A schema and where it stands, as a JSON pointer with # in front.
struct PlacedSchema {
  Json schema;
  std::string pointer;
};

/// Takes references and combinations out of schemas.
class SchemaResolver {
 public:
  /// `root` must outlive the resolver.
  explicit SchemaResolver(const Json& root) : root_{root} {}

  /// `schema` without annotations. Throws Error(data) when it is no schema, or when a keyword
  /// is not supported, by name.
  [[nodiscard]] static Json assertions(const Json& schema, const std::string& pointer);
  /// What `reference` ("#", "#/a/b") points to. Throws Error(data) when there is no such place.
  [[nodiscard]] PlacedSchema target(const Json& reference, const std::string& pointer) const;

  /// Schemas without $ref, allOf, anyOf and oneOf, which together accept what `schema` does; an
  /// empty one accepts all, none accept nothing. Throws Error(data) for combinations that
  /// cannot be written as one schema, for alternatives of `oneOf` that may overlap, and for a
  /// reference to itself.
  [[nodiscard]] std::vector<PlacedSchema> alternatives(const PlacedSchema& schema);

 private:
  using Alternatives = std::vector<PlacedSchema>;
  [[nodiscard]] static Alternatives both(const Alternatives& a, const Alternatives& b);
  [[nodiscard]] Alternatives any_of(const Json& list, const std::string& pointer,
                                    bool exactly_one);
  [[nodiscard]] static bool are_disjoint(const Json& a, const Json& b);
  [[nodiscard]] static bool are_told_apart(const Json& a, const Json& b);

  const Json& root_;
  std::set<std::string> open_;  ///< references that are being followed
};

/// True when `schema` has $ref, allOf, anyOf or oneOf.
[[nodiscard]] bool is_combined(const Json& schema);
/// The names of JSON's types that values of `schema` may have; all seven where it does not say.
[[nodiscard]] std::set<std::string> schema_types(const Json& schema,
                                                 const std::string& pointer);
/// The type that JSON Schema calls `value`'s: "integer" for whole numbers.
[[nodiscard]] std::string schema_type_of(const Json& value);
/// A schema that accepts what both do, which have no references and combinations. Throws
/// Error(data) when there is no way to write it.
[[nodiscard]] Json merged_schemas(const Json& a, const Json& b, const std::string& pointer);

}  // namespace hart::nn
