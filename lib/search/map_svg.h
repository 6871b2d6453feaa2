#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "search/map_layout.h"
#include "search/map_points.h"

namespace hart::search {

struct MapEdge {
  std::size_t source = 0;  ///< indexes into the map's points
  std::size_t target = 0;
  double weight = 0;
};

/// Everything that is drawn.
struct MapPicture {
  double width = 1'200;  ///< pixels
  double height = 900;
  std::string title;    ///< above the map; empty: none
  std::string caption;  ///< below it, small
  const MapPoints* points = nullptr;
  const MapLayout* layout = nullptr;
  std::vector<MapEdge> edges;
  double point_radius = 3;
  double font_px = 12;
};

/// The area of a picture that is left for points between title, legend and caption.
[[nodiscard]] MapBox map_area(const MapPicture& picture);

/// The picture as SVG 1.1, one file without references to others. Its colours follow
/// `prefers-color-scheme`, light or dark. The same picture gives the same bytes.
///
/// The colours of groups were chosen so that each stands against its background at 3:1 or more
/// (WCAG 2.1, 1.4.11), and so that the first six stay apart for protanopes and deuteranopes
/// under the simulation of Machado, Oliveira and Fernandes, "A physiologically-based model for
/// simulation of color vision deficiency", IEEE TVCG 15 (6), 2009. "other" and "none" are grey.
[[nodiscard]] std::string map_svg(const MapPicture& picture);

/// `text` with &, <, >, quotes and what XML forbids replaced.
[[nodiscard]] std::string xml_escaped(std::string_view text);

}  // namespace hart::search
