#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "geometry/point.h"
#include "store/embedding.h"
#include "store/store.h"

namespace hart::search {

/// An axis-parallel box in XYZM, borders included; an axis without limits is not tested.
struct SpatialBox {
  std::array<std::optional<double>, 4> min;  ///< x, y, z, m
  std::array<std::optional<double>, 4> max;

  [[nodiscard]] bool holds(const geometry::PointZM& point) const noexcept;
};

/// Reads "x=-1:0.5 z=0:": one range an axis of x, y, z and m in any order, with blanks or
/// commas between; either limit of a range may be left out, not both. Throws Error(usage) on
/// anything else: an axis named twice, a limit that is no finite number, a minimum above its
/// maximum.
[[nodiscard]] SpatialBox parse_box(std::string_view text);

/// Reads "X,Y,Z", three finite numbers with commas or blanks between. M is 0. Throws
/// Error(usage) on anything else.
[[nodiscard]] geometry::PointZM parse_point(std::string_view text);

/// Where an embedding must lie in the map of its model. Conditions are joined by AND.
struct SpatialFilter {
  std::string within;  ///< well-known text of a geometry, tested in X and Y; empty: none
  std::optional<SpatialBox> box;
  std::optional<geometry::PointZM> centre;  ///< with `radius`: a ball in X, Y and Z
  double radius = 0;

  [[nodiscard]] bool empty() const noexcept { return within.empty() && !box && !centre; }
};

/// Throws Error(usage) unless `filter` can be asked for: well-known text of a POLYGON or
/// MULTIPOLYGON with balanced brackets and finite coordinates (whether its rings are a valid
/// area is for `atoms_in_space` to find), a radius that is finite and not negative.
void check_spatial_filter(const SpatialFilter& filter);

/// An embedding and where it stands in the map.
struct Place {
  std::int64_t atom_id = 0;
  std::int64_t embedding_id = 0;
  geometry::PointZM point;  ///< M is the importance
};

/// The acting tenant's placed embeddings of `model` that `filter` lets through, by ascending
/// atom id; all of them when the filter is empty. Throws as `atoms_in_space`.
[[nodiscard]] std::vector<Place> places_in_space(store::Store& store,
                                                 const store::EmbeddingModel& model,
                                                 const SpatialFilter& filter);

/// Where an atom stands; nothing when it has no placed embedding of `model`.
[[nodiscard]] std::optional<Place> place_of_atom(store::Store& store,
                                                 const store::EmbeddingModel& model,
                                                 std::int64_t atom_id);

/// Ascending ids of the acting tenant's atoms whose embedding of `model` lies where `filter`
/// says; an embedding that was not placed yet lies nowhere. An area's border belongs to it. A
/// box or a ball is looked up in the R-tree when one of the current projection is there, else
/// every place is tested. Throws Error(usage) on text that is no valid area,
/// Error(unavailable) when `within` is given and SpatiaLite is not installed.
[[nodiscard]] std::vector<std::int64_t> atoms_in_space(store::Store& store,
                                                       const store::EmbeddingModel& model,
                                                       const SpatialFilter& filter);

}  // namespace hart::search
