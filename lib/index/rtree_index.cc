#include "index/rtree_index.h"

#include <sqlite3.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/clock.h"
#include "core/endian.h"
#include "core/error.h"
#include "geometry/hilbert.h"
#include "index/projection_store.h"

namespace hart::index {
namespace {

using geometry::PointZM;
using store::Scope;
using store::Statement;

constexpr const char* kNearestFunction = "hart_nearest";
constexpr int kAxes = 3;

double as_float32(double coordinate) {
  return static_cast<double>(static_cast<float>(coordinate));
}

/// SQLite calls this for each node and point: the score is the squared distance of its box from
/// the query, and the least score is visited next.
int score_box(sqlite3_rtree_query_info* box) {
  if (box->nParam != kAxes || box->nCoord != 2 * kAxes) return SQLITE_ERROR;
  double squared = 0;
  for (int axis = 0; axis < kAxes; ++axis) {
    const double low = box->aCoord[2 * axis];
    const double high = box->aCoord[2 * axis + 1];
    const double at = box->aParam[axis];
    const double gap = at < low ? low - at : at > high ? at - high : 0;
    squared += gap * gap;
  }
  box->rScore = squared;
  box->eWithin = box->iLevel == 0 ? FULLY_WITHIN : PARTLY_WITHIN;
  return SQLITE_OK;
}

void register_nearest(store::Connection& db) {
  const int code =
      sqlite3_rtree_query_callback(db.handle(), kNearestFunction, score_box, nullptr, nullptr);
  // Busy: it is registered, and one of its statements is running.
  if (code != SQLITE_OK && code != SQLITE_BUSY)
    throw Error{Fault::internal, std::string{"SQLite: "} + sqlite3_errstr(code)};
}

double distance(const PointZM& a, const PointZM& b) {
  return std::hypot(a.x - b.x, a.y - b.y, a.z - b.z);
}

/// Orders items along the Hilbert curve of their bounding box.
void sort_by_place(std::vector<PointRtree::Item>& items) {
  geometry::Box box{{0, 0, 0}, {0, 0, 0}};
  const auto widen = [&](int axis, double at, bool first) {
    box.min[axis] = first ? at : std::min(box.min[axis], at);
    box.max[axis] = first ? at : std::max(box.max[axis], at);
  };
  for (const auto& item : items) {
    const bool first = &item == items.data();
    widen(0, item.point.x, first);
    widen(1, item.point.y, first);
    widen(2, item.point.z, first);
  }
  for (int axis = 0; axis < kAxes; ++axis)
    if (!(box.min[axis] < box.max[axis])) box.max[axis] = box.min[axis] + 1;
  std::vector<std::pair<std::uint64_t, PointRtree::Item>> keyed;
  keyed.reserve(items.size());
  for (const auto& item : items)
    keyed.emplace_back(geometry::hilbert_index(geometry::cell_of_point(box, item.point)), item);
  std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.id) < std::tie(b.first, b.second.id);
  });
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = keyed[i].second;
}

/// Reads the vectors of candidates, those that the tenant still holds.
class CandidateReader {
 public:
  CandidateReader(store::Store& store, std::size_t dim)
      : find_{store.db().prepare(
            "SELECT atom_id, vector FROM my_atom_embedding WHERE atom_embedding_id = ?1")},
        vector_(dim) {}

  /// The atom, and its vector in `vector`; nothing when it was removed since.
  std::optional<std::int64_t> read(std::int64_t embedding_id) {
    if (!find_.with(embedding_id).step()) return std::nullopt;
    const ByteView bytes = find_.blob(1);
    if (bytes.size() != vector_.size() * sizeof(float))
      throw Error{Fault::data, "the store is damaged: embedding " +
                                   std::to_string(embedding_id) + " has " +
                                   std::to_string(bytes.size()) + " bytes"};
    std::memcpy(vector_.data(), bytes.data(), bytes.size());
    return find_.integer(0);
  }
  [[nodiscard]] std::span<const float> vector() const noexcept { return vector_; }

 private:
  Statement find_;
  std::vector<float> vector_;
};

void rerank_candidates(store::Store& store, const IndexInfo& index, const PointZM& place,
                       const VectorQuery& query, std::size_t candidates, TopK& nearest,
                       SpatialReport& report) {
  const DistanceFrom distance_from{query.metric, query.vector};
  CandidateReader reader{store, query.vector.size()};
  const store::Snapshot snapshot{store.index_db()};
  PointRtree tree{store.index_db(), generation_table(IndexKind::rtree, index.generation)};
  if (candidates == 0) return;
  tree.nearest(place, [&](const SpatialNeighbor& point) {
    ++report.popped;
    const auto atom_id = reader.read(point.id);
    if (!atom_id || !query.admits(*atom_id)) return true;
    nearest.offer({distance_from(reader.vector()), *atom_id, point.id});
    return ++report.candidates < candidates;
  });
}

}  // namespace

PointRtree::PointRtree(store::Connection& db, std::string name)
    : db_{db}, name_{std::move(name)} {
  // SQLite's 2 MB by default are 31 of index.db's pages: less than one search touches.
  db_.exec("PRAGMA cache_size = -65536");
}

void PointRtree::create(std::vector<Item> items,
                        const std::function<void(std::uint64_t)>& progress) {
  sort_by_place(items);
  db_.exec("CREATE VIRTUAL TABLE " + name_ + " USING rtree(id, x0, x1, y0, y1, z0, z1)");
  Statement insert = db_.prepare(
      "INSERT INTO " + name_ + " VALUES (?1, ?2, ?2, ?3, ?3, ?4, ?4)", Scope::owner);
  constexpr std::uint64_t kReportEvery = 4096;
  std::uint64_t done = 0;
  for (const Item& item : items) {
    insert.run(item.id, as_float32(item.point.x), as_float32(item.point.y),
               as_float32(item.point.z));
    if (++done % kReportEvery == 0 && progress) progress(done);
  }
  if (progress) progress(done);
}

void PointRtree::nearest(const PointZM& query,
                         const std::function<bool(const SpatialNeighbor&)>& visit) {
  register_nearest(db_);
  Statement select = db_.prepare("SELECT id, x0, y0, z0 FROM " + name_ + " WHERE id MATCH " +
                                     kNearestFunction + "(?1, ?2, ?3)",
                                 Scope::owner);
  select.with(query.x, query.y, query.z);
  while (select.step()) {
    const PointZM point{select.real(1), select.real(2), select.real(3), 0};
    if (!visit({select.integer(0), distance(query, point)})) return;
  }
}

IndexInfo build_rtree_index(store::Store& store, const store::EmbeddingModel& model,
                            const std::function<void(std::uint64_t)>& progress) {
  auto projection = current_projection(store, model);
  if (!projection) projection = fit_projection(store, model, {});
  std::vector<PointRtree::Item> items;
  std::int64_t last = 0;
  store::for_each_embedding(
      store, model.embedding_model_id, 0, [&](const store::Embedding& embedding) {
        items.push_back(
            {embedding.embedding_id, place_of(projection->projection, embedding.vector)});
        last = embedding.embedding_id;
      });
  if (items.empty())
    throw Error{Fault::no_input, "there are no vectors of " + model.name + " to index"};
  GenerationWriter writer{store, model, IndexKind::rtree};
  const auto count = static_cast<std::int64_t>(items.size());
  PointRtree{store.index_db(), writer.table()}.create(std::move(items), progress);
  return writer.commit(count, last, {{"projection_version", projection->version}});
}

std::vector<Neighbor> spatial_search(store::Store& store, const store::EmbeddingModel& model,
                                     const IndexInfo& index, const VectorQuery& query,
                                     std::size_t candidates, unsigned threads,
                                     SpatialReport* report) {
  require_vector(model, query.vector);
  SpatialReport ignored;
  SpatialReport& said = report == nullptr ? ignored : *report;
  said = {};
  const store::Snapshot snapshot{store.db()};
  require_generation(store, index);
  const auto version = index.parameters.value("projection_version", std::int64_t{0});
  const auto projection = projection_version(store, model, version);
  if (!projection)
    throw Error{Fault::data, "projection version " + std::to_string(version) + " is missing"};
  TopK nearest{query.k};
  const double started = steady_seconds();
  rerank_candidates(store, index, place_of(projection->projection, query.vector), query,
                    candidates, nearest, said);
  said.candidates_s = steady_seconds() - started;
  for_each_row_block(store, model, index.last_embedding_id, [&](const VectorBlock& block) {
    said.delta += block.size();
    scan_block(block, query, threads, nearest);
  });
  said.delta_s = steady_seconds() - started - said.candidates_s;
  return nearest.sorted();
}

}  // namespace hart::index
