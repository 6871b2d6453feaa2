#include "prov/export/prov_mapping.h"

#include <array>

namespace hart::prov::exports {
namespace {

/// Relationships that PROV has a word for, and the labels of their ends.
struct MappedType {
  std::string_view type;
  std::string_view start;
  std::string_view end;
  ProvKind kind;
};

constexpr std::array<MappedType, 7> kMappedTypes{{
    {"RESULTED_IN", "Inference", "Decision", ProvKind::was_generated_by},
    {"USED_MODEL", "Inference", "Model", ProvKind::was_associated_with},
    {"USED_ATOM", "Inference", "Atom", ProvKind::used},
    {"USED_REASONING", "Inference", "ReasoningMode", ProvKind::used},
    {"SUPPORTED_BY", "Decision", "Evidence", ProvKind::was_derived_from},
    {"FROM_ATOM", "Evidence", "Atom", ProvKind::was_derived_from},
    {"HAS_COMPONENT", "Atom", "Atom", ProvKind::was_derived_from},
}};

bool has_known_label(const NodeName& name, std::string_view label) {
  return name.known != nullptr && name.known->label == label;
}

ProvKind kind_of(const ExportedEdge& edge) {
  for (const MappedType& mapped : kMappedTypes)
    if (edge.type == mapped.type && has_known_label(edge.start, mapped.start) &&
        has_known_label(edge.end, mapped.end))
      return mapped.kind;
  return ProvKind::was_influenced_by;
}

ProvAttribute type_attribute(std::string name) {
  return {"prov:type", ProvType::qualified_name, std::move(name)};
}

/// The start or the end of an activity; nothing when it is no instant that PROV can hold.
std::string take_instant(cypher::Map& properties, const char* key) {
  const auto found = properties.find(key);
  if (found == properties.end()) return {};
  const ProvAttribute attribute = prov_attribute("", found->second);
  if (attribute.type != ProvType::date_time) return {};
  properties.erase(found);
  return attribute.text;
}

void append_attributes(std::vector<ProvAttribute>& out, const cypher::Map& properties) {
  for (const auto& [key, value] : properties)
    if (!value.is_null()) out.push_back(prov_attribute(qualified(key), value));
}

}  // namespace

ProvMapping::ProvMapping(const std::string& tenant, ProvWriter& writer)
    : tenant_{qualified("tenant/" + tenant)}, writer_{writer} {
  writer_.record({ProvKind::agent, tenant_, {}, {type_attribute("prov:Organization")}});
}

void ProvMapping::node(const ExportedNode& node) {
  ProvRecord record{ProvKind::entity, qualified(node.name.text()), {}, {}};
  cypher::Map properties = node.properties;
  if (has_known_label(node.name, "Inference")) {
    record.kind = ProvKind::activity;
    record.arguments = {take_instant(properties, "timestamp"),
                        take_instant(properties, "completed")};
  }
  for (const std::string& label : node.labels)
    record.attributes.push_back(type_attribute(qualified(label)));
  if (has_known_label(node.name, "Model"))
    record.attributes.push_back(type_attribute("prov:Plan"));
  append_attributes(record.attributes, properties);
  writer_.record(record);
}

void ProvMapping::edge(const ExportedEdge& edge) {
  ProvRecord record{kind_of(edge), {}, {}, {type_attribute(qualified(edge.type))}};
  const std::string start = qualified(edge.start.text());
  const std::string end = qualified(edge.end.text());
  cypher::Map properties = edge.properties;
  if (record.kind == ProvKind::was_generated_by) {
    record.arguments = {end, start};
  } else if (record.kind == ProvKind::was_associated_with) {
    record.arguments = {start, tenant_, end};
  } else {
    record.arguments = {start, end};
  }
  const auto role = properties.find("role");
  if (record.kind == ProvKind::used && role != properties.end() && !role->second.is_null()) {
    record.attributes.push_back(prov_attribute("prov:role", role->second));
    properties.erase(role);
  }
  append_attributes(record.attributes, properties);
  writer_.record(record);
}

}  // namespace hart::prov::exports
