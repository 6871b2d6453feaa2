#include "search/map_layout.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <set>

namespace hart::search {
namespace {

constexpr MapBox kArea{20, 40, 600, 400};

std::vector<MapPoint> cloud(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> place;
  std::vector<MapPoint> points;
  for (std::size_t i = 0; i < n; ++i)
    points.push_back({static_cast<std::int64_t>(i) + 1, place(random), place(random),
                      static_cast<double>(random() % 50), 0});
  return points;
}

std::string number_of(const MapPoint& point) {
  return "label " + std::to_string(point.atom_id);
}

MapLayoutOptions options_with(std::size_t labels) {
  MapLayoutOptions options;
  options.area = kArea;
  options.labels = labels;
  return options;
}

TEST_CASE("map layout: no label meets another, leaves the area or covers a named point") {
  for (const std::size_t n : {1U, 2U, 40U, 3'000U}) {
    const auto points = cloud(n, n);
    const MapLayout layout = layout_map(points, options_with(80), number_of);
    CHECK(!layout.labels.empty());
    CHECK(layout.labels.size() <= 80);
    for (std::size_t i = 0; i < layout.labels.size(); ++i) {
      const MapLabel& label = layout.labels[i];
      CHECK(kArea.contains(label.box));
      CHECK(label.text == number_of(points[label.point]));
      for (std::size_t j = 0; j < layout.labels.size(); ++j) {
        if (i == j) continue;
        CHECK_FALSE(label.box.overlaps(layout.labels[j].box));
        const MapPixel& named = layout.pixels[layout.labels[j].point];
        CHECK_FALSE(label.box.overlaps({named.x - 1, named.y - 1, 2, 2}));
      }
    }
  }
}

TEST_CASE("map layout: one scale for both axes, Y upwards, the cloud fills one side") {
  const std::vector<MapPoint> points{{1, 0, 0, 0, 0}, {2, 10, 0, 0, 0}, {3, 0, 5, 0, 0}};
  const MapLayout layout = layout_map(points, options_with(0), number_of);
  CHECK(layout.labels.empty());
  CHECK(layout.pixels[1].x - layout.pixels[0].x == doctest::Approx(600));
  CHECK(layout.pixels[0].y - layout.pixels[2].y == doctest::Approx(300));
  CHECK(layout.pixels[0].x == doctest::Approx(kArea.x));
  CHECK((layout.pixels[0].y + layout.pixels[2].y) / 2 ==
        doctest::Approx(kArea.y + kArea.height / 2));
}

TEST_CASE("map layout: points at one place lie in the middle") {
  const std::vector<MapPoint> points{{1, 7, 7, 0, 0}, {2, 7, 7, 0, 0}};
  for (const MapPixel& pixel : layout_map(points, options_with(1), number_of).pixels) {
    CHECK(pixel.x == doctest::Approx(320));
    CHECK(pixel.y == doctest::Approx(240));
  }
  CHECK(layout_map({}, options_with(1), number_of).pixels.empty());
}

TEST_CASE("map layout: every region is named before any is named twice") {
  // A dense heap of important points, and four single points of no importance.
  std::vector<MapPoint> points;
  points.reserve(204);
  for (int i = 0; i < 200; ++i) points.push_back({i + 1, 50 + 0.001 * i, 50, 100, 0});
  const std::vector<std::pair<double, double>> corners{{0, 0}, {100, 0}, {0, 100}, {100, 100}};
  for (const auto& [x, y] : corners)
    points.push_back({static_cast<std::int64_t>(points.size()) + 1, x, y, 0, 0});
  const MapLayout layout = layout_map(points, options_with(5), number_of);
  std::set<std::size_t> named;
  for (const MapLabel& label : layout.labels) named.insert(label.point);
  for (std::size_t corner = 200; corner < 204; ++corner) CHECK(named.contains(corner));
}

TEST_CASE("map layout: of one region the most important point is named") {
  std::vector<MapPoint> points{{1, 0, 0, 1, 0}, {2, 0.01, 0, 9, 0}, {3, 100, 100, 0, 0}};
  const MapLayout layout = layout_map(points, options_with(1), number_of);
  REQUIRE(layout.labels.size() == 1);
  CHECK(layout.labels[0].point == 1);
}

TEST_CASE("map layout: a text that stands already, or an empty one, is not placed") {
  const auto points = cloud(30, 5);
  const auto same = [](const MapPoint&) { return std::string{"same"}; };
  CHECK(layout_map(points, options_with(30), same).labels.size() == 1);
  const auto none = [](const MapPoint&) { return std::string{}; };
  CHECK(layout_map(points, options_with(30), none).labels.empty());
}

TEST_CASE("map layout: a wide text is wider than a narrow one, and a character counts once") {
  CHECK(text_width("mmm", 10) > text_width("iii", 10));
  CHECK(text_width("aé", 10) == doctest::Approx(text_width("ae", 10)));
  CHECK(text_width("", 10) == 0);
}

}  // namespace
}  // namespace hart::search
