#include "prov/graph/edge_scan.h"

#include <algorithm>

#include "prov/graph/edge_scan_request.h"

namespace hart::prov {
namespace {

constexpr std::uint32_t kInferencePlace = 0;
constexpr std::uint32_t kDecisionPlace = 1;

}  // namespace

// Those of a kind stand together. Within a direction their order is that in which relationships
// are listed.
std::span<const EdgeScan::Family> EdgeScan::families(NodeKind kind) {
  using Kind = NodeKind;
  using Type = EdgeType;
  static const std::vector<Family> all{
      {Kind::inference, Type::resulted_in, true, &EdgeScan::result},
      {Kind::inference, Type::used_reasoning, true, &EdgeScan::reasoning},
      {Kind::inference, Type::used_model, true, &EdgeScan::models},
      {Kind::inference, Type::used_atom, true, &EdgeScan::used_atoms},
      {Kind::inference, Type::used_atom, true, &EdgeScan::subjects},
      {Kind::inference, Type::influenced_by, true, &EdgeScan::influences},
      {Kind::inference, Type::influenced_by, false, &EdgeScan::influenced},
      {Kind::decision, Type::supported_by, true, &EdgeScan::supports},
      {Kind::decision, Type::considered_alternative, true, &EdgeScan::considered},
      {Kind::decision, Type::resulted_in, false, &EdgeScan::inference_of},
      {Kind::evidence, Type::from_atom, true, &EdgeScan::evidence_atom},
      {Kind::evidence, Type::supported_by, false, &EdgeScan::decision_of},
      {Kind::alternative, Type::considered_alternative, false, &EdgeScan::decision_of},
      {Kind::atom, Type::used_atom, false, &EdgeScan::atom_users},
      {Kind::atom, Type::used_atom, false, &EdgeScan::subject_of},
      {Kind::atom, Type::from_atom, false, &EdgeScan::atom_evidence},
      {Kind::atom, Type::from_atom, false, &EdgeScan::atom_models},
      {Kind::atom, std::nullopt, true, &EdgeScan::relations},
      {Kind::atom, std::nullopt, false, &EdgeScan::related},
      {Kind::atom, Type::has_component, true, &EdgeScan::components},
      {Kind::atom, Type::has_component, false, &EdgeScan::parents},
      {Kind::atom, Type::has_layer, true, &EdgeScan::layers},
      {Kind::atom, Type::has_layer, false, &EdgeScan::layered},
      {Kind::atom, Type::has_tensor, true, &EdgeScan::tensors},
      {Kind::atom, Type::has_tensor, false, &EdgeScan::models_of_tensor},
      {Kind::lost_atom, Type::used_atom, false, &EdgeScan::atom_users},
      {Kind::lost_atom, Type::used_atom, false, &EdgeScan::subject_of},
      {Kind::lost_atom, Type::from_atom, false, &EdgeScan::atom_evidence},
      {Kind::model, Type::from_atom, true, &EdgeScan::model_atom},
      {Kind::model, Type::used_model, false, &EdgeScan::model_users},
      {Kind::reasoning, Type::used_reasoning, false, &EdgeScan::reasoning_users},
  };
  return {std::ranges::lower_bound(all, kind, {}, &Family::kind),
          std::ranges::upper_bound(all, kind, {}, &Family::kind)};
}

std::size_t EdgeScan::edges(cypher::NodeId node, cypher::Direction direction,
                            std::span<const std::uint32_t> types, cypher::EdgeCursor& cursor,
                            std::span<cypher::Edge> out) {
  Request request{node, node_key(node), types, cursor, out};
  request.both = direction == cypher::Direction::both;
  const std::span<const Family> all = families(request.key.kind);
  auto& family = cursor.place[0];
  for (; family < static_cast<std::int64_t>(all.size()); ++family) {
    const Family& one = all[static_cast<std::size_t>(family)];
    const auto opposite = one.outward ? cypher::Direction::in : cypher::Direction::out;
    if (direction != opposite && request.asks_for(one.type)) {
      (this->*one.read)(request);
      if (request.full()) return request.size;
    }
    cursor.place[1] = cursor.place[2] = cursor.place[3] = 0;
  }
  return request.size;
}

void EdgeScan::result(Request& request) {
  request.single(EdgeType::resulted_in, receipt_edge(request.key.row, kResultedIn, 0),
                 request.node, receipt_node(request.key.row, kDecisionPlace));
}

void EdgeScan::inference_of(Request& request) {
  request.single(EdgeType::resulted_in, receipt_edge(request.key.row, kResultedIn, 0),
                 receipt_node(request.key.row, kInferencePlace), request.node);
}

void EdgeScan::decision_of(Request& request) {
  const bool evidence = request.key.kind == NodeKind::evidence;
  const auto edge =
      evidence ? evidence_edge(request.key.row, kSupportedBy, request.key.place)
               : receipt_edge(request.key.row, kConsideredAlternative, request.key.place);
  request.single(evidence ? EdgeType::supported_by : EdgeType::considered_alternative, edge,
                 receipt_node(request.key.row, kDecisionPlace), request.node);
}

void EdgeScan::reasoning(Request& request) {
  const auto entity = source_.rows().summary(request.key.row).reasoning_entity;
  if (entity)
    request.single(EdgeType::used_reasoning, receipt_edge(request.key.row, kUsedReasoning, 0),
                   request.node, node_id({NodeKind::reasoning, *entity, 0}));
}

void EdgeScan::used(Request& request, AtomRole role, EdgeType type, std::uint32_t first) {
  while (!request.full()) {
    const auto rows = source_.rows().used(request.key.row, role, request.next());
    if (rows.empty()) return;
    for (const ReceiptRows::Used& row : rows) {
      if (request.full()) return;
      request.next() = row.number + 1;
      const auto end = type == EdgeType::used_model ? source_.model_node(row.atom)
                                                    : source_.atom_node(row.atom);
      // What leads nowhere is passed over.
      if (end)
        request.add(
            {evidence_edge(request.key.row, first, static_cast<std::uint32_t>(row.number)),
             request.node, *end, static_cast<std::uint32_t>(type)});
    }
  }
}

void EdgeScan::models(Request& request) {
  used(request, AtomRole::model, EdgeType::used_model, kUsedModel);
}

void EdgeScan::used_atoms(Request& request) {
  used(request, AtomRole::evidence, EdgeType::used_atom, kUsedAtom);
}

void EdgeScan::subjects(Request& request) {
  used(request, AtomRole::subject, EdgeType::used_atom, kSubject);
}

void EdgeScan::influences(Request& request) {
  while (!request.full()) {
    const auto rows = source_.rows().influences(request.key.row, request.next());
    if (rows.empty()) return;
    for (const ReceiptRows::Influence& row : rows) {
      if (request.full()) return;
      request.next() = row.number + 1;
      request.add(
          {receipt_edge(request.key.row, kInfluencedBy, static_cast<std::uint32_t>(row.number)),
           request.node, receipt_node(row.earlier_stream, kInferencePlace),
           static_cast<std::uint32_t>(EdgeType::influenced_by)});
    }
  }
}

// An inference is influenced by another once, so the later one is key enough.
void EdgeScan::influenced(Request& request) {
  influenced_.with(request.key.row, request.next(), request.room());
  while (influenced_.step()) {
    const std::int64_t later = influenced_.integer(0);
    const auto rank = static_cast<std::uint32_t>(influenced_.integer(1));
    request.next() = later + 1;
    request.add({receipt_edge(later, kInfluencedBy, rank), receipt_node(later, kInferencePlace),
                 request.node, static_cast<std::uint32_t>(EdgeType::influenced_by)});
  }
  influenced_.reset();
}

void EdgeScan::supports(Request& request) {
  const std::uint32_t given = evidence_count(source_.opened(request.key.row).receipt());
  const std::uint32_t hits = source_.hit_count(request.key.row);
  request.run(given + hits, [&](std::uint32_t number) {
    const std::uint32_t place = number < given ? number : kFirstHit + number - given;
    return cypher::Edge{evidence_edge(request.key.row, kSupportedBy, place), request.node,
                        node_id({NodeKind::evidence, request.key.row, place}),
                        static_cast<std::uint32_t>(EdgeType::supported_by)};
  });
}

void EdgeScan::considered(Request& request) {
  const std::uint32_t count = alternative_count(source_.opened(request.key.row));
  request.run(count, [&](std::uint32_t place) {
    return cypher::Edge{receipt_edge(request.key.row, kConsideredAlternative, place),
                        request.node, node_id({NodeKind::alternative, request.key.row, place}),
                        static_cast<std::uint32_t>(EdgeType::considered_alternative)};
  });
}

void EdgeScan::evidence_atom(Request& request) {
  const auto place = static_cast<std::int64_t>(request.key.place);
  const auto rows = source_.rows().used(request.key.row, AtomRole::evidence, place);
  if (rows.empty() || rows[0].number != place) return;
  if (const auto atom = source_.atom_node(rows[0].atom))
    request.single(EdgeType::from_atom,
                   evidence_edge(request.key.row, kFromAtom, request.key.place), request.node,
                   *atom);
}

// The receipts that used an atom or a model, in the order of the log.
void EdgeScan::users(Request& request, const Id& id, AtomRole role) {
  auto& stream = request.cursor.place[1];
  auto& sequence = request.cursor.place[2];
  users_.with(id.hash, static_cast<int>(id.space), static_cast<int>(role), stream, sequence,
              request.room());
  while (users_.step()) {
    stream = users_.integer(0);
    sequence = users_.integer(1) + 1;
    request.use(stream, static_cast<std::uint32_t>(users_.integer(1)));
  }
  users_.reset();
}

void EdgeScan::model_users(Request& request) {
  request.use = [&](std::int64_t stream, std::uint32_t place) {
    request.add({receipt_edge(stream, kUsedModel, place), receipt_node(stream, kInferencePlace),
                 request.node, static_cast<std::uint32_t>(EdgeType::used_model)});
  };
  users(request, source_.id_of(request.key), AtomRole::model);
}

void EdgeScan::atom_users(Request& request) {
  used_in(request, AtomRole::evidence, kUsedAtom);
}

void EdgeScan::subject_of(Request& request) {
  used_in(request, AtomRole::subject, kSubject);
}

void EdgeScan::used_in(Request& request, AtomRole role, std::uint32_t first) {
  request.use = [&request, role, first](std::int64_t stream, std::uint32_t place) {
    const auto edge = role == AtomRole::evidence ? evidence_edge(stream, first, place)
                                                 : receipt_edge(stream, first, place);
    request.add({edge, receipt_node(stream, kInferencePlace), request.node,
                 static_cast<std::uint32_t>(EdgeType::used_atom)});
  };
  users(request, source_.id_of(request.key), role);
}

void EdgeScan::atom_evidence(Request& request) {
  request.use = [&](std::int64_t stream, std::uint32_t place) {
    request.add({evidence_edge(stream, kFromAtom, place),
                 node_id({NodeKind::evidence, stream, place}), request.node,
                 static_cast<std::uint32_t>(EdgeType::from_atom)});
  };
  users(request, source_.id_of(request.key), AtomRole::evidence);
}

void EdgeScan::reasoning_users(Request& request) {
  reasoning_users_.with(request.key.row, request.next(), request.room());
  while (reasoning_users_.step()) {
    const std::int64_t stream = reasoning_users_.integer(0);
    request.next() = stream + 1;
    request.add({receipt_edge(stream, kUsedReasoning, 0), receipt_node(stream, kInferencePlace),
                 request.node, static_cast<std::uint32_t>(EdgeType::used_reasoning)});
  }
  reasoning_users_.reset();
}

}  // namespace hart::prov
