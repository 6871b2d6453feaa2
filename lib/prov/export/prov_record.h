#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/value.h"

namespace hart::prov::exports {

/// The namespace of qualified names "hart:...".
inline constexpr std::string_view kProvNamespace = "urn:hart:";

/// What W3C PROV-DM calls a record, of those kinds that a graph is mapped to.
enum class ProvKind : std::uint8_t {
  entity,
  activity,
  agent,
  used,
  was_generated_by,
  was_associated_with,
  was_derived_from,
  was_influenced_by,
};
inline constexpr std::size_t kProvKinds = 8;

enum class ProvType : std::uint8_t {
  string,
  qualified_name,
  integer,
  floating,
  boolean,
  date_time,
  date,
};

struct ProvAttribute {
  std::string name;  ///< qualified
  ProvType type = ProvType::string;
  std::string text;
};

struct ProvRecord {
  ProvKind kind = ProvKind::entity;
  std::string id;  ///< of a node; relations have none
  /// Of a relation, its arguments in the order of prov_roles(), qualified; of an activity its
  /// start and its end. Empty where it is not known.
  std::vector<std::string> arguments;
  std::vector<ProvAttribute> attributes;  ///< those of one name stand together
};

/// The name of the kind, and of its arguments as PROV-JSON has them.
[[nodiscard]] std::string_view prov_kind_name(ProvKind kind) noexcept;
[[nodiscard]] std::vector<std::string_view> prov_roles(ProvKind kind);
/// How many arguments PROV-N has in a row for the kind, unknown ones included.
[[nodiscard]] std::size_t provn_arguments(ProvKind kind) noexcept;

/// "xsd:long"; empty for a string.
[[nodiscard]] std::string_view prov_type_name(ProvType type) noexcept;

/// An attribute with the value, in an XML Schema type where there is one that holds it: times
/// of day, durations, times before the year 1 or after 9999 and what is nested are strings.
[[nodiscard]] ProvAttribute prov_attribute(std::string name, const cypher::Value& value);

/// "hart:" and the percent-encoded rest.
[[nodiscard]] std::string qualified(std::string_view local);

/// Takes the records of a document in no particular order.
class ProvWriter {
 public:
  virtual ~ProvWriter() = default;
  virtual void record(const ProvRecord& record) = 0;
  virtual void finish() = 0;
};

}  // namespace hart::prov::exports
