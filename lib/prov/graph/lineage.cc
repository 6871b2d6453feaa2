#include "prov/graph/lineage.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>

#include "core/error.h"
#include "prov/graph/edge_types.h"
#include "prov/graph/entity.h"
#include "prov/graph/node_key.h"
#include "prov/stream.h"
#include "store/catalog.h"

namespace hart::prov {
namespace {

constexpr std::string_view name_of(EdgeType type) {
  return kEdgeTypeNames[static_cast<std::size_t>(type)];
}

class LineageTrace {
 public:
  LineageTrace(store::Store& store, const StoreGraph& graph, cypher::NodeId start,
               const LineageOptions& options)
      : store_{store}, graph_{graph}, start_{start}, options_{options} {
    if (options.hops < 1 || options.hops > kMostInfluenceHops)
      throw Error{Fault::usage,
                  "lineage takes 1 to " + std::to_string(kMostInfluenceHops) + " hops"};
  }

  std::vector<LineageStep> run() {
    const NodeKind kind = node_key(start_).kind;
    if (options_.direction == Lineage::down)
      down(kind);
    else if (kind == NodeKind::inference)
      up();
    else
      wholes();
    std::vector<LineageStep> steps;
    steps.reserve(reached_.size());
    for (const auto& [node, step] : reached_) steps.push_back(step);
    std::ranges::sort(steps, {}, [](const LineageStep& step) {
      return std::tuple{step.hops, -step.strength, step.node};
    });
    if (steps.size() > options_.limit) steps.resize(options_.limit);
    return steps;
  }

 private:
  using Visit = std::function<bool(const cypher::Edge&)>;

  /// Visits the relationships of a type at a node until `visit` says false.
  void edges(cypher::NodeId node, EdgeType type, cypher::Direction direction,
             const Visit& visit) {
    const std::array types{static_cast<std::uint32_t>(type)};
    std::array<cypher::Edge, 64> batch{};
    cypher::EdgeCursor cursor;
    std::size_t size = batch.size();
    while (size == batch.size()) {
      size = graph_.edges(node, direction, types, cursor, batch);
      for (std::size_t i = 0; i < size; ++i)
        if (!visit(batch[i])) return;
    }
  }

  void reach(const LineageStep& step) {
    if (step.node == start_) return;
    const auto [place, added] = reached_.try_emplace(step.node, step);
    LineageStep& known = place->second;
    if (!added &&
        std::tuple{step.hops, -step.strength} < std::tuple{known.hops, -known.strength})
      known = step;
  }

  double weight(const cypher::Edge& edge, std::string_view key) const {
    const cypher::Value value = graph_.edge_property(edge, key);
    return value.kind() == cypher::Kind::floating ? value.floating() : 1;
  }

  void influences(const std::vector<std::int64_t>& streams, std::uint32_t hops_before,
                  double strength_before, Lineage direction) {
    if (streams.empty() || hops_before >= options_.hops) return;
    for (const InfluenceStep& step :
         walk_influences(store_, streams, direction, options_.hops - hops_before))
      reach({receipt_node(step.stream, 0), receipt_node(step.from, 0),
             std::string{name_of(EdgeType::influenced_by)}, hops_before + step.hops,
             strength_before * step.strength});
  }

  void up() {
    influences({node_key(start_).row}, 0, 1, Lineage::up);
    std::vector<LineageStep> inferences{{start_, start_, {}, 0, 1}};
    for (const auto& [node, step] : reached_)
      if (step.hops < options_.hops) inferences.push_back(step);
    for (const LineageStep& inference : inferences) {
      used(inference, EdgeType::used_model, "contribution_weight");
      used(inference, EdgeType::used_atom, "weight");
    }
  }

  void used(const LineageStep& inference, EdgeType type, std::string_view key) {
    edges(inference.node, type, cypher::Direction::out, [&](const cypher::Edge& edge) {
      reach({edge.end, inference.node, std::string{name_of(type)}, inference.hops + 1,
             inference.strength * weight(edge, key)});
      return true;
    });
  }

  void down(NodeKind kind) {
    if (kind == NodeKind::inference) {
      influences({node_key(start_).row}, 0, 1, Lineage::down);
      return;
    }
    std::vector<std::int64_t> users;
    if (kind == NodeKind::model) {
      users_of(start_, EdgeType::used_model, "contribution_weight", users);
    } else {
      users_of(start_, EdgeType::used_atom, "weight", users);
      if (kind == NodeKind::atom)
        for (const std::int64_t part : used_parts(node_key(start_).row))
          users_of(node_id({NodeKind::atom, part, 0}), EdgeType::used_atom, "weight", users);
    }
    // Strengths beyond the users count from them: which of them a way began at is forgotten.
    influences(users, 1, 1, Lineage::down);
  }

  void users_of(cypher::NodeId node, EdgeType type, std::string_view key,
                std::vector<std::int64_t>& users) {
    edges(node, type, cypher::Direction::in, [&](const cypher::Edge& edge) {
      reach({edge.start, node, std::string{name_of(type)}, 1, weight(edge, key)});
      users.push_back(node_key(edge.start).row);
      return users.size() < options_.limit;
    });
  }

  /// The parts of an atom, at any depth, that were evidence or a subject. Parts that are
  /// leaves, as words are, stand in much else, and what used them did not use the whole.
  std::vector<std::int64_t> used_parts(std::int64_t whole) {
    auto parts = store_.db().prepare(
        "SELECT a.atom_id, EXISTS (SELECT 1 FROM my_atom_provenance AS used"
        "  WHERE used.atom_hash = a.hash AND used.atom_space = a.space"
        "    AND used.role > 0)"
        " FROM my_atom_composition AS c JOIN my_atom AS a ON a.atom_id = c.component_atom_id"
        " WHERE c.parent_atom_id = ? AND a.space = 1 ORDER BY c.position");
    std::vector<std::int64_t> used;
    std::set<std::int64_t> seen{whole};
    std::vector<std::int64_t> open{whole};
    while (!open.empty()) {
      const std::int64_t parent = open.back();
      open.pop_back();
      parts.with(parent);
      while (parts.step()) {
        if (!seen.insert(parts.integer(0)).second) continue;
        open.push_back(parts.integer(0));
        if (parts.integer(1) != 0) used.push_back(parts.integer(0));
      }
      parts.reset();
    }
    return used;
  }

  /// What an atom is part of, level by level.
  void wholes() {
    std::vector<cypher::NodeId> level{start_};
    for (std::uint32_t hops = 1; hops <= options_.hops && !level.empty(); ++hops) {
      std::vector<cypher::NodeId> next;
      for (const cypher::NodeId part : level)
        edges(
            part, EdgeType::has_component, cypher::Direction::in,
            [&](const cypher::Edge& edge) {
              if (edge.start != start_ && !reached_.contains(edge.start))
                next.push_back(edge.start);
              reach({edge.start, part, std::string{name_of(EdgeType::has_component)}, hops, 1});
              return reached_.size() < options_.limit;
            });
      level = std::move(next);
    }
  }

  store::Store& store_;
  const StoreGraph& graph_;
  cypher::NodeId start_;
  const LineageOptions& options_;
  std::map<cypher::NodeId, LineageStep> reached_;
};

/// 6 to 32 hexadecimal digits and dashes: nothing else can be an inference.
bool may_be_uuid(const std::string& reference) {
  const auto digits =
      std::ranges::count_if(reference, [](unsigned char c) { return std::isxdigit(c) != 0; });
  const auto dashes = std::ranges::count(reference, '-');
  return digits >= 6 && digits <= 32 &&
         digits + dashes == static_cast<std::ptrdiff_t>(reference.size());
}

std::optional<cypher::NodeId> inference_node(store::Store& store,
                                             const std::string& reference) {
  if (!may_be_uuid(reference)) return std::nullopt;
  try {
    return receipt_node(resolve_stream(store, reference).generation_stream_id, 0);
  } catch (const Error& error) {
    // It may still be the beginning of an atom's id.
    if (error.fault() != Fault::no_input) throw;
    return std::nullopt;
  }
}

}  // namespace

cypher::NodeId resolve_node(store::Store& store, const std::string& reference) {
  if (const auto inference = inference_node(store, reference)) return *inference;
  EntityReader entities{store};
  const auto model = [&](const Id& id) { return entities.find(model_entity(id)); };
  try {
    const store::Object object = store::resolve_object(store, reference);
    for (const auto& id : {object.structure, std::optional{object.atom}})
      if (const auto entity = id ? model(*id) : std::nullopt)
        return node_id({NodeKind::model, *entity, 0});
    return node_id(
        {NodeKind::atom, object.structure_id != 0 ? object.structure_id : object.atom_id, 0});
  } catch (const Error& error) {
    if (error.fault() != Fault::no_input) throw;
  }
  return node_id({NodeKind::atom, store::resolve_atom(store, reference).atom_id, 0});
}

std::vector<LineageStep> trace_lineage(store::Store& store, const StoreGraph& graph,
                                       cypher::NodeId start, const LineageOptions& options) {
  return LineageTrace{store, graph, start, options}.run();
}

}  // namespace hart::prov
