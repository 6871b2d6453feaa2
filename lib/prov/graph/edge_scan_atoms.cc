#include <utility>

#include "prov/graph/edge_scan.h"
#include "prov/graph/edge_scan_request.h"

namespace hart::prov {
EdgeScan::EdgeScan(GraphSource& source)
    : source_{source},
      influenced_{source.store().db().prepare(
          "SELECT later_stream_id, rank FROM my_provenance_influence"
          " WHERE earlier_stream_id = ? AND later_stream_id >= ?"
          " ORDER BY later_stream_id LIMIT ?")},
      users_{source.store().db().prepare(
          "SELECT generation_stream_id, sequence FROM my_atom_provenance"
          " WHERE atom_hash = ?1 AND atom_space = ?2 AND role = ?3"
          "   AND (generation_stream_id, sequence) >= (?4, ?5)"
          " ORDER BY generation_stream_id, sequence LIMIT ?6")},
      reasoning_users_{source.store().db().prepare(
          "SELECT generation_stream_id FROM my_provenance_summary"
          " WHERE reasoning_entity_id = ? AND generation_stream_id >= ?"
          " ORDER BY generation_stream_id LIMIT ?")},
      relations_{source.store().db().prepare(
          "SELECT relation_type, target_atom_id FROM my_atom_relation"
          " WHERE source_atom_id = ?1 AND (relation_type, target_atom_id) > (?2, ?3)"
          " ORDER BY relation_type, target_atom_id LIMIT ?4")},
      relations_typed_{source.store().db().prepare(
          "SELECT relation_type, target_atom_id FROM my_atom_relation"
          " WHERE source_atom_id = ?1 AND relation_type = ?2 AND target_atom_id > ?3"
          " ORDER BY target_atom_id LIMIT ?4")},
      related_{source.store().db().prepare(
          "SELECT relation_type, source_atom_id FROM my_atom_relation"
          " WHERE target_atom_id = ?1 AND (relation_type, source_atom_id) > (?2, ?3)"
          " ORDER BY relation_type, source_atom_id LIMIT ?4")},
      related_typed_{source.store().db().prepare(
          "SELECT relation_type, source_atom_id FROM my_atom_relation"
          " WHERE target_atom_id = ?1 AND relation_type = ?2 AND source_atom_id > ?3"
          " ORDER BY source_atom_id LIMIT ?4")},
      components_{source.store().db().prepare(
          "SELECT position, component_atom_id FROM my_atom_composition"
          " WHERE parent_atom_id = ?1 AND position >= ?3 AND ?2 = 0"
          " ORDER BY position LIMIT ?4")},
      parents_{source.store().db().prepare(
          "SELECT position, parent_atom_id FROM my_atom_composition"
          " WHERE component_atom_id = ?1 AND (parent_atom_id, position) >= (?2, ?3)"
          " ORDER BY parent_atom_id, position LIMIT ?4")},
      layers_{source.store().db().prepare(
          "SELECT layer_index, layer_atom_id FROM my_model_layer"
          " WHERE model_atom_id = ?1 AND layer_index >= ?3 AND ?2 = 0"
          " ORDER BY layer_index LIMIT ?4")},
      layered_{source.store().db().prepare(
          "SELECT layer_index, model_atom_id FROM my_model_layer"
          " WHERE layer_atom_id = ?1 AND (model_atom_id, layer_index) >= (?2, ?3)"
          " ORDER BY model_atom_id, layer_index LIMIT ?4")},
      tensors_{
          source.store().db().prepare("SELECT position, tensor_atom_id FROM my_tensor_atom"
                                      " WHERE model_atom_id = ?1 AND position >= ?3 AND ?2 = 0"
                                      " ORDER BY position LIMIT ?4")},
      models_of_tensor_{source.store().db().prepare(
          "SELECT position, model_atom_id FROM my_tensor_atom"
          " WHERE tensor_atom_id = ?1 AND (model_atom_id, position) >= (?2, ?3)"
          " ORDER BY model_atom_id, position LIMIT ?4")} {}

void EdgeScan::model_atom(Request& request) {
  if (const auto atom = source_.held_atom(source_.id_of(request.key)))
    request.single(EdgeType::from_atom,
                   source_.edge_numbers().number({EdgeTable::model, request.key.row, 0, 0}),
                   request.node, node_id({NodeKind::atom, *atom, 0}));
}

void EdgeScan::atom_models(Request& request) {
  const auto model = source_.entities().find(model_entity(source_.id_of(request.key)));
  if (model)
    request.single(EdgeType::from_atom,
                   source_.edge_numbers().number({EdgeTable::model, *model, 0, 0}),
                   node_id({NodeKind::model, *model, 0}), request.node);
}

// The cursor holds the type's number, or that of the type asked for, and the atom read last. A
// loop is given among those that lead away, unless only the others are asked for.
void EdgeScan::relation_rows(Request& request, store::Statement& all, store::Statement& typed,
                             bool outward) {
  auto& type = request.cursor.place[1];
  auto& atom = request.cursor.place[2];
  const auto read = [&](store::Statement& rows, bool every_type) {
    const auto bind = [&](std::int64_t limit) {
      const auto named = every_type ? type - 1 : request.types[static_cast<std::size_t>(type)];
      // Nothing comes before every type.
      const std::string name =
          named < 0 ? std::string{}
                    : source_.edge_types().name(static_cast<std::uint32_t>(named));
      rows.with(request.key.row, name, atom, limit);
    };
    const auto take = [&] {
      const std::uint32_t number = source_.edge_types().number(rows.text(0));
      atom = rows.integer(1);
      if (every_type) type = number + 1;
      if (request.both && !outward && atom == request.key.row) return;
      const std::int64_t source = outward ? request.key.row : atom;
      const std::int64_t target = outward ? atom : request.key.row;
      request.add({source_.edge_numbers().number({EdgeTable::relation, source, target, number}),
                   node_id({NodeKind::atom, source, 0}), node_id({NodeKind::atom, target, 0}),
                   number});
    };
    request.rows(rows, bind, take);
  };
  if (request.types.empty()) {
    read(all, true);
    return;
  }
  for (; type < static_cast<std::int64_t>(request.types.size()); ++type, atom = 0) {
    read(typed, false);
    if (request.full()) return;
  }
}

void EdgeScan::relations(Request& request) {
  relation_rows(request, relations_, relations_typed_, true);
}

void EdgeScan::related(Request& request) {
  relation_rows(request, related_, related_typed_, false);
}

// The cursor holds the other atom, of those that lead here, and the position to go on from.
void EdgeScan::parts(Request& request, store::Statement& statement, EdgeType type,
                     EdgeTable table, bool outward) {
  auto& other = request.cursor.place[1];
  auto& position = request.cursor.place[2];
  const auto bind = [&](std::int64_t limit) {
    statement.with(request.key.row, other, position, limit);
  };
  request.rows(statement, bind, [&] {
    const std::int64_t place = statement.integer(0);
    const std::int64_t atom = statement.integer(1);
    position = place + 1;
    if (!outward) other = atom;
    if (request.both && !outward && atom == request.key.row) return;
    const std::int64_t parent = outward ? request.key.row : atom;
    const std::int64_t part = outward ? atom : request.key.row;
    request.add({source_.edge_numbers().number({table, parent, place, 0}),
                 node_id({NodeKind::atom, parent, 0}), node_id({NodeKind::atom, part, 0}),
                 static_cast<std::uint32_t>(type)});
  });
}

void EdgeScan::components(Request& request) {
  parts(request, components_, EdgeType::has_component, EdgeTable::component, true);
}

void EdgeScan::parents(Request& request) {
  parts(request, parents_, EdgeType::has_component, EdgeTable::component, false);
}

void EdgeScan::layers(Request& request) {
  parts(request, layers_, EdgeType::has_layer, EdgeTable::layer, true);
}

void EdgeScan::layered(Request& request) {
  parts(request, layered_, EdgeType::has_layer, EdgeTable::layer, false);
}

void EdgeScan::tensors(Request& request) {
  parts(request, tensors_, EdgeType::has_tensor, EdgeTable::tensor, true);
}

void EdgeScan::models_of_tensor(Request& request) {
  parts(request, models_of_tensor_, EdgeType::has_tensor, EdgeTable::tensor, false);
}

}  // namespace hart::prov
