#include "search/spatial_filter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>

#include "core/error.h"
#include "geometry/area.h"
#include "geometry/spatialite_blob.h"
#include "index/generation.h"
#include "index/projection_store.h"
#include "index/rtree_index.h"

namespace hart::search {
namespace {

using geometry::PointZM;
using store::Statement;

constexpr std::string_view kAxes = "xyzm";

bool is_separator(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == ',';
}

/// The parts of `text` between blanks and commas.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && !is_separator(text[end])) ++end;
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::optional<double> finite_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

[[noreturn]] void refuse_box(std::string_view part, const std::string& why) {
  throw Error{Fault::usage, "not a range of a box: '" + std::string{part} + "' " + why +
                                "; write for example x=-1:0.5 z=0:"};
}

std::optional<double> limit(std::string_view part, std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto value = finite_number(text);
  if (!value) refuse_box(part, "has a limit that is no finite number");
  return value;
}

void add_range(std::string_view part, SpatialBox& box) {
  const std::size_t axis = part.size() < 2 || part[1] != '='
                               ? std::string_view::npos
                               : kAxes.find(static_cast<char>(part[0] | 0x20));
  if (axis == std::string_view::npos) refuse_box(part, "does not begin with x=, y=, z= or m=");
  if (box.min[axis] || box.max[axis]) refuse_box(part, "names its axis again");
  const std::size_t colon = part.find(':');
  if (colon == std::string_view::npos) refuse_box(part, "lacks a ':' between its limits");
  box.min[axis] = limit(part, part.substr(2, colon - 2));
  box.max[axis] = limit(part, part.substr(colon + 1));
  if (!box.min[axis] && !box.max[axis]) refuse_box(part, "has no limit");
  if (box.min[axis] && box.max[axis] && *box.min[axis] > *box.max[axis])
    refuse_box(part, "has its minimum above its maximum");
}

/// Asks SpatiaLite whether points lie in an area.
class AreaTest {
 public:
  AreaTest(store::Connection& db, const geometry::Area& area)
      : area_{prepare_area(db, area)}, covers_{db.prepare("SELECT ST_Covers(?1, ?2)")} {
    covers_.bind(1, area_);
  }

  bool holds(ByteView spatial_key) {
    covers_.reset();
    covers_.bind(2, spatial_key);
    return covers_.step() && covers_.integer(0) == 1;
  }

 private:
  static void load(store::Connection& db) {
    Statement loaded =
        db.prepare("SELECT 1 FROM pragma_function_list WHERE name = 'ST_Covers' COLLATE NOCASE",
                   store::Scope::owner);
    if (!loaded.step()) db.load_spatialite();
  }

  static ByteBuffer prepare_area(store::Connection& db, const geometry::Area& area) {
    load(db);
    // Not ST_IsValid: it writes what is wrong to standard error.
    Statement make =
        db.prepare("SELECT g, ST_IsValidReason(g) FROM (SELECT GeomFromText(?1, ?2) AS g)");
    make.with(geometry::wkt(area), geometry::kSridCartesian);
    if (!make.step() || make.is_null(0) || make.is_null(1))
      throw Error{Fault::usage, "SpatiaLite does not take the area of the filter"};
    if (make.text(1) != "Valid Geometry")
      throw Error{Fault::usage,
                  "the area of the filter is not valid: " + std::string{make.text(1)}};
    const ByteView blob = make.blob(0);
    return {blob.begin(), blob.end()};
  }

  ByteBuffer area_;
  Statement covers_;
};

/// The conditions of one filter, the cheap ones first.
class PlaceTest {
 public:
  PlaceTest(store::Store& store, const SpatialFilter& filter) : filter_{filter} {
    if (filter.box) limit_box(*filter.box);
    if (filter.centre) limit_ball(*filter.centre, filter.radius);
    if (filter.within.empty()) return;
    const geometry::Area area = geometry::parse_area(filter.within);
    area_.emplace(store.db(), area);
    intersect(geometry::bounds(area));
  }

  /// What holds every place that passes, in X, Y and Z.
  [[nodiscard]] const geometry::Box& reach() const noexcept { return reach_; }

  bool holds(const PointZM& point, ByteView spatial_key) {
    const bool in_reach = point.x >= reach_.min[0] && point.x <= reach_.max[0] &&
                          point.y >= reach_.min[1] && point.y <= reach_.max[1] &&
                          point.z >= reach_.min[2] && point.z <= reach_.max[2];
    if (!in_reach || (filter_.box && !filter_.box->holds(point))) return false;
    if (filter_.centre && std::hypot(point.x - filter_.centre->x, point.y - filter_.centre->y,
                                     point.z - filter_.centre->z) > filter_.radius)
      return false;
    return !area_ || area_->holds(spatial_key);
  }

 private:
  void intersect(const geometry::Box& box) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      reach_.min[axis] = std::max(reach_.min[axis], box.min[axis]);
      reach_.max[axis] = std::min(reach_.max[axis], box.max[axis]);
    }
  }
  void limit_box(const SpatialBox& box) {
    geometry::Box limits = kEverywhere;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      limits.min[axis] = box.min[axis].value_or(limits.min[axis]);
      limits.max[axis] = box.max[axis].value_or(limits.max[axis]);
    }
    intersect(limits);
  }
  /// A little wider than the ball: a rounded sum must not cut off what lies on its surface.
  void limit_ball(const PointZM& centre, double radius) {
    const std::array<double, 3> at{centre.x, centre.y, centre.z};
    geometry::Box limits;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double slack = 1e-12 * (std::abs(at[axis]) + radius);
      limits.min[axis] = at[axis] - radius - slack;
      limits.max[axis] = at[axis] + radius + slack;
    }
    intersect(limits);
  }

  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  static constexpr geometry::Box kEverywhere{{-kInfinity, -kInfinity, -kInfinity},
                                             {kInfinity, kInfinity, kInfinity}};
  const SpatialFilter& filter_;
  geometry::Box reach_ = kEverywhere;
  std::optional<AreaTest> area_;
};

/// Visits embeddings with an id above `after` that are placed: reads rows in order.
void scan_places(store::Store& store, const store::EmbeddingModel& model, std::int64_t after,
                 const std::function<void(const Statement&)>& visit) {
  Statement rows = store.db().prepare(
      "SELECT atom_embedding_id, atom_id, spatial_key FROM my_atom_embedding"
      " WHERE embedding_model_id = ?1 AND atom_embedding_id > ?2 AND spatial_key IS NOT NULL"
      " ORDER BY atom_embedding_id");
  rows.with(model.embedding_model_id, after);
  while (rows.step()) visit(rows);
}

/// The R-tree over the places that the vectors have now, when there is one that can be read.
std::optional<index::IndexInfo> current_rtree(store::Store& store,
                                              const store::EmbeddingModel& model) {
  const auto rtree =
      index::find_index(store, model.embedding_model_id, index::IndexKind::rtree);
  if (!rtree) return std::nullopt;
  const auto version = index::current_projection_version(store, model);
  if (!version || rtree->parameters.value("projection_version", std::int64_t{0}) != *version)
    return std::nullopt;
  try {
    index::require_generation(store, *rtree);
  } catch (const Error&) {
    return std::nullopt;  // the scan gives the same answer
  }
  return rtree;
}

void look_up_places(store::Store& store, const index::IndexInfo& rtree,
                    const geometry::Box& reach,
                    const std::function<void(const Statement&)>& visit) {
  const store::Snapshot snapshot{store.index_db()};
  Statement row = store.db().prepare(
      "SELECT atom_embedding_id, atom_id, spatial_key FROM my_atom_embedding"
      " WHERE atom_embedding_id = ?1 AND spatial_key IS NOT NULL");
  index::PointRtree tree{store.index_db(),
                         index::generation_table(index::IndexKind::rtree, rtree.generation)};
  tree.within(reach, [&](std::int64_t embedding_id) {
    if (row.with(embedding_id).step()) visit(row);
  });
}

}  // namespace

bool SpatialBox::holds(const PointZM& point) const noexcept {
  const std::array<double, 4> at{point.x, point.y, point.z, point.m};
  for (std::size_t axis = 0; axis < at.size(); ++axis)
    if ((min[axis] && at[axis] < *min[axis]) || (max[axis] && at[axis] > *max[axis]))
      return false;
  return true;
}

SpatialBox parse_box(std::string_view text) {
  SpatialBox box;
  const auto parts = split(text);
  if (parts.empty()) refuse_box(text, "is empty");
  for (const std::string_view part : parts) add_range(part, box);
  return box;
}

PointZM parse_point(std::string_view text) {
  std::vector<double> coordinates;
  bool numbers = true;
  for (const std::string_view part : split(text)) {
    const auto value = finite_number(part);
    numbers = numbers && value;
    coordinates.push_back(value.value_or(0));
  }
  if (!numbers || coordinates.size() != 3)
    throw Error{Fault::usage,
                "not a point: '" + std::string{text} + "'; write three numbers, X,Y,Z"};
  return {coordinates[0], coordinates[1], coordinates[2], 0};
}

void check_spatial_filter(const SpatialFilter& filter) {
  if (!filter.within.empty()) (void)geometry::parse_area(filter.within);
  if (filter.centre && !(std::isfinite(filter.radius) && filter.radius >= 0))
    throw Error{Fault::usage, "a radius is a finite number that is not negative"};
}

std::vector<Place> places_in_space(store::Store& store, const store::EmbeddingModel& model,
                                   const SpatialFilter& filter) {
  check_spatial_filter(filter);
  const store::Snapshot snapshot{store.db()};
  PlaceTest test{store, filter};
  std::vector<Place> places;
  const auto collect = [&](const Statement& row) {
    const ByteView key = row.blob(2);
    const PointZM point = geometry::decode_point(key);
    if (test.holds(point, key)) places.push_back({row.integer(1), row.integer(0), point});
  };
  const auto rtree = filter.empty() ? std::nullopt : current_rtree(store, model);
  if (rtree) look_up_places(store, *rtree, test.reach(), collect);
  scan_places(store, model, rtree ? rtree->last_embedding_id : 0, collect);
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return a.atom_id < b.atom_id; });
  return places;
}

std::optional<Place> place_of_atom(store::Store& store, const store::EmbeddingModel& model,
                                   std::int64_t atom_id) {
  Statement row = store.db().prepare(
      "SELECT atom_embedding_id, spatial_key FROM my_atom_embedding"
      " WHERE embedding_model_id = ?1 AND atom_id = ?2 AND spatial_key IS NOT NULL");
  if (!row.with(model.embedding_model_id, atom_id).step()) return std::nullopt;
  return Place{atom_id, row.integer(0), geometry::decode_point(row.blob(1))};
}

std::vector<std::int64_t> atoms_in_space(store::Store& store,
                                         const store::EmbeddingModel& model,
                                         const SpatialFilter& filter) {
  std::vector<std::int64_t> atoms;
  for (const Place& place : places_in_space(store, model, filter))
    atoms.push_back(place.atom_id);
  return atoms;
}

}  // namespace hart::search
