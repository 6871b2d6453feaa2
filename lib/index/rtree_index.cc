#include "index/rtree_index.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tuple>

#include "core/clock.h"
#include "core/error.h"
#include "geometry/hilbert.h"
#include "index/rtree_pack.h"

namespace hart::index {
namespace {

using geometry::PointZM;
using store::Scope;
using store::Statement;

constexpr const char* kNearestFunction = "hart_nearest";
constexpr int kAxes = 3;

/// SQLite calls this for each node and point: the score is the squared distance of its box from
/// the query, and the least score is visited next.
int score_box(sqlite3_rtree_query_info* box) {
  if (box->nParam != kAxes || box->nCoord != 2 * kAxes) return SQLITE_ERROR;
  double squared = 0;
  for (std::ptrdiff_t axis = 0; axis < kAxes; ++axis) {
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

/// The float32 values next below and above what `coordinate` is rounded to.
double float32_below(double coordinate) {
  return std::nextafter(static_cast<float>(coordinate),
                        -std::numeric_limits<float>::infinity());
}
double float32_above(double coordinate) {
  return std::nextafter(static_cast<float>(coordinate), std::numeric_limits<float>::infinity());
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
  std::vector<RtreeCell> cells;
  cells.reserve(items.size());
  for (const Item& item : items) {
    const std::array<float, 3> at{static_cast<float>(item.point.x),
                                  static_cast<float>(item.point.y),
                                  static_cast<float>(item.point.z)};
    cells.push_back({item.id, at, at});
  }
  pack_rtree(db_, name_, std::move(cells), progress);
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

void PointRtree::within(const geometry::Box& box,
                        const std::function<void(std::int64_t)>& visit) {
  Statement select = db_.prepare("SELECT id FROM " + name_ +
                                     " WHERE x1 >= ?1 AND x0 <= ?2 AND y1 >= ?3 AND y0 <= ?4"
                                     " AND z1 >= ?5 AND z0 <= ?6",
                                 Scope::owner);
  select.with(float32_below(box.min[0]), float32_above(box.max[0]), float32_below(box.min[1]),
              float32_above(box.max[1]), float32_below(box.min[2]), float32_above(box.max[2]));
  while (select.step()) visit(select.integer(0));
}

IndexInfo build_rtree_index(store::Store& store, const store::EmbeddingModel& model,
                            const std::function<void(std::uint64_t)>& progress) {
  SpatialItems gathered = gather_spatial_items(store, model);
  GenerationWriter writer{store, model, IndexKind::rtree};
  const auto count = static_cast<std::int64_t>(gathered.items.size());
  PointRtree{store.index_db(), writer.table()}.create(std::move(gathered.items), progress);
  return writer.commit(count, gathered.last_embedding_id,
                       {{"projection_version", gathered.projection_version}});
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
  const PointZM place = place_in_index(store, model, index, query.vector);
  TopK nearest{query.k};
  const double started = steady_seconds();
  {
    CandidateReranker reranker{store, query, candidates, nearest, said};
    const store::Snapshot index_snapshot{store.index_db()};
    PointRtree tree{store.index_db(), generation_table(IndexKind::rtree, index.generation)};
    if (candidates > 0)
      tree.nearest(place,
                   [&](const SpatialNeighbor& point) { return reranker.offer(point.id); });
  }
  said.candidates_s = steady_seconds() - started;
  scan_delta(store, model, index, query, threads, nearest, said);
  return nearest.sorted();
}

}  // namespace hart::index
