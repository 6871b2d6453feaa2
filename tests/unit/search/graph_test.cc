#include "search/graph.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "../index/store_fixture.h"
#include "core/error.h"
#include "store/relation.h"

namespace hart::search {
namespace {

/// A store of `n` leaves, numbered from 0, and edges between them.
class Graph {
 public:
  explicit Graph(std::size_t n) {
    store::WriteTransaction transaction{store()};
    store::CatalogWriter writer{store()};
    for (std::size_t i = 0; i < n; ++i)
      atoms_.push_back(StoreFixture::put_leaf(writer, "leaf " + std::to_string(i)));
    transaction.commit();
  }

  struct Edge {
    std::size_t from, to;
    double weight = 1;
    std::string type = "near";
  };
  void add(const std::vector<Edge>& edges) {
    store::WriteTransaction transaction{store()};
    store::RelationWriter writer{store()};
    for (const Edge& edge : edges)
      writer.put(atoms_[edge.from], atoms_[edge.to], edge.type, edge.weight);
    transaction.commit();
  }

  [[nodiscard]] store::Store& store() noexcept { return fixture_.store(); }
  [[nodiscard]] std::int64_t atom(std::size_t number) const { return atoms_[number]; }
  [[nodiscard]] std::size_t number(std::int64_t atom_id) const {
    return static_cast<std::size_t>(std::find(atoms_.begin(), atoms_.end(), atom_id) -
                                    atoms_.begin());
  }
  StoreFixture& fixture() noexcept { return fixture_; }

  std::vector<Reached> walk_from(std::size_t start, const WalkOptions& options = {}) {
    return walk(store(), atom(start), options);
  }
  /// "1@1 2@2": numbers and hops, in the order of the walk.
  std::string trace(std::size_t start, const WalkOptions& options = {}) {
    std::string text;
    for (const Reached& way : walk_from(start, options))
      text += (text.empty() ? "" : " ") + std::to_string(number(way.atom_id)) + "@" +
              std::to_string(way.hops);
    return text;
  }

 private:
  StoreFixture fixture_;
  std::vector<std::int64_t> atoms_;
};

WalkOptions with_hops(std::size_t hops, Direction direction = Direction::out) {
  WalkOptions options;
  options.hops = hops;
  options.direction = direction;
  return options;
}

TEST_CASE("walk: an atom is reached once, by the fewest hops, and the start never") {
  Graph graph{6};
  graph.add({{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {2, 0}, {1, 1}, {0, 2}, {5, 0}});
  CHECK(graph.trace(0, with_hops(1)) == "1@1 2@1");
  CHECK(graph.trace(0, with_hops(2)) == "1@1 2@1 3@2");
  CHECK(graph.trace(0, with_hops(3)) == "1@1 2@1 3@2 4@3");
  CHECK(graph.trace(0, with_hops(64)) == "1@1 2@1 3@2 4@3 5@4");
}

TEST_CASE("walk: edges are gone along, against, or both ways as the direction says") {
  Graph graph{4};
  graph.add({{0, 1}, {2, 0}, {3, 2}, {1, 3}});
  CHECK(graph.trace(0, with_hops(1, Direction::out)) == "1@1");
  CHECK(graph.trace(0, with_hops(1, Direction::in)) == "2@1");
  CHECK(graph.trace(0, with_hops(1, Direction::both)) == "1@1 2@1");
  CHECK(graph.trace(0, with_hops(2, Direction::in)) == "2@1 3@2");
}

TEST_CASE("walk: only edges of the named types, at least as heavy, count") {
  Graph graph{5};
  graph.add({{0, 1, 0.5, "x"}, {0, 2, 0.4, "x"}, {0, 3, 1, "y"}, {1, 4, 1, "z"}});
  WalkOptions options = with_hops(3);
  options.types = {"x"};
  CHECK(graph.trace(0, options) == "1@1 2@1");
  options.types = {"x", "z"};
  CHECK(graph.trace(0, options) == "1@1 2@1 4@2");
  options.min_weight = 0.5;
  CHECK(graph.trace(0, options) == "1@1 4@2");
  options.types = {"no such type"};
  CHECK(graph.trace(0, options).empty());
}

TEST_CASE("walk: of ways of equal length the heaviest counts, then the lowest atom before it") {
  Graph graph{6};
  graph.add({{0, 1, 0.5}, {0, 2, 0.5}, {0, 3, 0.25}, {1, 4, 0.5}, {2, 4, 0.5}, {3, 4, 4}});
  auto way = graph.walk_from(0, with_hops(2)).back();
  CHECK(graph.number(way.atom_id) == 4);
  CHECK(way.weight == 1);
  CHECK(graph.number(way.from_atom_id) == 3);
  graph.add({{3, 4, 1}, {1, 4, 0.5, "also"}});
  way = graph.walk_from(0, with_hops(2)).back();
  CHECK(way.weight == 0.25);
  CHECK(graph.number(way.from_atom_id) == 1);
  CHECK(way.type == "also");
}

TEST_CASE("walk: a heavier way of more hops does not count") {
  Graph graph{3};
  graph.add({{0, 2, 0.1}, {0, 1, 1}, {1, 2, 1}});
  const auto ways = graph.walk_from(0, with_hops(3));
  REQUIRE(ways.size() == 2);
  CHECK(graph.number(ways[1].atom_id) == 2);
  CHECK(ways[1].hops == 1);
  CHECK(ways[1].weight == 0.1);
}

TEST_CASE("walk: the limit keeps the nearest, and of one distance the heaviest") {
  Graph graph{6};
  graph.add({{0, 1, 0.1}, {0, 2, 0.3}, {0, 3, 0.2}, {2, 4}, {4, 5}});
  WalkOptions options = with_hops(3);
  options.limit = 2;
  CHECK(graph.trace(0, options) == "2@1 3@1");
  options.limit = 4;
  CHECK(graph.trace(0, options) == "2@1 3@1 1@1 4@2");
  options.limit = 0;
  CHECK(graph.trace(0, options).empty());
}

TEST_CASE("walk: hops outside 1 to 64 are refused") {
  Graph graph{2};
  for (const std::size_t hops : {std::size_t{0}, std::size_t{65}})
    CHECK_THROWS_AS(graph.walk_from(0, with_hops(hops)), Error);
  CHECK_NOTHROW(graph.walk_from(0, with_hops(64)));
}

TEST_CASE("walk: the edges of another tenant are not gone along, even between shared atoms") {
  Graph graph{3};
  graph.add({{0, 1}});
  store::EmbeddingModel model;
  store::Store other = graph.fixture().add_tenant("other", model);
  {
    store::WriteTransaction transaction{other};
    store::CatalogWriter writer{other};
    for (int i = 0; i < 3; ++i) StoreFixture::put_leaf(writer, "leaf " + std::to_string(i));
    store::RelationWriter{other}.put(graph.atom(0), graph.atom(2), "near", 1);
    transaction.commit();
  }
  CHECK(graph.trace(0, with_hops(3, Direction::both)) == "1@1");
  CHECK(walk(other, graph.atom(0), with_hops(3)).front().atom_id == graph.atom(2));
}

/// What `walk` promises, by plain breadth-first search in memory: every level goes through all
/// edges.
std::vector<Reached> naive_walk(const Graph& graph, const std::vector<Graph::Edge>& edges,
                                std::size_t start, const WalkOptions& options) {
  std::map<std::int64_t, Reached> found{
      {graph.atom(start), {graph.atom(start), 0, 1, graph.atom(start), {}}}};
  const auto order = [](const Reached& way) {
    return std::make_tuple(way.hops, -way.weight, way.from_atom_id, way.type);
  };
  for (std::size_t hop = 1; hop <= options.hops; ++hop) {
    const auto before = found;
    const auto go = [&](std::int64_t from, std::int64_t to, const Graph::Edge& edge) {
      const auto source = before.find(from);
      if (source == before.end() || source->second.hops != hop - 1) return;
      const Reached way{to, hop, source->second.weight * edge.weight, from, edge.type};
      const auto [known, fresh] = found.try_emplace(to, way);
      if (!fresh && order(way) < order(known->second)) known->second = way;
    };
    for (const Graph::Edge& edge : edges) {
      if (edge.weight < options.min_weight) continue;
      if (!options.types.empty() && std::find(options.types.begin(), options.types.end(),
                                              edge.type) == options.types.end())
        continue;
      const std::int64_t from = graph.atom(edge.from);
      const std::int64_t to = graph.atom(edge.to);
      if (options.direction != Direction::in) go(from, to, edge);
      if (options.direction != Direction::out) go(to, from, edge);
    }
  }
  std::vector<Reached> ways;
  for (const auto& [atom_id, way] : found)
    if (way.hops > 0) ways.push_back(way);
  std::stable_sort(ways.begin(), ways.end(), [](const Reached& a, const Reached& b) {
    return std::make_tuple(a.hops, -a.weight) < std::make_tuple(b.hops, -b.weight);
  });
  return ways;
}

void check_same(const std::vector<Reached>& ways, const std::vector<Reached>& expected) {
  REQUIRE(ways.size() == expected.size());
  for (std::size_t i = 0; i < ways.size(); ++i) {
    CHECK(ways[i].atom_id == expected[i].atom_id);
    CHECK(ways[i].hops == expected[i].hops);
    CHECK(ways[i].weight == expected[i].weight);
    CHECK(ways[i].from_atom_id == expected[i].from_atom_id);
    CHECK(ways[i].type == expected[i].type);
  }
}

enum class Shape { random, hub, clique, star, ring };

constexpr std::size_t kShapeAtoms = 60;

/// Pairs of atoms, with two edges between some. Weights come from few values, so that many ways
/// are equally heavy.
std::vector<Graph::Edge> edges_of(Shape shape, std::mt19937_64& random) {
  std::set<std::pair<std::size_t, std::size_t>> pairs;
  for (int i = 0; shape == Shape::random && i < 150; ++i)
    pairs.emplace(random() % kShapeAtoms, random() % kShapeAtoms);
  for (std::size_t i = 1; i < kShapeAtoms; ++i) {
    if (shape == Shape::hub) pairs.insert({{0, i}, {i, 0}, {i, i * 7 % kShapeAtoms}});
    // Two atoms in five hang on the star, so that their ids lie in runs with gaps.
    if (shape == Shape::star && i % 5 < 2) pairs.insert({{0, i}, {i, 0}});
    if (shape == Shape::ring) pairs.insert({{i - 1, i}, {kShapeAtoms - 1, 0}, {i, i}});
  }
  for (std::size_t i = 0; shape == Shape::clique && i < 20; ++i)
    for (std::size_t j = 0; j < 20; ++j) pairs.emplace(i, j);
  const auto weight = [&] { return static_cast<double>(random() % 4 + 1) / 4; };
  std::vector<Graph::Edge> edges;
  for (const auto& [from, to] : pairs) {
    edges.push_back({from, to, weight(), random() % 2 == 0 ? "near" : "far"});
    if (random() % 3 == 0) edges.push_back({from, to, weight(), "also"});
  }
  return edges;
}

TEST_CASE("walk: graphs of many shapes are walked as a search in memory walks them") {
  std::mt19937_64 random{11};
  for (const Shape shape :
       {Shape::random, Shape::hub, Shape::clique, Shape::star, Shape::ring}) {
    CAPTURE(static_cast<int>(shape));
    Graph graph{kShapeAtoms};
    const std::vector<Graph::Edge> edges = edges_of(shape, random);
    graph.add(edges);
    for (const Direction direction : {Direction::out, Direction::in, Direction::both}) {
      for (const std::size_t hops : {std::size_t{1}, std::size_t{3}, std::size_t{64}}) {
        WalkOptions options = with_hops(hops, direction);
        for (const std::size_t start : {0U, 5U, 17U})
          check_same(graph.walk_from(start, options), naive_walk(graph, edges, start, options));
        options.min_weight = 0.5;
        check_same(graph.walk_from(6, options), naive_walk(graph, edges, 6, options));
        options.types = {"also", "far"};
        check_same(graph.walk_from(0, options), naive_walk(graph, edges, 0, options));
      }
    }
  }
}

TEST_CASE("walk: thousands of leaves are each reached once, from atoms put in any order") {
  constexpr std::size_t kLeaves = 3'000;
  Graph graph{kLeaves + 1};
  std::vector<Graph::Edge> edges;
  const std::size_t hub = kLeaves / 2;
  for (std::size_t i = 0; i <= kLeaves; ++i)
    if (i != hub) {
      edges.push_back({hub, i, 0.5});
      edges.push_back({i, (i * 7 + 1) % (kLeaves + 1), 0.25});
    }
  graph.add(edges);
  for (const std::size_t start : {hub, std::size_t{0}}) {
    const WalkOptions options = with_hops(3, Direction::both);
    check_same(graph.walk_from(start, options), naive_walk(graph, edges, start, options));
  }
}

TEST_CASE("spread: a score halves with every hop, is weighed by the way, and seeds add up") {
  Graph graph{5};
  graph.add({{0, 1, 0.5}, {2, 1, 8}, {2, 3, 0.25}});
  const auto scores =
      spread(graph.store(), {{graph.atom(0), 1}, {graph.atom(2), 2}}, with_hops(1));
  std::map<std::size_t, double> by_number;
  for (const SeedAtom& atom : scores) by_number[graph.number(atom.atom_id)] = atom.score;
  CHECK(by_number.size() == 4);
  CHECK(by_number[0] == 1);
  CHECK(by_number[2] == 2);
  CHECK(by_number[1] == doctest::Approx(1 * 0.5 * 0.5 + 2 * 1 * 0.5));
  CHECK(by_number[3] == doctest::Approx(2 * 0.25 * 0.5));
  for (std::size_t i = 1; i < scores.size(); ++i) CHECK(scores[i - 1].score >= scores[i].score);
  const auto farther = spread(graph.store(), {{graph.atom(0), 1}}, with_hops(3));
  REQUIRE(farther.size() == 4);
  CHECK(farther.back().score == doctest::Approx(0.5 * 1 * 0.25 * 0.125));
}

TEST_CASE("spread: a seed without edges keeps its score and reaches nothing") {
  Graph graph{2};
  const auto scores = spread(graph.store(), {{graph.atom(1), 0.75}}, with_hops(2));
  REQUIRE(scores.size() == 1);
  CHECK(scores[0].score == 0.75);
}

}  // namespace
}  // namespace hart::search
