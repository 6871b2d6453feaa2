#include "store/relation.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "geometry/spatialite_blob.h"

namespace hart::store {
namespace {

constexpr std::ptrdiff_t kLongestType = 128;

Relation read_relation(const Statement& row) {
  Relation relation;
  relation.source_atom_id = row.integer(0);
  relation.type = row.text(1);
  relation.target_atom_id = row.integer(2);
  relation.weight = row.real(3);
  if (!row.is_null(4)) {
    const geometry::Geometry line = geometry::decode_geometry(row.blob(4));
    if (line.shape != geometry::Shape::linestring || line.vertices.size() != 2)
      throw Error{Fault::data,
                  "the store is damaged: an edge lies along no line of two points"};
    relation.ends = {line.vertices[0], line.vertices[1]};
  }
  relation.created = row.integer(5);
  return relation;
}

}  // namespace

std::string_view put_relation_name(PutRelation outcome) noexcept {
  switch (outcome) {
    case PutRelation::added:
      return "added";
    case PutRelation::changed:
      return "changed";
    case PutRelation::unchanged:
      break;
  }
  return "unchanged";
}

void check_relation(std::string_view type, double weight) {
  // Bytes that continue a character of UTF-8 begin none.
  const auto characters =
      std::count_if(type.begin(), type.end(), [](char c) { return (c & 0xC0) != 0x80; });
  if (characters < 1 || characters > kLongestType)
    throw Error{Fault::data, "the type of a relation has 1 to 128 characters, not " +
                                 std::to_string(characters)};
  if (std::any_of(type.begin(), type.end(), [](char c) { return c >= 0 && c < 0x20; }))
    throw Error{Fault::data, "the type of a relation holds a control character"};
  if (!(weight > 0) || !std::isfinite(weight))
    throw Error{Fault::data, "the weight of a relation is a finite number above 0"};
}

RelationWriter::RelationWriter(Store& store)
    : store_{store},
      now_{store.now()},
      access_{store},
      held_{store.db().prepare("SELECT 1 FROM my_tenant_atom WHERE atom_id = ? LIMIT 1")},
      ends_{store.db().prepare(
          "SELECT s.spatial_key, t.spatial_key FROM my_embedding_model AS m"
          " CROSS JOIN my_atom_embedding AS s ON s.embedding_model_id = m.embedding_model_id"
          " CROSS JOIN my_atom_embedding AS t ON t.embedding_model_id = m.embedding_model_id"
          " WHERE s.atom_id = ? AND t.atom_id = ?"
          " AND s.spatial_key IS NOT NULL AND t.spatial_key IS NOT NULL"
          " ORDER BY m.embedding_model_id LIMIT 1")},
      find_{store.db().prepare("SELECT weight, spatial_expression FROM my_atom_relation"
                               " WHERE source_atom_id = ? AND relation_type = ?"
                               " AND target_atom_id = ?")},
      put_{store.db().prepare(
          "INSERT INTO atom_relation (tenant_id, source_atom_id, relation_type, target_atom_id,"
          " weight, spatial_expression, created_us) VALUES (?, ?, ?, ?, ?, ?, ?)"
          " ON CONFLICT DO UPDATE SET weight = excluded.weight,"
          " spatial_expression = excluded.spatial_expression",
          Scope::owner)},
      remove_{store.db().prepare("DELETE FROM atom_relation WHERE tenant_id = ?"
                                 " AND source_atom_id = ? AND relation_type = ?"
                                 " AND target_atom_id = ?",
                                 Scope::owner)} {}

void RelationWriter::check_held(std::int64_t atom_id) {
  const bool found = held_.with(atom_id).step();
  held_.reset();
  if (!found) throw Error{Fault::no_input, "atom " + std::to_string(atom_id) + " is not held"};
}

std::optional<ByteBuffer> RelationWriter::expression(std::int64_t source, std::int64_t target) {
  std::optional<ByteBuffer> line;
  if (ends_.with(source, target).step()) {
    const geometry::PointZM ends[] = {geometry::decode_point(ends_.blob(0)),
                                      geometry::decode_point(ends_.blob(1))};
    line = geometry::encode_linestring(ends);
  }
  ends_.reset();
  return line;
}

PutRelation RelationWriter::put(std::int64_t source, std::int64_t target, std::string_view type,
                                double weight) {
  check_relation(type, weight);
  for (const std::int64_t atom_id : {source, target}) {
    check_held(atom_id);
    access_.require_writable(atom_id);
  }
  const std::optional<ByteBuffer> line = expression(source, target);
  PutRelation outcome = PutRelation::added;
  if (find_.with(source, type, target).step()) {
    const ByteView old = find_.blob(1);
    const bool same_line =
        line ? std::equal(old.begin(), old.end(), line->begin(), line->end()) : old.empty();
    outcome =
        find_.real(0) == weight && same_line ? PutRelation::unchanged : PutRelation::changed;
  }
  find_.reset();
  if (outcome != PutRelation::unchanged)
    put_.run(store_.tenant_id(), source, type, target, weight, line, now_);
  return outcome;
}

bool RelationWriter::remove(std::int64_t source, std::int64_t target, std::string_view type) {
  for (const std::int64_t atom_id : {source, target}) access_.require_writable(atom_id);
  remove_.run(store_.tenant_id(), source, type, target);
  return store_.db().changes() > 0;
}

void for_each_relation(Store& store, const RelationFilter& filter,
                       const std::function<void(const Relation&)>& visit) {
  std::string sql =
      "SELECT source_atom_id, relation_type, target_atom_id, weight, spatial_expression,"
      " created_us FROM my_atom_relation WHERE 1";
  if (filter.source_atom_id) sql += " AND source_atom_id = ?1";
  if (filter.target_atom_id) sql += " AND target_atom_id = ?2";
  if (filter.type) sql += " AND relation_type = ?3";
  sql += " ORDER BY source_atom_id, relation_type, target_atom_id";
  Statement rows = store.db().prepare(sql);
  if (filter.source_atom_id) rows.bind(1, *filter.source_atom_id);
  if (filter.target_atom_id) rows.bind(2, *filter.target_atom_id);
  if (filter.type) rows.bind(3, *filter.type);
  while (rows.step()) visit(read_relation(rows));
}

std::optional<Relation> find_relation(Store& store, std::int64_t source, std::int64_t target,
                                      std::string_view type) {
  std::optional<Relation> found;
  for_each_relation(store, {source, target, std::string{type}},
                    [&](const Relation& relation) { found = relation; });
  return found;
}

}  // namespace hart::store
