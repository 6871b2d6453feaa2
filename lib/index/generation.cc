#include "index/generation.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/error.h"
#include "store/file_io.h"

namespace hart::index {
namespace {

using store::Scope;
using store::Statement;

struct KindName {
  IndexKind kind;
  std::string_view name;
};
constexpr std::array<KindName, 4> kKinds{{{IndexKind::rtree, "rtree"},
                                          {IndexKind::flat, "flat"},
                                          {IndexKind::hilbert, "hilbert"},
                                          {IndexKind::cells, "cells"}}};

constexpr const char* kSelectIndex =
    "SELECT kind, embedding_model_id, generation, items, last_embedding_id, parameters, recall,"
    " coalesce(recall_k, 0), coalesce(recall_candidates, 0), built_us,"
    " coalesce(recall_interval, 0) FROM my_search_index";

// What index.db knows of its own tables. `built_us` ties a generation to its catalog row, so
// that a number that is used again after index.db was lost does not pass for the one before.
constexpr const char* kCreateRegister =
    "CREATE TABLE IF NOT EXISTS index_generation ("
    " generation INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL,"
    " embedding_model_id INTEGER NOT NULL, kind TEXT NOT NULL, items INTEGER NOT NULL,"
    " last_embedding_id INTEGER NOT NULL, built_us INTEGER NOT NULL) STRICT";

IndexInfo read_info(const Statement& row) {
  IndexInfo info;
  const auto kind = find_index_kind(row.text(0));
  if (!kind)
    throw Error{Fault::data,
                "the store names an index of an unknown kind, " + std::string{row.text(0)}};
  info.kind = *kind;
  info.embedding_model_id = row.integer(1);
  info.generation = row.integer(2);
  info.items = row.integer(3);
  info.last_embedding_id = row.integer(4);
  info.parameters = parse_json(row.text(5), "index parameters");
  if (!row.is_null(6)) info.recall = row.real(6);
  info.recall_k = row.integer(7);
  info.recall_candidates = row.integer(8);
  info.built = row.integer(9);
  info.recall_interval = row.real(10);
  return info;
}

/// index.db for writing. One that is no database at all is worth nothing: it is made anew.
store::Connection& writable_index_db(store::Store& store) {
  try {
    return store.index_db();
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"})
      std::filesystem::remove(store.directory() + "/index.db" + suffix, ignored);
    return store.index_db();
  }
}

/// Drops the tenant's generations of this index that are older than `keep`.
void drop_older_generations(store::Store& store, const IndexInfo& index, std::int64_t keep) {
  store::Connection& db = store.index_db();
  std::vector<std::int64_t> old;
  {
    Statement find = db.prepare(
        "SELECT generation FROM index_generation WHERE tenant_id = ?1"
        " AND embedding_model_id = ?2 AND kind = ?3 AND generation < ?4",
        Scope::owner);
    find.with(store.tenant_id(), index.embedding_model_id, index_kind_name(index.kind), keep);
    while (find.step()) old.push_back(find.integer(0));
  }
  for (const std::int64_t generation : old) {
    const std::string number = std::to_string(generation);
    if (index.kind == IndexKind::cells)
      store::file_io().remove(generation_file(store, index.kind, generation));
    db.exec("BEGIN IMMEDIATE; DROP TABLE IF EXISTS " +
            generation_table(index.kind, generation) +
            "; DELETE FROM index_generation WHERE generation = " + number + "; COMMIT");
  }
}

/// A generation that the catalog does not name is never read: one left behind costs space
/// alone.
void try_drop_older_generations(store::Store& store, const IndexInfo& index,
                                std::int64_t keep) noexcept {
  try {
    drop_older_generations(store, index, keep);
  } catch (const std::exception&) {
    try {
      if (store.index_db().in_transaction()) store.index_db().exec("ROLLBACK");
    } catch (const std::exception&) {
      // index.db is gone; so is what should have been dropped.
    }
  }
}

void publish(store::Store& store, const IndexInfo& info) {
  store::WriteTransaction transaction{store};
  // A slower builder must not replace a generation that was begun after its own.
  Statement upsert = store.db().prepare(
      "INSERT INTO search_index (tenant_id, embedding_model_id, kind, generation, items,"
      " last_embedding_id, parameters, built_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
      " ON CONFLICT (tenant_id, embedding_model_id, kind) DO UPDATE SET"
      " generation = excluded.generation, items = excluded.items,"
      " last_embedding_id = excluded.last_embedding_id, parameters = excluded.parameters,"
      " recall = NULL, recall_k = NULL, recall_candidates = NULL, recall_interval = NULL,"
      " built_us = excluded.built_us"
      " WHERE excluded.generation > search_index.generation",
      Scope::owner);
  upsert.run(store.tenant_id(), info.embedding_model_id, index_kind_name(info.kind),
             info.generation, info.items, info.last_embedding_id, dump_json(info.parameters),
             info.built);
  transaction.commit();
}

}  // namespace

std::string_view index_kind_name(IndexKind kind) noexcept {
  for (const KindName& known : kKinds)
    if (known.kind == kind) return known.name;
  return {};
}

std::optional<IndexKind> find_index_kind(std::string_view name) noexcept {
  for (const KindName& known : kKinds)
    if (known.name == name) return known.kind;
  return std::nullopt;
}

std::vector<IndexInfo> list_indexes(store::Store& store, std::int64_t embedding_model_id) {
  Statement select = store.db().prepare(std::string{kSelectIndex} +
                                        " WHERE ?1 IN (0, embedding_model_id)"
                                        " ORDER BY search_index_id");
  select.bind(1, embedding_model_id);
  std::vector<IndexInfo> indexes;
  while (select.step()) indexes.push_back(read_info(select));
  return indexes;
}

std::optional<IndexInfo> find_index(store::Store& store, std::int64_t embedding_model_id,
                                    IndexKind kind) {
  Statement select = store.db().prepare(std::string{kSelectIndex} +
                                        " WHERE embedding_model_id = ?1 AND kind = ?2");
  if (!select.with(embedding_model_id, index_kind_name(kind)).step()) return std::nullopt;
  return read_info(select);
}

std::string generation_file(const store::Store& store, IndexKind kind,
                            std::int64_t generation) {
  return store.directory() + "/indexes/" + generation_table(kind, generation);
}

std::string generation_table(IndexKind kind, std::int64_t generation) {
  return std::string{index_kind_name(kind)} + '_' + std::to_string(generation);
}

void require_generation(store::Store& store, const IndexInfo& info) {
  const std::string name = generation_table(info.kind, info.generation);
  Statement find = store.index_db().prepare(
      "SELECT 1 FROM index_generation WHERE generation = ?1 AND tenant_id = ?2"
      " AND embedding_model_id = ?3 AND kind = ?4 AND items = ?5 AND built_us = ?6",
      Scope::owner);
  find.with(info.generation, store.tenant_id(), info.embedding_model_id,
            index_kind_name(info.kind), info.items, info.built);
  if (!find.step()) throw Error{Fault::data, "index.db does not hold " + name};
}

GenerationWriter::GenerationWriter(store::Store& store, const store::EmbeddingModel& model,
                                   IndexKind kind)
    : store_{store} {
  info_.kind = kind;
  info_.embedding_model_id = model.embedding_model_id;
  store::Connection& db = writable_index_db(store);
  // The catalog is about to name it: it has to survive a power cut first.
  db.exec("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
  try {
    db.exec(kCreateRegister);
    const std::int64_t here = db.query_integer("SELECT max(generation) FROM index_generation");
    const std::int64_t named =
        store.db().query_integer("SELECT max(generation) FROM search_index");
    info_.generation = std::max(here, named) + 1;
  } catch (...) {
    db.exec("ROLLBACK");
    throw;
  }
}

GenerationWriter::~GenerationWriter() {
  if (!open_) return;
  try {
    // SQLite may have rolled back by itself, after a full disk for instance.
    if (store_.index_db().in_transaction()) store_.index_db().exec("ROLLBACK");
  } catch (const std::exception&) {
    // Closing the connection rolls back as well.
  }
}

IndexInfo GenerationWriter::commit(std::int64_t items, std::int64_t last_embedding_id,
                                   const Json& parameters) {
  info_.items = items;
  info_.last_embedding_id = last_embedding_id;
  info_.parameters = parameters;
  info_.built = store_.now();
  Statement add = store_.index_db().prepare(
      "INSERT INTO index_generation VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", Scope::owner);
  add.run(info_.generation, store_.tenant_id(), info_.embedding_model_id,
          index_kind_name(info_.kind), items, last_embedding_id, info_.built);
  store_.index_db().exec("COMMIT");
  open_ = false;
  publish(store_, info_);
  const auto current = find_index(store_, info_.embedding_model_id, info_.kind);
  if (!current) return info_;  // dropped by another process in between
  try_drop_older_generations(store_, *current, current->generation);
  return *current;
}

bool drop_index(store::Store& store, const store::EmbeddingModel& model, IndexKind kind) {
  const auto index = find_index(store, model.embedding_model_id, kind);
  if (!index) return false;
  {
    store::WriteTransaction transaction{store};
    store.db()
        .prepare(
            "DELETE FROM search_index WHERE tenant_id = ?1 AND embedding_model_id = ?2"
            " AND kind = ?3",
            Scope::owner)
        .run(store.tenant_id(), model.embedding_model_id, index_kind_name(kind));
    transaction.commit();
  }
  try_drop_older_generations(store, *index, index->generation + 1);
  return true;
}

void store_recall(store::Store& store, const IndexInfo& info, double recall, double interval,
                  std::int64_t k, std::int64_t candidates) {
  store::WriteTransaction transaction{store};
  store.db()
      .prepare(
          "UPDATE search_index SET recall = ?1, recall_k = ?2, recall_candidates = ?3,"
          " recall_interval = ?8"
          " WHERE tenant_id = ?4 AND embedding_model_id = ?5 AND kind = ?6"
          " AND generation = ?7",
          Scope::owner)
      .run(recall, k, candidates, store.tenant_id(), info.embedding_model_id,
           index_kind_name(info.kind), info.generation, interval);
  transaction.commit();
}

}  // namespace hart::index
