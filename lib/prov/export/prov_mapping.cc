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
std::string instant_of(const cypher::PropertyRow& properties, std::string_view key) {
  const ProvAttribute attribute = prov_attribute("", properties.get(key));
  return attribute.type == ProvType::date_time ? attribute.text : std::string{};
}

/// All that are not null, but for two keys.
void append_attributes(std::vector<ProvAttribute>& out, const cypher::PropertyRow& properties,
                       std::string_view but = {}, std::string_view nor = {}) {
  for (const auto& [key, value] : properties)
    if (!value.is_null() && (key.empty() || (key != but && key != nor)))
      out.push_back(prov_attribute(qualified(key), value));
}

}  // namespace

ProvMapping::ProvMapping(const std::string& tenant, ProvWriter& writer)
    : tenant_{qualified("tenant/" + tenant)}, writer_{writer} {
  writer_.record({ProvKind::agent, tenant_, {}, {type_attribute("prov:Organization")}});
}

void ProvMapping::node(const ExportedNode& node) {
  ProvRecord record{ProvKind::entity, qualified(node.name.text()), {}, {}};
  std::string_view start, end;  // keys of what stands among the arguments
  if (has_known_label(node.name, "Inference")) {
    record.kind = ProvKind::activity;
    record.arguments = {instant_of(node.properties, "timestamp"),
                        instant_of(node.properties, "completed")};
    if (!record.arguments[0].empty()) start = "timestamp";
    if (!record.arguments[1].empty()) end = "completed";
  }
  for (const std::string& label : node.labels)
    record.attributes.push_back(type_attribute(qualified(label)));
  if (has_known_label(node.name, "Model"))
    record.attributes.push_back(type_attribute("prov:Plan"));
  append_attributes(record.attributes, node.properties, start, end);
  writer_.record(record);
}

void ProvMapping::edge(const ExportedEdge& edge) {
  ProvRecord record{kind_of(edge), {}, {}, {type_attribute(qualified(edge.type))}};
  const std::string start = qualified(edge.start.text());
  const std::string end = qualified(edge.end.text());
  if (record.kind == ProvKind::was_generated_by) {
    record.arguments = {end, start};
  } else if (record.kind == ProvKind::was_associated_with) {
    record.arguments = {start, tenant_, end};
  } else {
    record.arguments = {start, end};
  }
  const cypher::Value& role = edge.properties.get("role");
  const bool has_role = record.kind == ProvKind::used && !role.is_null();
  if (has_role) record.attributes.push_back(prov_attribute("prov:role", role));
  append_attributes(record.attributes, edge.properties, has_role ? "role" : "");
  writer_.record(record);
}

}  // namespace hart::prov::exports
