#include "store/embedding.h"

#include <cstring>

#include "core/error.h"
#include "geometry/spatialite_blob.h"

namespace hart::store {
namespace {

ByteView vector_bytes(std::span<const float> vector) {
  return {reinterpret_cast<const std::uint8_t*>(vector.data()), vector.size_bytes()};
}

EmbeddingModel read_model(const Statement& row) {
  return {row.integer(0),
          std::string{row.text(1)},
          {IdSpace::content, row.hash(2)},
          row.integer(3)};
}

/// Of rows of embedding id, atom id and vector.
void visit_vectors(Statement& rows, const std::function<void(const Embedding&)>& visit) {
  std::vector<float> vector;
  while (rows.step()) {
    const ByteView bytes = rows.blob(2);
    if (bytes.size() % sizeof(float) != 0)
      throw Error{Fault::data, "the store is damaged: a vector of " +
                                   std::to_string(bytes.size()) + " bytes"};
    vector.resize(bytes.size() / sizeof(float));
    std::memcpy(vector.data(), bytes.data(), bytes.size());
    visit({rows.integer(0), rows.integer(1), vector});
  }
}

}  // namespace

std::vector<EmbeddingModel> embedding_models(Store& store) {
  Statement rows = store.db().prepare(
      "SELECT embedding_model_id, name, content_hash, dims FROM my_embedding_model"
      " ORDER BY embedding_model_id");
  std::vector<EmbeddingModel> models;
  while (rows.step()) models.push_back(read_model(rows));
  return models;
}

EmbeddingModel ensure_embedding_model(Store& store, const std::string& name, const Id& content,
                                      std::int64_t dims) {
  Statement find = store.db().prepare(
      "SELECT embedding_model_id, name, content_hash, dims FROM my_embedding_model"
      " WHERE content_hash = ?");
  if (find.with(content.hash).step()) return read_model(find);
  store.db()
      .prepare(
          "INSERT INTO embedding_model (tenant_id, name, content_hash, dims, created_us)"
          " VALUES (?, ?, ?, ?, ?)",
          Scope::owner)
      .run(store.tenant_id(), name, content.hash, dims, store.now());
  return {store.db().last_insert_id(), name, content, dims};
}

std::int64_t put_embedding(Store& store, const EmbeddingModel& model, std::int64_t atom_id,
                           std::span<const float> vector) {
  if (static_cast<std::int64_t>(vector.size()) != model.dims)
    throw Error{Fault::data, "a vector of " + std::to_string(vector.size()) +
                                 " dimensions, but the model has " +
                                 std::to_string(model.dims)};
  // A replaced vector gets a new id, larger than any index generation knows.
  store.db()
      .prepare(
          "DELETE FROM atom_embedding WHERE tenant_id = ? AND embedding_model_id = ?"
          " AND atom_id = ?",
          Scope::owner)
      .run(store.tenant_id(), model.embedding_model_id, atom_id);
  store.db()
      .prepare(
          "INSERT INTO atom_embedding (tenant_id, embedding_model_id, atom_id, vector,"
          " created_us) VALUES (?, ?, ?, ?, ?)",
          Scope::owner)
      .run(store.tenant_id(), model.embedding_model_id, atom_id, vector_bytes(vector),
           store.now());
  return store.db().last_insert_id();
}

void for_each_embedding(Store& store, std::int64_t embedding_model_id, std::int64_t after,
                        const std::function<void(const Embedding&)>& visit) {
  Statement rows = store.db().prepare(
      "SELECT atom_embedding_id, atom_id, vector FROM my_atom_embedding"
      " WHERE embedding_model_id = ? AND atom_embedding_id > ? ORDER BY atom_embedding_id");
  visit_vectors(rows.with(embedding_model_id, after), visit);
}

void for_each_hidden_embedding(Store& store, std::int64_t embedding_model_id,
                               const std::function<void(const Embedding&)>& visit) {
  Statement rows = store.db().prepare(
      "SELECT 0, atom_id, vector FROM hidden_embedding"
      " WHERE tenant_id = ? AND embedding_model_id = ? ORDER BY atom_id",
      Scope::owner);
  visit_vectors(rows.with(store.tenant_id(), embedding_model_id), visit);
}

std::int64_t count_embeddings(Store& store, std::int64_t embedding_model_id) {
  Statement count =
      store.db().prepare("SELECT COUNT(*) FROM my_atom_embedding WHERE embedding_model_id = ?");
  count.with(embedding_model_id).step();
  return count.integer(0);
}

EmbeddingPlacer::EmbeddingPlacer(Store& store)
    : store_{store},
      set_{store.db().prepare("UPDATE atom_embedding SET spatial_key = ?, hilbert_index = ?"
                              " WHERE tenant_id = ? AND atom_embedding_id = ?",
                              Scope::owner)},
      // A hidden reference, too: it is to be in place when it is seen again.
      references_{
          store.db().prepare("SELECT atom_id, modality, importance FROM tenant_atom"
                             " WHERE tenant_id = ?1 AND atom_id = COALESCE(?2,"
                             "  (SELECT atom_id FROM atom_embedding WHERE tenant_id = ?1"
                             "   AND atom_embedding_id = ?3))",
                             Scope::owner)},
      set_key_{store.db().prepare("UPDATE tenant_atom SET spatial_key = ?"
                                  " WHERE tenant_id = ? AND atom_id = ? AND modality = ?",
                                  Scope::owner)} {}

void EmbeddingPlacer::place(std::int64_t embedding_id, const geometry::PointZM& point,
                            std::int64_t hilbert_index) {
  set_.run(geometry::encode_tiny_point(point), hilbert_index, store_.tenant_id(), embedding_id);
  references_.with(store_.tenant_id(), nullptr, embedding_id);
  set_keys(point);
}

void EmbeddingPlacer::place_hidden(std::int64_t embedding_model_id, std::int64_t atom_id,
                                   const geometry::PointZM& point, std::int64_t hilbert_index) {
  if (!set_hidden_)
    set_hidden_ = store_.db().prepare(
        "UPDATE hidden_embedding SET spatial_key = ?, hilbert_index = ?"
        " WHERE tenant_id = ? AND atom_id = ? AND embedding_model_id = ?",
        Scope::owner);
  set_hidden_->run(geometry::encode_tiny_point(point), hilbert_index, store_.tenant_id(),
                   atom_id, embedding_model_id);
  references_.with(store_.tenant_id(), atom_id, nullptr);
  set_keys(point);
}

/// In the unified space Z is the modality and M the importance (architecture, section 5).
void EmbeddingPlacer::set_keys(const geometry::PointZM& point) {
  while (references_.step()) {
    const geometry::PointZM key{point.x, point.y, static_cast<double>(references_.integer(1)),
                                references_.is_null(2) ? point.m : references_.real(2)};
    set_key_.run(geometry::encode_tiny_point(key), store_.tenant_id(), references_.integer(0),
                 references_.integer(1));
  }
  references_.reset();
}

}  // namespace hart::store
