#include <array>

#include "prov/graph/edge_scan_request.h"
#include "prov/graph/edge_types.h"
#include "prov/graph/properties.h"
#include "prov/measures.h"

namespace hart::prov {
namespace {

using cypher::Value;

constexpr std::array<std::string_view, 2> kModelEdgeKeys{"confidence", "contribution_weight"};
constexpr std::array<std::string_view, 2> kReasoningEdgeKeys{"num_operations", "weight"};
constexpr std::array<std::string_view, 3> kUsedAtomKeys{"role", "sequence", "weight"};
constexpr std::array<std::string_view, 2> kInfluenceKeys{"how", "strength"};
constexpr std::array<std::string_view, 1> kSupportKeys{"strength"};
constexpr std::array<std::string_view, 1> kPositionKeys{"position"};
constexpr std::array<std::string_view, 2> kPartKeys{"name", "position"};
constexpr std::array<std::string_view, 1> kRelationKeys{"weight"};

/// Where in its receipt's numbers a relationship stands, after those of its type.
std::int64_t place_of(const cypher::Edge& edge, std::uint32_t first) {
  return (edge.id & (kPlacesPerReceipt - 1)) - static_cast<std::int64_t>(first);
}

}  // namespace

std::span<const std::string_view> GraphProperties::edge_keys(std::uint32_t type) noexcept {
  switch (static_cast<EdgeType>(type)) {
    case EdgeType::resulted_in:
    case EdgeType::from_atom:
      return {};
    case EdgeType::used_reasoning:
      return kReasoningEdgeKeys;
    case EdgeType::used_model:
      return kModelEdgeKeys;
    case EdgeType::used_atom:
      return kUsedAtomKeys;
    case EdgeType::influenced_by:
      return kInfluenceKeys;
    case EdgeType::supported_by:
      return kSupportKeys;
    case EdgeType::considered_alternative:
      return kPositionKeys;
    case EdgeType::has_component:
    case EdgeType::has_layer:
    case EdgeType::has_tensor:
      return kPartKeys;
  }
  return kRelationKeys;
}

Value GraphProperties::edge(const cypher::Edge& edge, std::string_view key) {
  // Ids above those of receipts are rows of the atom graph, whatever its users call a type.
  if (edge.id >> kAreaBits > 0) return atom_edge(edge, key);
  const std::int64_t stream = edge.id >> kPlaceBits;
  switch (static_cast<EdgeType>(edge.type)) {
    case EdgeType::used_model:
      if (key == "contribution_weight")
        return weight(stream, AtomRole::model, place_of(edge, kUsedModel));
      return key == "confidence" ? node(edge.start, key) : Value{};
    case EdgeType::used_reasoning:
      return reasoning_edge(stream, key);
    case EdgeType::used_atom: {
      const bool subject = place_of(edge, kSubject) >= 0 && place_of(edge, kHitUsedAtom) < 0;
      const std::int64_t sequence =
          subject ? place_of(edge, kSubject) : evidence_place(edge.id, kUsedAtom);
      if (key == "role") return subject ? "subject" : "evidence";
      if (key == "sequence") return sequence;
      if (key != "weight") return {};
      return weight(stream, subject ? AtomRole::subject : AtomRole::evidence, sequence);
    }
    case EdgeType::influenced_by:
      if (key == "how") return "shared_evidence";
      return key == "strength" ? influence(stream, place_of(edge, kInfluencedBy)) : Value{};
    case EdgeType::supported_by:
      return key == "strength" ? strength(stream, evidence_place(edge.id, kSupportedBy))
                               : Value{};
    case EdgeType::considered_alternative:
      return key == "position" ? node(edge.end, key) : Value{};
    default:
      return {};
  }
}

Value GraphProperties::weight(std::int64_t stream, AtomRole role, std::int64_t sequence) {
  const auto rows = source_.rows().used(stream, role, sequence);
  return rows.empty() || rows[0].number != sequence ? Value{} : Value{rows[0].weight};
}

// The steps count each by their own weight; the mode by their mean.
Value GraphProperties::reasoning_edge(std::int64_t stream, std::string_view key) {
  const std::vector<ReceiptStep>& steps = source_.opened(stream).receipt().steps;
  if (key == "num_operations") return static_cast<std::int64_t>(steps.size());
  if (key != "weight" || steps.empty()) return {};
  double sum = 0;
  for (const ReceiptStep& step : steps) sum += step.weight;
  return sum / static_cast<double>(steps.size());
}

Value GraphProperties::influence(std::int64_t stream, std::int64_t rank) {
  const auto rows = source_.rows().influences(stream, rank);
  return rows.empty() || rows[0].number != rank ? Value{} : Value{rows[0].strength};
}

Value GraphProperties::strength(std::int64_t stream, std::int64_t place) {
  OpenedReceipt& opened = source_.opened(stream);
  if (place >= kFirstHit) {
    const auto at = static_cast<std::size_t>(place - kFirstHit);
    if (at >= opened.hits().size() || !opened.hits()[at].evidence) return {};
    return strengths(std::array{opened.hits()[at].evidence->weight}, {}).front();
  }
  const auto at = static_cast<std::size_t>(place);
  if (at >= opened.evidence().size() || !opened.evidence()[at]) return {};
  return opened.strength(at);
}

Value GraphProperties::atom_edge(const cypher::Edge& edge, std::string_view key) {
  const EdgeRow row = source_.edge_numbers().row(edge.id);
  const auto read = [&](store::Statement& statement, const auto& make) {
    Value value;
    if (statement.step()) value = make(statement);
    statement.reset();
    return value;
  };
  const auto text = [](const store::Statement& found) {
    return found.is_null(0) ? Value{} : Value{found.text(0)};
  };
  switch (row.table) {
    case EdgeTable::relation:
      if (key != "weight") return {};
      return read(relation_.with(row.first, row.second, source_.edge_types().name(edge.type)),
                  [](const store::Statement& found) { return Value{found.real(0)}; });
    case EdgeTable::component:
      if (key == "name") return read(component_.with(row.first, row.second), text);
      break;
    case EdgeTable::layer:
      if (key == "name") return read(layer_.with(row.first, row.second), text);
      break;
    case EdgeTable::tensor:
      if (key == "name") return read(tensor_.with(row.first, row.second), text);
      break;
    case EdgeTable::model:
      return {};
  }
  return key == "position" ? Value{row.second} : Value{};
}

}  // namespace hart::prov
