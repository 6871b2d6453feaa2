#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "search/map_points.h"

namespace hart::search {

/// A rectangle in pixels, y downwards.
struct MapBox {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  [[nodiscard]] bool overlaps(const MapBox& other) const noexcept {
    return x < other.x + other.width && other.x < x + width && y < other.y + other.height &&
           other.y < y + height;
  }
  [[nodiscard]] bool contains(const MapBox& other) const noexcept {
    return other.x >= x && other.y >= y && other.x + other.width <= x + width &&
           other.y + other.height <= y + height;
  }
};

struct MapPixel {
  double x = 0;
  double y = 0;
};

/// Which part of a label stands next to its point, as SVG's `text-anchor` has it.
enum class MapAnchor { start, middle, end };

/// A label beside its point. The text is drawn to fill the width of `box` exactly; a viewer
/// that cannot do so lets it grow away from the anchor.
struct MapLabel {
  std::size_t point = 0;  ///< index into the map's points
  std::string text;
  MapBox box;
  MapAnchor anchor = MapAnchor::start;
};

struct MapLayout {
  std::vector<MapPixel> pixels;  ///< where each point lies
  std::vector<MapLabel> labels;  ///< no two boxes overlap, none leaves the area
};

struct MapLayoutOptions {
  MapBox area;
  std::size_t labels = 60;  ///< at most
  double font_px = 12;      ///< height of the labels' letters
  double point_radius = 3;  ///< no label covers the middle of a labelled point
};

/// Fits the points into the area, X to the right and Y upwards with one scale for both, so that
/// distances stay comparable, and places labels: greedily, the most important point of each
/// cell of a coarse grid first, so that every region has a name before any has two. A label
/// takes the first of eight positions around its point where it meets no other label and no
/// labelled point, the one that covers the fewest points first. `label_of` is asked for as many
/// points as are tried; points for which it answers with an empty text get none.
[[nodiscard]] MapLayout layout_map(const std::vector<MapPoint>& points,
                                   const MapLayoutOptions& options,
                                   const std::function<std::string(const MapPoint&)>& label_of);

/// The width of `text` in a sans-serif face of that size, in pixels: an estimate from the mean
/// widths of narrow, wide and other letters.
[[nodiscard]] double text_width(std::string_view text, double font_px);

}  // namespace hart::search
