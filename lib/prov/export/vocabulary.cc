#include "prov/export/vocabulary.h"

#include <algorithm>
#include <array>

namespace hart::prov::exports {
namespace {

constexpr std::array<KnownLabel, 7> kKnownLabels{{
    {"Inference", "inference_id", "inference"},
    {"Model", "model_id", "model"},
    {"Decision", "decision_id", "decision"},
    {"Evidence", "evidence_id", "evidence"},
    {"Alternative", "alternative_id", "alternative"},
    {"ReasoningMode", "type", "reasoning"},
    {"Atom", "atom_id", "atom"},
}};

constexpr std::array<std::string_view, 4> kEdgeKeys{"how", "position", "role", "sequence"};

const KnownLabel* known_among(const std::vector<std::string>& labels) {
  for (const KnownLabel& known : kKnownLabels)
    if (std::ranges::find(labels, known.label) != labels.end()) return &known;
  return nullptr;
}

NodeName named(cypher::NodeId id, const KnownLabel* known, const cypher::Value& key) {
  if (key.kind() != cypher::Kind::string) return {nullptr, id, {}};
  return {known, id, key.string()};
}

}  // namespace

std::span<const KnownLabel> known_labels() noexcept {
  return kKnownLabels;
}

std::string NodeName::text() const {
  if (known == nullptr) return "node/" + std::to_string(id);
  return std::string{known->path} + "/" + value;
}

const KnownLabel* known_label(const std::vector<std::string>& labels,
                              const cypher::PropertyRow& properties) {
  const KnownLabel* known = known_among(labels);
  if (known == nullptr) return nullptr;
  return properties.get(known->key).kind() == cypher::Kind::string ? known : nullptr;
}

NodeName node_name(cypher::NodeId id, const std::vector<std::string>& labels,
                   const cypher::PropertyRow& properties) {
  const KnownLabel* known = known_among(labels);
  if (known == nullptr) return {nullptr, id, {}};
  return named(id, known, properties.get(known->key));
}

NodeName node_name(const cypher::Graph& graph, cypher::NodeId id) {
  const KnownLabel* known = known_among(graph.labels(id));
  if (known == nullptr) return {nullptr, id, {}};
  return named(id, known, graph.node_property(id, known->key));
}

std::vector<std::string_view> edge_keys(const cypher::PropertyRow& properties) {
  std::vector<std::string_view> keys;
  for (const std::string_view key : kEdgeKeys)
    if (!properties.get(key).is_null()) keys.push_back(key);
  return keys;
}

}  // namespace hart::prov::exports
