#include "store/hiding.h"

#include <string>
#include <vector>

namespace hart::store {
namespace {

// As holding.cc has it: what a model contains is held as a tensor or as the model.
constexpr const char* kRowsOfHolder =
    " WHERE tenant_id = ?1 AND atom_id = ?2 AND (modality = ?3 OR (?3 = 6 AND modality = 4))";
constexpr const char* kHiddenHolders =
    "(SELECT h.holders FROM hidden_hold AS h WHERE h.tenant_id = tenant_atom.tenant_id"
    " AND h.atom_id = tenant_atom.atom_id AND h.modality = tenant_atom.modality)";
constexpr const char* kEmbeddingColumns =
    "tenant_id, atom_id, embedding_model_id, vector, spatial_key, hilbert_index, created_us";
/// One end at a time: with OR between them SQLite would read all of the tenant's.
constexpr const char* kEdgesOfAtom[] = {" WHERE tenant_id = ?1 AND source_atom_id = ?2",
                                        " WHERE tenant_id = ?1 AND target_atom_id = ?2"};
/// Of which the tenant sees both ends.
constexpr const char* kEdgeIsSeen =
    " AND EXISTS (SELECT 1 FROM tenant_atom AS t WHERE t.tenant_id = ?1"
    "  AND t.atom_id = hidden_relation.source_atom_id AND t.access_level <> 'none')"
    " AND EXISTS (SELECT 1 FROM tenant_atom AS t WHERE t.tenant_id = ?1"
    "  AND t.atom_id = hidden_relation.target_atom_id AND t.access_level <> 'none')";

Statement prepare_all(Connection& db, std::initializer_list<std::string_view> parts) {
  std::string sql;
  for (const std::string_view part : parts) sql += part;
  return db.prepare(sql, Scope::owner);
}

/// Vectors and edges of an atom, out of the tables that are searched.
std::vector<Statement> away_statements(Connection& db) {
  std::vector<Statement> away;
  away.reserve(6);
  away.push_back(prepare_all(
      db, {"INSERT OR REPLACE INTO hidden_embedding (", kEmbeddingColumns, ") SELECT ",
           kEmbeddingColumns, " FROM atom_embedding WHERE tenant_id = ? AND atom_id = ?"}));
  away.push_back(
      prepare_all(db, {"DELETE FROM atom_embedding WHERE tenant_id = ? AND atom_id = ?"}));
  for (const char* edges : kEdgesOfAtom) {
    away.push_back(prepare_all(
        db, {"INSERT OR REPLACE INTO hidden_relation SELECT * FROM atom_relation", edges}));
    away.push_back(prepare_all(db, {"DELETE FROM atom_relation", edges}));
  }
  return away;
}

/// And into them again, with numbers of their own: an index takes what is newer than itself.
std::vector<Statement> back_statements(Connection& db) {
  std::vector<Statement> back;
  back.reserve(6);
  back.push_back(prepare_all(
      db, {"INSERT OR IGNORE INTO atom_embedding (", kEmbeddingColumns, ") SELECT ",
           kEmbeddingColumns, " FROM hidden_embedding WHERE tenant_id = ? AND atom_id = ?"}));
  back.push_back(
      prepare_all(db, {"DELETE FROM hidden_embedding WHERE tenant_id = ? AND atom_id = ?"}));
  for (const char* edges : kEdgesOfAtom) {
    back.push_back(
        prepare_all(db, {"INSERT OR IGNORE INTO atom_relation SELECT * FROM hidden_relation",
                         edges, kEdgeIsSeen}));
    back.push_back(prepare_all(db, {"DELETE FROM hidden_relation", edges, kEdgeIsSeen}));
  }
  return back;
}

std::vector<Statement> forget_statements(Connection& db) {
  std::vector<Statement> forget;
  forget.reserve(3);
  forget.push_back(
      prepare_all(db, {"DELETE FROM hidden_embedding WHERE tenant_id = ? AND atom_id = ?"}));
  for (const char* edges : kEdgesOfAtom)
    forget.push_back(prepare_all(db, {"DELETE FROM hidden_relation", edges}));
  return forget;
}

}  // namespace

struct Hiding::Statements {
  explicit Statements(Connection& db)
      : add{prepare_all(db,
                        {"INSERT INTO hidden_hold (tenant_id, atom_id, modality, holders)"
                         " SELECT tenant_id, atom_id, modality, 1 FROM tenant_atom",
                         kRowsOfHolder, " ON CONFLICT DO UPDATE SET holders = holders + 1"})},
        less{prepare_all(db, {"UPDATE hidden_hold SET holders = holders - 1", kRowsOfHolder})},
        drop{prepare_all(db, {"DELETE FROM hidden_hold", kRowsOfHolder, " AND holders = 0"})},
        hide{prepare_all(db, {"UPDATE tenant_atom SET access_level = 'none'", kRowsOfHolder,
                              " AND access_level <> 'none' AND holders <= ", kHiddenHolders})},
        show{prepare_all(db, {"UPDATE tenant_atom SET access_level = 'read'", kRowsOfHolder,
                              " AND access_level = 'none' AND holders > COALESCE(",
                              kHiddenHolders, ", 0)"})},
        seen{db.prepare("SELECT 1 FROM my_tenant_atom WHERE atom_id = ? LIMIT 1")},
        away{away_statements(db)},
        back{back_statements(db)},
        forget{forget_statements(db)} {}

  Statement add, less, drop, hide, show, seen;
  std::vector<Statement> away, back, forget;
};

Hiding::Hiding(Store& store) : store_{store} {
  Statement any = store.db().prepare(
      "SELECT EXISTS (SELECT 1 FROM hidden_hold WHERE tenant_id = ?)", Scope::owner);
  any_ = any.with(store.tenant_id()).step() && any.integer(0) != 0;
}

Hiding::~Hiding() = default;

Hiding::Statements& Hiding::sql() {
  if (!sql_) sql_ = std::make_unique<Statements>(store_.db());
  return *sql_;
}

bool Hiding::is_seen(std::int64_t atom_id) {
  const bool found = sql().seen.with(atom_id).step();
  sql().seen.reset();
  return found;
}

void Hiding::add_holder(std::int64_t atom_id, Modality modality) {
  any_ = true;
  sql().add.run(store_.tenant_id(), atom_id, static_cast<std::int64_t>(modality));
}

void Hiding::drop_holder(std::int64_t atom_id, Modality modality) {
  for (Statement* statement : {&sql().less, &sql().drop})
    statement->run(store_.tenant_id(), atom_id, static_cast<std::int64_t>(modality));
}

Hiding::Outcome Hiding::settle(std::int64_t atom_id, Modality modality) {
  const bool before = is_seen(atom_id);
  for (Statement* statement : {&sql().hide, &sql().show})
    statement->run(store_.tenant_id(), atom_id, static_cast<std::int64_t>(modality));
  const bool after = is_seen(atom_id);
  if (before == after) return Outcome::unchanged;
  if (after)
    take_back(atom_id);
  else
    put_away(atom_id);
  return after ? Outcome::shown : Outcome::hidden;
}

void Hiding::take_back(std::int64_t atom_id) {
  for (Statement& statement : sql().back) statement.run(store_.tenant_id(), atom_id);
}

void Hiding::put_away(std::int64_t atom_id) {
  for (Statement& statement : sql().away) statement.run(store_.tenant_id(), atom_id);
}

void Hiding::forget(std::int64_t atom_id) {
  for (Statement& statement : sql().forget) statement.run(store_.tenant_id(), atom_id);
}

}  // namespace hart::store
