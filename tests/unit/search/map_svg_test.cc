#include "search/map_svg.h"

#include <doctest/doctest.h>

#include "../index/store_fixture.h"
#include "search/map_relations.h"
#include "store/relation.h"

namespace hart::search {
namespace {

/// Two groups and a rest, one label, one edge.
struct Sample {
  Sample() {
    points.points = {{1, 0, 0, 1, 0}, {2, 1, 1, 1, 1}, {3, 2, 0, 1, 2}};
    points.groups = {"text", "code & <more>", "none"};
    points.rest = 2;
    points.placed = 3;
    layout.pixels = {{100, 100}, {200.04, 150}, {300, 100}};
    layout.labels = {{1, "a < b & \"c\"", {210, 140, 60, 15}}};
    picture.title = "T<itle>";
    picture.caption = "cap";
    picture.points = &points;
    picture.layout = &layout;
    picture.edges = {{0, 1, 1}};
  }
  MapPoints points;
  MapLayout layout;
  MapPicture picture;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("map svg: text is escaped wherever it stands") {
  const Sample sample;
  const std::string svg = map_svg(sample.picture);
  CHECK(has(svg, "a &lt; b &amp; &quot;c&quot;</text>"));
  CHECK(has(svg, "code &amp; &lt;more&gt; (1)"));
  CHECK(has(svg, "<title>T&lt;itle&gt;</title>"));
  CHECK_FALSE(has(svg, "T<itle>"));
  CHECK(xml_escaped("\x01\x1F\t'") == "\xEF\xBF\xBD\xEF\xBF\xBD\t'");
}

TEST_CASE("map svg: both colour schemes, and nothing from elsewhere") {
  const Sample sample;
  const std::string svg = map_svg(sample.picture);
  CHECK(has(svg, "@media (prefers-color-scheme: dark)"));
  CHECK_FALSE(has(svg, "href"));
  CHECK_FALSE(has(svg, "url("));
  CHECK(svg.find("http") == svg.find("http://www.w3.org/2000/svg"));
  CHECK(svg.rfind("http") == svg.find("http"));
}

TEST_CASE("map svg: a dot a point, an edge a line, a label as wide as its box") {
  const Sample sample;
  const std::string svg = map_svg(sample.picture);
  CHECK(has(svg, "class=\"g0\" d=\"M100 100h0\""));
  CHECK(has(svg, "class=\"g1\" d=\"M200 150h0\""));
  CHECK(has(svg, "class=\"none\" d=\"M300 100h0\""));
  CHECK(has(svg, "M100 100L200 150"));
  CHECK(has(svg, "textLength=\"60\""));
  CHECK(svg == map_svg(sample.picture));
}

TEST_CASE("map svg: the area lies between legend and caption, whatever the picture holds") {
  Sample sample;
  const MapBox with = map_area(sample.picture);
  CHECK(with.x >= 0);
  CHECK(with.y + with.height <= sample.picture.height);
  CHECK(with.x + with.width <= sample.picture.width);
  sample.picture.title.clear();
  CHECK(map_area(sample.picture).y < with.y);
  sample.picture.width = 220;
  CHECK(map_area(sample.picture).y > with.y - 40);
}

TEST_CASE("map edges: those between points that are shown, each pair once") {
  StoreFixture fixture;
  const auto atoms = fixture.put(random_vectors(4, 1));
  {
    store::WriteTransaction transaction{fixture.store()};
    store::RelationWriter writer{fixture.store()};
    writer.put(atoms[0], atoms[1], "x", 0.5);
    writer.put(atoms[1], atoms[0], "y", 2);
    writer.put(atoms[0], atoms[3], "x", 1);
    writer.put(atoms[2], atoms[2], "x", 1);
    transaction.commit();
  }
  std::vector<MapPoint> points;
  for (std::size_t i = 0; i < 3; ++i) points.push_back({atoms[i], 0, 0, 0, 0});
  const auto edges = map_edges(fixture.store(), points);
  REQUIRE(edges.size() == 1);
  CHECK(edges[0].source == 0);
  CHECK(edges[0].target == 1);
  CHECK(edges[0].weight == 2);
}

/// Places for all of a fixture's vectors, on a line.
void place_all(StoreFixture& fixture, std::size_t n) {
  const auto vectors = random_vectors(n, 3);
  std::vector<std::int64_t> atoms = fixture.put(vectors, "word ");
  store::WriteTransaction transaction{fixture.store()};
  store::EmbeddingPlacer placer{fixture.store()};
  double x = 0;
  store::for_each_embedding(fixture.store(), fixture.model().embedding_model_id, 0,
                            [&](const store::Embedding& embedding) {
                              placer.place(embedding.embedding_id, {x, -x, 0, 1}, 0);
                              x += 1;
                            });
  transaction.commit();
}

TEST_CASE("map points: of more than are wanted a seeded sample is shown, all are counted") {
  StoreFixture fixture;
  place_all(fixture, 50);
  MapPointOptions options;
  CHECK(read_map_points(fixture.store(), fixture.model(), options).points.size() == 50);
  options.most = 10;
  const MapPoints first = read_map_points(fixture.store(), fixture.model(), options);
  const MapPoints again = read_map_points(fixture.store(), fixture.model(), options);
  options.seed = 2;
  const MapPoints other = read_map_points(fixture.store(), fixture.model(), options);
  CHECK(first.placed == 50);
  REQUIRE(first.points.size() == 10);
  const auto ids = [](const MapPoints& map) {
    std::vector<std::int64_t> atoms;
    for (const MapPoint& point : map.points) atoms.push_back(point.atom_id);
    return atoms;
  };
  CHECK(ids(first) == ids(again));
  CHECK(ids(first) != ids(other));
  const auto sorted = ids(first);
  CHECK(std::is_sorted(sorted.begin(), sorted.end()));
  CHECK(first.groups == std::vector<std::string>{"text"});
  CHECK(first.points[0].y == -first.points[0].x);
}

TEST_CASE("map points: atoms of no object are of no kind") {
  StoreFixture fixture;
  place_all(fixture, 5);
  MapPointOptions options;
  options.colour = MapColour::kind;
  const MapPoints map = read_map_points(fixture.store(), fixture.model(), options);
  CHECK(map.groups == std::vector<std::string>{"none"});
  CHECK(map.rest == 0);
}

TEST_CASE("map label: the beginning of a text, cut between words where it is long") {
  StoreFixture fixture;
  std::vector<std::int64_t> atoms;
  {
    store::WriteTransaction transaction{fixture.store()};
    store::CatalogWriter writer{fixture.store()};
    for (const char* text : {"short one", " a longer text, with many words",
                             "ümläüt ünd möre äöü", "# anaconda (noun): large boa", "ab: c"})
      atoms.push_back(StoreFixture::put_leaf(writer, text));
    transaction.commit();
  }
  CHECK(map_label(fixture.store(), atoms[0], 20) == "short one");
  CHECK(map_label(fixture.store(), atoms[1], 15) == "a longer text…");
  CHECK(map_label(fixture.store(), atoms[2], 4) == "ümlä…");
  CHECK(map_label(fixture.store(), atoms[3], 20) == "anaconda");
  CHECK(map_label(fixture.store(), atoms[4], 20) == "ab: c");
}

}  // namespace
}  // namespace hart::search
