#include "search/graph_path.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <random>

#include "../index/store_fixture.h"
#include "core/error.h"
#include "store/relation.h"

namespace hart::search {
namespace {

struct Edge {
  std::size_t from, to;
  double weight = 1;
  std::string type = "near";
};

/// Leaves with places on the map of the fixture's model, where a place is given, and edges.
class PlacedGraph {
 public:
  PlacedGraph(const std::vector<std::optional<geometry::PointZM>>& places,
              const std::vector<Edge>& edges) {
    store::WriteTransaction transaction{fixture_.store()};
    store::CatalogWriter writer{fixture_.store()};
    store::EmbeddingPlacer placer{fixture_.store()};
    const std::vector<float> vector(StoreFixture::kDim, 1.0F);
    for (std::size_t i = 0; i < places.size(); ++i) {
      atoms_.push_back(StoreFixture::put_leaf(writer, "leaf " + std::to_string(i)));
      const auto id =
          store::put_embedding(fixture_.store(), fixture_.model(), atoms_.back(), vector);
      if (places[i]) placer.place(id, *places[i], 0);
    }
    store::RelationWriter relations{fixture_.store()};
    for (const Edge& edge : edges)
      relations.put(atoms_[edge.from], atoms_[edge.to], edge.type, edge.weight);
    transaction.commit();
  }

  PathSearch find(std::size_t start, std::size_t goal, PathOptions options, bool mapped) {
    if (mapped) options.map = fixture_.model();
    return find_path(fixture_.store(), atoms_[start], atoms_[goal], options);
  }
  /// "1 4 2": the numbers that the path leads through after the start; "none" without a path.
  std::string trace(std::size_t start, std::size_t goal, const PathOptions& options = {}) {
    const PathSearch search = find(start, goal, options, false);
    if (!search.path) return "none";
    std::string text;
    for (const PathStep& step : search.path->steps)
      text += (text.empty() ? "" : " ") + std::to_string(number(step.atom_id));
    return text;
  }
  [[nodiscard]] std::size_t number(std::int64_t atom_id) const {
    return static_cast<std::size_t>(std::find(atoms_.begin(), atoms_.end(), atom_id) -
                                    atoms_.begin());
  }
  [[nodiscard]] std::int64_t atom(std::size_t i) const { return atoms_[i]; }

 private:
  StoreFixture fixture_;
  std::vector<std::int64_t> atoms_;
};

std::vector<std::optional<geometry::PointZM>> unplaced(std::size_t n) {
  return std::vector<std::optional<geometry::PointZM>>(n);
}

TEST_CASE("path: heavy edges are short, and the cheaper of two ways is taken") {
  PlacedGraph graph{unplaced(4), {{0, 1, 1}, {1, 3, 1}, {0, 2, 4}, {2, 3, 4}, {0, 3, 0.25}}};
  CHECK(graph.trace(0, 3) == "2 3");
  CHECK(graph.find(0, 3, {}, false).path->cost == 0.5);
  PathOptions one_hop;
  one_hop.hops = 1;
  CHECK(graph.trace(0, 3, one_hop) == "3");
  PathOptions light;
  light.min_weight = 5;
  CHECK(graph.trace(0, 3, light) == "none");
}

TEST_CASE("path: from an atom to itself there is nothing to go, and without edges no way") {
  PlacedGraph graph{unplaced(3), {{0, 1}}};
  const PathSearch self = graph.find(0, 0, {}, false);
  REQUIRE(self.path);
  CHECK(self.path->steps.empty());
  CHECK(self.path->cost == 0);
  CHECK(graph.trace(0, 2) == "none");
  CHECK(graph.trace(1, 0) == "none");
  PathOptions back;
  back.direction = Direction::in;
  CHECK(graph.trace(1, 0, back) == "0");
  CHECK(graph.find(1, 0, back, false).path->steps[0].reversed);
  back.direction = Direction::both;
  CHECK(graph.trace(1, 0, back) == "0");
}

TEST_CASE("path: types restrict, and of parallel edges the heavier is gone along") {
  PlacedGraph graph{unplaced(2), {{0, 1, 1, "a"}, {0, 1, 2, "b"}, {0, 1, 1.5, "c"}}};
  CHECK(graph.find(0, 1, {}, false).path->steps[0].type == "b");
  PathOptions options;
  options.types = {"a", "c"};
  const PathSearch search = graph.find(0, 1, options, false);
  CHECK(search.path->steps[0].type == "c");
  CHECK(search.path->cost == doctest::Approx(1 / 1.5));
}

TEST_CASE("path: within few hops the best of the short paths is found, not the best of all") {
  PlacedGraph graph{unplaced(7),
                    {{0, 1, 10},
                     {1, 2, 10},
                     {2, 3, 10},
                     {3, 6, 10},  // 4 hops, 0.4
                     {0, 4, 2},
                     {4, 6, 1},    // 2 hops, 1.5
                     {0, 3, 1}}};  // 3 is near but dear
  PathOptions options;
  options.hops = 4;
  CHECK(graph.trace(0, 6, options) == "1 2 3 6");
  options.hops = 3;
  CHECK(graph.trace(0, 6, options) == "3 6");
  options.hops = 1;
  CHECK(graph.trace(0, 6, options) == "none");
}

TEST_CASE("path: hops outside 1 to 1000 are refused") {
  PlacedGraph graph{unplaced(2), {{0, 1}}};
  for (const std::size_t hops : {std::size_t{0}, std::size_t{1'001}}) {
    PathOptions options;
    options.hops = hops;
    CHECK_THROWS_AS(graph.find(0, 1, options, false), Error);
  }
}

/// Points in a square, each joined to its nearest by edges whose cost is their length and some
/// more, as in a map of roads.
struct Roads {
  explicit Roads(std::uint64_t seed, std::size_t n) {
    std::mt19937_64 random{seed};
    std::uniform_real_distribution<double> place{0, 100};
    for (std::size_t i = 0; i < n; ++i)
      places.emplace_back(geometry::PointZM{place(random), place(random), place(random), 1});
    std::uniform_real_distribution<double> detour{1, 2};
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<std::pair<double, std::size_t>> order;
      for (std::size_t j = 0; j < n; ++j)
        if (j != i) order.emplace_back(length(i, j), j);
      std::partial_sort(order.begin(), order.begin() + 4, order.end());
      for (std::size_t k = 0; k < 4; ++k)
        edges.push_back({i, order[k].second, 1 / (order[k].first * detour(random))});
    }
  }
  [[nodiscard]] double length(std::size_t a, std::size_t b) const {
    return std::hypot(places[a]->x - places[b]->x, places[a]->y - places[b]->y,
                      places[a]->z - places[b]->z);
  }
  std::vector<std::optional<geometry::PointZM>> places;
  std::vector<Edge> edges;
};

TEST_CASE("path: A* finds paths as cheap as Dijkstra's and looks at fewer atoms") {
  std::size_t guided = 0;
  std::size_t unguided = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Roads roads{seed, 150};
    PlacedGraph graph{roads.places, roads.edges};
    std::mt19937_64 random{seed};
    for (int i = 0; i < 20; ++i) {
      const std::size_t start = random() % 150;
      const std::size_t goal = random() % 150;
      PathOptions options;
      if (i % 3 == 1) options.hops = 4;
      if (i % 3 == 2) options.direction = Direction::both;
      const PathSearch with = graph.find(start, goal, options, true);
      const PathSearch without = graph.find(start, goal, options, false);
      REQUIRE(with.path.has_value() == without.path.has_value());
      CHECK(without.cost_per_distance == 0);
      CHECK((start == goal || with.cost_per_distance > 0.99));
      guided += with.expanded;
      unguided += without.expanded;
      if (!with.path) continue;
      CHECK(with.path->cost == doctest::Approx(without.path->cost).epsilon(1e-12));
      CHECK(with.path->steps.size() <= options.hops);
    }
  }
  CHECK(guided * 4 < unguided * 3);
}

TEST_CASE("path: where one end of an edge has no place the map is not followed") {
  Roads roads{4, 60};
  roads.places[7] = std::nullopt;
  PlacedGraph graph{roads.places, roads.edges};
  const PathSearch search = graph.find(0, 30, {}, true);
  CHECK(search.cost_per_distance == 0);
  const PathSearch plain = graph.find(0, 30, {}, false);
  CHECK(search.expanded == plain.expanded);
  CHECK(search.path->cost == plain.path->cost);
}

TEST_CASE("path: a wide beam finds the best path, a narrow one looks at fewer atoms") {
  const Roads roads{5, 150};
  PlacedGraph graph{roads.places, roads.edges};
  std::size_t narrow_expanded = 0;
  std::size_t wide_expanded = 0;
  for (std::size_t goal = 1; goal < 150; goal += 10) {
    const PathSearch best = graph.find(0, goal, {}, true);
    PathOptions options;
    options.beam = 150;
    const PathSearch wide = graph.find(0, goal, options, true);
    REQUIRE(wide.path.has_value() == best.path.has_value());
    options.beam = 3;
    const PathSearch narrow = graph.find(0, goal, options, true);
    narrow_expanded += narrow.expanded;
    wide_expanded += wide.expanded;
    if (best.path) CHECK(wide.path->cost == doctest::Approx(best.path->cost).epsilon(1e-12));
    if (narrow.path) CHECK(narrow.path->cost >= best.path->cost * (1 - 1e-12));
  }
  CHECK(narrow_expanded < wide_expanded);
}

TEST_CASE("path: a path's steps are edges that join on to each other, and their costs add up") {
  const Roads roads{6, 80};
  PlacedGraph graph{roads.places, roads.edges};
  std::map<std::pair<std::size_t, std::size_t>, double> weights;
  for (const Edge& edge : roads.edges) weights[{edge.from, edge.to}] = edge.weight;
  for (std::size_t goal = 1; goal < 80; goal += 7) {
    const PathSearch search = graph.find(0, goal, {}, true);
    if (!search.path) continue;
    std::size_t at = 0;
    double cost = 0;
    for (const PathStep& step : search.path->steps) {
      const std::size_t to = graph.number(step.atom_id);
      REQUIRE(weights.contains({at, to}));
      CHECK(step.weight == weights[{at, to}]);
      cost += 1 / step.weight;
      at = to;
    }
    CHECK(at == goal);
    CHECK(search.path->cost == doctest::Approx(cost));
  }
}

}  // namespace
}  // namespace hart::search
