#include "search/map_layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

namespace hart::search {
namespace {

/// Cells of the coarse grid along the longer side; each is named once before any is twice.
constexpr std::size_t kCoarseCells = 12;
/// Of so many points for each label wanted, the text is looked up.
constexpr std::size_t kTriesPerLabel = 4;
constexpr double kLabelGap = 3;
/// Faces differ in width by about so much; a label has room in the wider ones.
constexpr double kRoom = 1.08;

/// Things in cells of a grid over an area, to find those near a rectangle.
template <typename T> class Grid {
 public:
  Grid(const MapBox& area, double cell)
      : area_{area},
        cell_{cell},
        columns_{static_cast<std::size_t>(std::ceil(area.width / cell)) + 1},
        cells_(columns_ * (static_cast<std::size_t>(std::ceil(area.height / cell)) + 1)) {}

  void add(const MapBox& where, const T& thing) {
    for_each_cell(where, [&](std::vector<T>& cell) { cell.push_back(thing); });
  }
  /// Visits a thing once for each cell that it and `where` share.
  template <typename Visit> void near(const MapBox& where, const Visit& visit) {
    for_each_cell(where, [&](std::vector<T>& cell) {
      for (const T& thing : cell) visit(thing);
    });
  }

 private:
  [[nodiscard]] std::size_t index(double value, double origin, std::size_t count) const {
    const double cell = std::floor((value - origin) / cell_);
    return static_cast<std::size_t>(std::clamp(cell, 0.0, static_cast<double>(count - 1)));
  }
  template <typename Visit> void for_each_cell(const MapBox& where, const Visit& visit) {
    const std::size_t rows = cells_.size() / columns_;
    const std::size_t left = index(where.x, area_.x, columns_);
    const std::size_t right = index(where.x + where.width, area_.x, columns_);
    const std::size_t bottom = index(where.y + where.height, area_.y, rows);
    for (std::size_t row = index(where.y, area_.y, rows); row <= bottom; ++row)
      for (std::size_t column = left; column <= right; ++column)
        visit(cells_[row * columns_ + column]);
  }

  MapBox area_;
  double cell_;
  std::size_t columns_;
  std::vector<std::vector<T>> cells_;
};

std::vector<MapPixel> fit(const std::vector<MapPoint>& points, const MapBox& area) {
  if (points.empty()) return {};
  double left = points[0].x, right = left, low = points[0].y, high = low;
  for (const MapPoint& point : points) {
    left = std::min(left, point.x);
    right = std::max(right, point.x);
    low = std::min(low, point.y);
    high = std::max(high, point.y);
  }
  const double wide = right > left ? area.width / (right - left) : HUGE_VAL;
  const double tall = high > low ? area.height / (high - low) : HUGE_VAL;
  const double scale = std::isfinite(std::min(wide, tall)) ? std::min(wide, tall) : 1;
  const double centre_x = left + (right - left) / 2;
  const double centre_y = low + (high - low) / 2;
  std::vector<MapPixel> pixels;
  pixels.reserve(points.size());
  for (const MapPoint& point : points)
    pixels.push_back({area.x + area.width / 2 + (point.x - centre_x) * scale,
                      area.y + area.height / 2 - (point.y - centre_y) * scale});
  return pixels;
}

/// The order in which points are named: by their rank in their cell, then by importance.
std::vector<std::size_t> naming_order(const std::vector<MapPoint>& points,
                                      const std::vector<MapPixel>& pixels, const MapBox& area) {
  const double cell = std::max(area.width, area.height) / kCoarseCells;
  const auto cell_of = [&](std::size_t i) {
    return std::pair{std::floor((pixels[i].x - area.x) / cell),
                     std::floor((pixels[i].y - area.y) / cell)};
  };
  std::vector<std::size_t> order(points.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto before = [&](std::size_t a, std::size_t b) {
    return std::make_tuple(-points[a].importance, points[a].atom_id) <
           std::make_tuple(-points[b].importance, points[b].atom_id);
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto cell_a = cell_of(a);
    const auto cell_b = cell_of(b);
    return cell_a != cell_b ? cell_a < cell_b : before(a, b);
  });
  std::vector<std::size_t> rank(points.size());
  for (std::size_t i = 1; i < order.size(); ++i)
    if (cell_of(order[i]) == cell_of(order[i - 1])) rank[order[i]] = rank[order[i - 1]] + 1;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return rank[a] != rank[b] ? rank[a] < rank[b] : before(a, b);
  });
  return order;
}

/// Right and left of the point first: there the eye looks for a name.
std::array<MapBox, 8> positions(const MapPixel& at, double width, double height, double gap) {
  const double middle_x = at.x - width / 2;
  const double middle_y = at.y - height / 2;
  const double right = at.x + gap;
  const double left = at.x - gap - width;
  const double above = at.y - gap - height;
  const double below = at.y + gap;
  return {{{right, middle_y, width, height},
           {left, middle_y, width, height},
           {middle_x, above, width, height},
           {middle_x, below, width, height},
           {right, above, width, height},
           {right, below, width, height},
           {left, above, width, height},
           {left, below, width, height}}};
}

class Labeller {
 public:
  Labeller(const MapLayoutOptions& options, MapLayout& layout)
      : options_{options},
        layout_{layout},
        taken_{options.area, 4 * options.font_px},
        dots_{options.area, 4 * options.font_px} {
    for (const MapPixel& pixel : layout.pixels) dots_.add(dot(pixel), pixel);
  }

  /// Labels the point where there is room.
  bool place(std::size_t point, std::string text) {
    const MapPixel at = layout_.pixels[point];
    if (meets_label(dot(at))) return false;
    const auto tried = positions(at, kRoom * text_width(text, options_.font_px),
                                 1.3 * options_.font_px, options_.point_radius + kLabelGap);
    const MapBox* best = nullptr;
    std::size_t least = 0;
    for (const MapBox& box : tried) {
      if (!options_.area.contains(box) || meets_label(box)) continue;
      const std::size_t hidden = covered(box);
      if (best != nullptr && hidden >= least) continue;
      best = &box;
      least = hidden;
    }
    if (best == nullptr) return false;
    taken_.add(*best, *best);
    taken_.add(dot(at), dot(at));
    const MapAnchor anchor = best->x > at.x                 ? MapAnchor::start
                             : best->x + best->width < at.x ? MapAnchor::end
                                                            : MapAnchor::middle;
    layout_.labels.push_back({point, std::move(text), *best, anchor});
    return true;
  }

 private:
  [[nodiscard]] MapBox dot(const MapPixel& at) const {
    const double r = options_.point_radius;
    return {at.x - r, at.y - r, 2 * r, 2 * r};
  }
  bool meets_label(const MapBox& box) {
    bool meets = false;
    taken_.near(box, [&](const MapBox& other) { meets = meets || box.overlaps(other); });
    return meets;
  }
  std::size_t covered(const MapBox& box) {
    std::size_t count = 0;
    dots_.near(box, [&](const MapPixel& pixel) { count += box.overlaps(dot(pixel)) ? 1 : 0; });
    return count;
  }

  const MapLayoutOptions& options_;
  MapLayout& layout_;
  Grid<MapBox> taken_;   ///< labels, and the points they name
  Grid<MapPixel> dots_;  ///< all points
};

}  // namespace

double text_width(std::string_view text, double font_px) {
  double ems = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) == 0x80) continue;
    if (byte >= 0xE2)
      ems += 1;  // ideographs, and signs as wide
    else if (std::string_view{" .,:;!|'ijlI()[]"}.find(text[i]) != std::string_view::npos)
      ems += 0.29;
    else if (std::string_view{"ftr-/\"*"}.find(text[i]) != std::string_view::npos)
      ems += 0.36;
    else if (std::string_view{"mwMW@%"}.find(text[i]) != std::string_view::npos)
      ems += 0.86;
    else
      ems += byte >= 'A' && byte <= 'Z' ? 0.69 : 0.555;
  }
  return ems * font_px;
}

MapLayout layout_map(const std::vector<MapPoint>& points, const MapLayoutOptions& options,
                     const std::function<std::string(const MapPoint&)>& label_of) {
  MapLayout layout;
  layout.pixels = fit(points, options.area);
  Labeller labeller{options, layout};
  const auto order = naming_order(points, layout.pixels, options.area);
  const std::size_t tries = std::min(order.size(), options.labels * kTriesPerLabel);
  std::vector<std::string> used;
  for (std::size_t i = 0; i < tries && layout.labels.size() < options.labels; ++i) {
    std::string text = label_of(points[order[i]]);
    // One name is enough for several points that say the same.
    if (text.empty() || std::find(used.begin(), used.end(), text) != used.end()) continue;
    if (labeller.place(order[i], text)) used.push_back(std::move(text));
  }
  return layout;
}

}  // namespace hart::search
