#include "search/embedding_rows.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "core/error.h"
#include "tensor/vector.h"

namespace hart::search {
namespace {

/// Vectors come by the age of their embeddings; one that was replaced comes late.
void sort_by_atom(EmbeddingRows& rows) {
  if (std::is_sorted(rows.atoms.begin(), rows.atoms.end())) return;
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rows.atoms[a] < rows.atoms[b]; });
  EmbeddingRows sorted{rows.dim, {}, {}};
  sorted.atoms.reserve(rows.size());
  sorted.values.reserve(rows.values.size());
  for (const std::size_t i : order) {
    sorted.atoms.push_back(rows.atoms[i]);
    sorted.values.insert(sorted.values.end(), rows.row(i).begin(), rows.row(i).end());
  }
  rows = std::move(sorted);
}

}  // namespace

EmbeddingRows read_embedding_rows(store::Store& store, const store::EmbeddingModel& model) {
  EmbeddingRows rows{static_cast<std::size_t>(model.dims), {}, {}};
  const store::Snapshot snapshot{store.db()};
  const auto n =
      static_cast<std::size_t>(store::count_embeddings(store, model.embedding_model_id));
  rows.atoms.reserve(n);
  rows.values.reserve(n * rows.dim);
  store::for_each_embedding(
      store, model.embedding_model_id, 0, [&](const store::Embedding& embedding) {
        if (embedding.vector.size() != rows.dim)
          throw Error{Fault::data, "the store is damaged: a vector of " +
                                       std::to_string(embedding.vector.size()) +
                                       " dimensions of " + model.name};
        rows.atoms.push_back(embedding.atom_id);
        rows.values.insert(rows.values.end(), embedding.vector.begin(), embedding.vector.end());
        tensor::normalize(std::span{rows.values}.last(rows.dim));
      });
  sort_by_atom(rows);
  return rows;
}

std::vector<float> spread_sample(const EmbeddingRows& rows, std::size_t limit) {
  const std::size_t count = std::min(limit, rows.size());
  std::vector<float> sample;
  sample.reserve(count * rows.dim);
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = rows.row(i * rows.size() / count);
    sample.insert(sample.end(), row.begin(), row.end());
  }
  return sample;
}

}  // namespace hart::search
