#include "index/rtree_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "index/index.h"
#include "index/projection_store.h"
#include "store_fixture.h"

namespace {

using hart::Error;
using hart::geometry::PointZM;
using namespace hart::index;

std::vector<PointRtree::Item> random_points(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<double> normal;
  std::vector<PointRtree::Item> items;
  for (std::size_t i = 0; i < n; ++i)
    items.push_back({static_cast<std::int64_t>(i) + 1,
                     {normal(random), normal(random), normal(random), 0}});
  return items;
}

double float_distance(const PointZM& a, const PointZM& b) {
  const auto near_float = [](double x) { return static_cast<double>(static_cast<float>(x)); };
  return std::hypot(a.x - near_float(b.x), a.y - near_float(b.y), a.z - near_float(b.z));
}

TEST_CASE("R-tree: gives out all points, in the order of their distances in float64") {
  hart::store::Connection db{":memory:", hart::store::Connection::Mode::create, 0};
  const auto items = random_points(3000, 1);
  PointRtree tree{db, "points"};
  tree.create(items, {});
  for (const auto& query : random_points(5, 2)) {
    std::vector<double> expected;
    expected.reserve(items.size());
    for (const auto& item : items) expected.push_back(float_distance(query.point, item.point));
    std::sort(expected.begin(), expected.end());
    std::vector<double> found;
    tree.nearest(query.point, [&](const SpatialNeighbor& neighbor) {
      const PointZM& point = items[static_cast<std::size_t>(neighbor.id) - 1].point;
      CHECK(neighbor.distance == float_distance(query.point, point));
      found.push_back(neighbor.distance);
      return true;
    });
    CHECK(found == expected);
  }
}

TEST_CASE("R-tree: whatever the number of points, SQLite finds the packed tree sound") {
  // A node holds 51 cells: one node, two levels, three levels, and both sides of each limit.
  for (const std::size_t n : {0u, 1u, 51u, 52u, 102u, 2601u, 2602u, 3000u}) {
    CAPTURE(n);
    hart::store::Connection db{":memory:", hart::store::Connection::Mode::create, 0};
    PointRtree tree{db, "points"};
    std::uint64_t told = 0;
    tree.create(random_points(n, 4), [&](std::uint64_t done) { told = done; });
    CHECK(told == n);
    auto check = db.prepare("SELECT rtreecheck('points')", hart::store::Scope::owner);
    REQUIRE(check.step());
    CHECK(check.text(0) == "ok");
    CHECK(db.query_integer("SELECT count(*) FROM points") == static_cast<std::int64_t>(n));
  }
}

TEST_CASE("R-tree: stops when told to") {
  hart::store::Connection db{":memory:", hart::store::Connection::Mode::create, 0};
  PointRtree tree{db, "points"};
  tree.create(random_points(100, 3), {});
  int visits = 0;
  tree.nearest({}, [&](const SpatialNeighbor&) { return ++visits < 7; });
  CHECK(visits == 7);
}

TEST_CASE("R-tree: a box finds all points in it, those on its border too, and few others") {
  hart::store::Connection db{":memory:", hart::store::Connection::Mode::create, 0};
  auto items = random_points(2000, 5);
  // Not a float32: what is stored lies on the one side or the other of this border.
  items.push_back({5000, {0.1, 0.3, -0.7, 0}});
  PointRtree tree{db, "points"};
  tree.create(items, {});
  const hart::geometry::Box box{{0.1, -0.5, -1}, {0.8, 0.3, -0.7}};
  std::vector<std::int64_t> found;
  tree.within(box, [&](std::int64_t id) { found.push_back(id); });
  std::sort(found.begin(), found.end());
  std::size_t inside = 0;
  for (const auto& item : items) {
    const PointZM& p = item.point;
    if (p.x < 0.1 || p.x > 0.8 || p.y < -0.5 || p.y > 0.3 || p.z < -1 || p.z > -0.7) continue;
    ++inside;
    CHECK(std::binary_search(found.begin(), found.end(), item.id));
  }
  CHECK(inside > 10);
  CHECK(found.size() <= inside + 1);
  const double infinity = std::numeric_limits<double>::infinity();
  std::size_t all = 0;
  tree.within({{-infinity, -infinity, -infinity}, {infinity, infinity, infinity}},
              [&](std::int64_t) { ++all; });
  CHECK(all == items.size());
}

TEST_CASE("spatial search: with as many candidates as vectors it is exact search") {
  StoreFixture fixture;
  const auto vectors = random_vectors(400, 4);
  fixture.put(vectors);
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  CHECK(index.items == 400);
  for (const Metric metric : {Metric::cosine, Metric::l2, Metric::dot}) {
    const VectorQuery query{vectors[13], 25, metric};
    CHECK(spatial_search(fixture.store(), fixture.model(), index, query, 400, 1) ==
          scan_rows(fixture.store(), fixture.model(), {&query, 1}, 1).front());
  }
}

TEST_CASE("spatial search: a vector is found right after it was added, and gone once removed") {
  StoreFixture fixture;
  fixture.put(random_vectors(500, 5));
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  const auto added = random_vectors(1, 6);
  const auto atom = fixture.put(added, "new").front();
  const VectorQuery query{added.front(), 3};
  SpatialReport report;
  auto found = spatial_search(fixture.store(), fixture.model(), index, query, 10, 1, &report);
  CHECK(found.front().atom_id == atom);
  CHECK(report.delta == 1);
  CHECK(report.candidates == 10);

  fixture.remove_embedding(atom);
  const auto gone = found[1].atom_id;
  fixture.remove_embedding(gone);
  found = spatial_search(fixture.store(), fixture.model(), index, query, 10, 1, &report);
  for (const Neighbor& neighbor : found) {
    CHECK(neighbor.atom_id != atom);
    CHECK(neighbor.atom_id != gone);
  }
  CHECK(report.delta == 0);
  CHECK(report.candidates == 10);
  CHECK(report.popped == 11);
}

TEST_CASE("spatial search: the filter is applied before candidates are counted") {
  StoreFixture fixture;
  const auto vectors = random_vectors(600, 7);
  const auto atoms = fixture.put(vectors);
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  std::vector<std::int64_t> some;
  for (std::size_t i = 0; i < atoms.size(); i += 60) some.push_back(atoms[i]);
  const AtomSet allowed{some};
  const VectorQuery query{vectors[1], 10, Metric::cosine, &allowed};
  const auto found = spatial_search(fixture.store(), fixture.model(), index, query, 10, 1);
  // Ten atoms pass, so ten candidates are all of them.
  CHECK(found == scan_rows(fixture.store(), fixture.model(), {&query, 1}, 1).front());
  CHECK(found.size() == 10);
}

TEST_CASE("spatial search: a tenant's results never hold what another tenant stored") {
  StoreFixture fixture;
  const auto vectors = random_vectors(200, 8);
  const auto mine = fixture.put(vectors, "mine");
  hart::store::EmbeddingModel other_model;
  hart::store::Store other = fixture.add_tenant("other", other_model);
  const auto theirs = StoreFixture::put(other, other_model, vectors, "theirs");
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  const auto other_index = build_index(other, other_model, IndexKind::rtree);
  CHECK(index.items == 200);
  CHECK(other_index.items == 200);
  CHECK(list_indexes(other).size() == 1);
  CHECK_FALSE(find_index(other, fixture.model().embedding_model_id, IndexKind::rtree));

  const VectorQuery query{vectors[3], 50};
  for (const Neighbor& neighbor :
       spatial_search(fixture.store(), fixture.model(), index, query, 200, 1))
    CHECK(std::count(mine.begin(), mine.end(), neighbor.atom_id) == 1);
  for (const Neighbor& neighbor :
       spatial_search(other, other_model, other_index, query, 200, 1))
    CHECK(std::count(theirs.begin(), theirs.end(), neighbor.atom_id) == 1);
  // Even the other's own catalog row is of no use to a tenant that gets hold of it.
  CHECK_THROWS_AS((void)spatial_search(other, other_model, index, query, 10, 1), Error);
}

TEST_CASE("spatial search: an index goes on using the projection that it was built with") {
  StoreFixture fixture;
  const auto vectors = random_vectors(300, 9);
  fixture.put(vectors);
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  const VectorQuery query{vectors[0], 10};
  const auto before = spatial_search(fixture.store(), fixture.model(), index, query, 40, 1);
  const auto landmarks = fit_projection(fixture.store(), fixture.model(),
                                        {hart::geometry::Projection::Kind::landmark});
  CHECK(landmarks.version == 2);
  CHECK(spatial_search(fixture.store(), fixture.model(), index, query, 40, 1) == before);
}

}  // namespace
