#pragma once

#include <cstdint>

namespace hart::prov::cypher {

/// What is known of an expression's values before any row is read.
enum class Type : std::uint8_t {
  any,
  null,
  boolean,
  integer,
  floating,
  string,
  list,
  map,
  node,
  relationship,
  path,
  temporal,
  duration,
};

/// A type; of a list, also that of its items.
struct StaticType {
  Type type = Type::any;
  Type item = Type::any;
};

/// A set of types, one bit each. Values of unknown type and nulls are in all of them.
using TypeSet = std::uint32_t;

[[nodiscard]] constexpr TypeSet type_set(Type type) noexcept {
  return 1U << static_cast<unsigned>(type);
}
template <typename... Types> [[nodiscard]] constexpr TypeSet types_of(Types... types) noexcept {
  return ((type_set(Type::any) | type_set(Type::null)) | ... | type_set(types));
}
inline constexpr TypeSet kAnyType = ~0U;

[[nodiscard]] constexpr bool contains(TypeSet set, Type type) noexcept {
  return (set & type_set(type)) != 0;
}

}  // namespace hart::prov::cypher
