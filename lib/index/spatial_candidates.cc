#include "index/spatial_candidates.h"

#include <cstring>
#include <string>

#include "core/clock.h"
#include "core/error.h"

namespace hart::index {

SpatialItems gather_spatial_items(store::Store& store, const store::EmbeddingModel& model) {
  auto projection = current_projection(store, model);
  if (!projection) projection = fit_projection(store, model, {});
  SpatialItems gathered;
  gathered.projection_version = projection->version;
  store::for_each_embedding(
      store, model.embedding_model_id, 0, [&](const store::Embedding& embedding) {
        gathered.items.push_back(
            {embedding.embedding_id, place_of(projection->projection, embedding.vector)});
      });
  if (gathered.items.empty())
    throw Error{Fault::no_input, "there are no vectors of " + model.name + " to index"};
  gathered.last_embedding_id = gathered.items.back().id;
  return gathered;
}

geometry::PointZM place_in_index(store::Store& store, const store::EmbeddingModel& model,
                                 const IndexInfo& index, std::span<const float> vector) {
  const auto version = index.parameters.value("projection_version", std::int64_t{0});
  const auto projection = projection_version(store, model, version);
  if (!projection)
    throw Error{Fault::data, "projection version " + std::to_string(version) + " is missing"};
  return place_of(projection->projection, vector);
}

CandidateReranker::CandidateReranker(store::Store& store, const VectorQuery& query,
                                     std::size_t candidates, TopK& nearest,
                                     SpatialReport& report)
    : query_{query},
      candidates_{candidates},
      nearest_{nearest},
      report_{report},
      distance_from_{query.metric, query.vector},
      find_{store.db().prepare(
          "SELECT atom_id, vector FROM my_atom_embedding WHERE atom_embedding_id = ?1")},
      vector_(query.vector.size()) {}

bool CandidateReranker::offer(std::int64_t embedding_id) {
  if (report_.candidates >= candidates_) return false;
  ++report_.popped;
  if (!find_.with(embedding_id).step()) return true;
  const std::int64_t atom_id = find_.integer(0);
  if (!query_.admits(atom_id)) return true;
  const ByteView bytes = find_.blob(1);
  if (bytes.size() != vector_.size() * sizeof(float))
    throw Error{Fault::data, "the store is damaged: embedding " + std::to_string(embedding_id) +
                                 " has " + std::to_string(bytes.size()) + " bytes"};
  std::memcpy(vector_.data(), bytes.data(), bytes.size());
  nearest_.offer({distance_from_(vector_), atom_id, embedding_id});
  return ++report_.candidates < candidates_;
}

void scan_delta(store::Store& store, const store::EmbeddingModel& model, const IndexInfo& index,
                const VectorQuery& query, unsigned threads, TopK& nearest,
                SpatialReport& report) {
  const double started = steady_seconds();
  for_each_row_block(store, model, index.last_embedding_id, [&](const VectorBlock& block) {
    report.delta += block.size();
    scan_block(block, query, threads, nearest);
  });
  report.delta_s = steady_seconds() - started;
}

}  // namespace hart::index
