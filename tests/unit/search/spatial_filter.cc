#include "search/spatial_filter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "../index/store_fixture.h"
#include "core/error.h"
#include "index/index.h"
#include "index/projection_store.h"

namespace {

using hart::Error;
using hart::Fault;
using hart::geometry::PointZM;
using namespace hart::search;

/// The status of what a call throws; nothing when it returns.
template <typename Call> std::optional<Fault> fault_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.fault();
  }
  return std::nullopt;
}

TEST_CASE("box: ranges of any axes in any order, either limit left out") {
  const SpatialBox box = parse_box("z=0: x=-1:0.5,M=:2e-1");
  CHECK(box.min[0] == -1);
  CHECK(box.max[0] == 0.5);
  CHECK_FALSE(box.min[1]);
  CHECK_FALSE(box.max[1]);
  CHECK(box.min[2] == 0);
  CHECK_FALSE(box.max[2]);
  CHECK_FALSE(box.min[3]);
  CHECK(box.max[3] == 0.2);
  CHECK(box.holds({-1, 99, 0, 0.2}));
  CHECK(box.holds({0.5, -99, 7, -3}));
  CHECK_FALSE(box.holds({0.51, 0, 0, 0}));
  CHECK_FALSE(box.holds({0, 0, -0.01, 0}));
  CHECK_FALSE(box.holds({0, 0, 0, 0.21}));
}

TEST_CASE("box: what is no range is a usage error") {
  for (const char* text :
       {"", " , ", "x", "x=", "x=1", "x=:", "w=0:1", "=0:1", "x=a:1", "x=0:1:2", "x=0:1 x=2:3",
        "x=2:1", "x=nan:1", "x=0:inf", "x =0:1", "x=0x1:2"}) {
    CAPTURE(text);
    CHECK(fault_of([&] { (void)parse_box(text); }) == Fault::usage);
  }
  CHECK_THROWS_WITH_AS((void)parse_box("y=0:1 x=2:1"),
                       "not a range of a box: 'x=2:1' has its minimum above its maximum; write "
                       "for example x=-1:0.5 z=0:",
                       Error);
}

TEST_CASE("point: three numbers and nothing else") {
  CHECK(parse_point("0.5,-1,2e-1") == PointZM{0.5, -1, 0.2, 0});
  CHECK(parse_point(" 1 2  +3 ") == PointZM{1, 2, 3, 0});
  for (const char* text :
       {"", "1", "1,2", "1,2,3,4", "1,2,x", "x,1,2,3", "1,2,nan", "1,2,1e999"}) {
    CAPTURE(text);
    CHECK(fault_of([&] { (void)parse_point(text); }) == Fault::usage);
  }
}

TEST_CASE("spatial filter: bad text and bad radii are usage errors before a store is opened") {
  SpatialFilter filter;
  filter.within = "POLYGON ((0 0, 1 1))";
  CHECK(fault_of([&] { check_spatial_filter(filter); }) == Fault::usage);
  filter.within = "POLYGON ((0 0, 1 0, 1 1, 0 0))";
  CHECK_FALSE(fault_of([&] { check_spatial_filter(filter); }));
  filter.centre = PointZM{};
  for (const double radius : {-1e-9, std::nan(""), std::numeric_limits<double>::infinity()}) {
    filter.radius = radius;
    CHECK(fault_of([&] { check_spatial_filter(filter); }) == Fault::usage);
  }
}

/// 400 placed vectors; their places by ascending atom id.
struct Placed {
  explicit Placed(bool with_rtree) {
    fixture.put(random_vectors(400, 21));
    (void)hart::index::fit_projection(fixture.store(), fixture.model(), {});
    if (with_rtree)
      (void)hart::index::build_index(fixture.store(), fixture.model(),
                                     hart::index::IndexKind::rtree);
    all = places_in_space(fixture.store(), fixture.model(), {});
  }

  std::vector<std::int64_t> atoms(const SpatialFilter& filter) {
    return atoms_in_space(fixture.store(), fixture.model(), filter);
  }
  template <typename Holds> std::vector<std::int64_t> expected(Holds holds) const {
    std::vector<std::int64_t> ids;
    for (const Place& place : all)
      if (holds(place.point)) ids.push_back(place.atom_id);
    return ids;
  }

  StoreFixture fixture;
  std::vector<Place> all;
};

TEST_CASE("spatial filter: a box and a ball give what their definition says, index or not") {
  for (const bool with_rtree : {false, true}) {
    CAPTURE(with_rtree);
    Placed placed{with_rtree};
    REQUIRE(placed.all.size() == 400);
    SpatialFilter filter;
    CHECK(placed.atoms(filter).size() == 400);
    filter.box = parse_box("x=-0.2:0.3 z=:0.1");
    const auto in_box = placed.expected(
        [](const PointZM& p) { return p.x >= -0.2 && p.x <= 0.3 && p.z <= 0.1; });
    CHECK(in_box.size() > 20);
    CHECK(in_box.size() < 380);
    CHECK(placed.atoms(filter) == in_box);

    // A ball whose surface goes through one of the places.
    const PointZM centre{0.1, 0, -0.1, 0};
    const PointZM& edge = placed.all[200].point;
    const double radius = std::hypot(edge.x - centre.x, edge.y - centre.y, edge.z - centre.z);
    SpatialFilter ball;
    ball.centre = centre;
    ball.radius = radius;
    const auto in_ball = placed.expected([&](const PointZM& p) {
      return std::hypot(p.x - centre.x, p.y - centre.y, p.z - centre.z) <= radius;
    });
    CHECK(placed.atoms(ball) == in_ball);
    CHECK(std::binary_search(in_ball.begin(), in_ball.end(), placed.all[200].atom_id));

    ball.box = filter.box;
    std::vector<std::int64_t> both;
    std::set_intersection(in_box.begin(), in_box.end(), in_ball.begin(), in_ball.end(),
                          std::back_inserter(both));
    CHECK(placed.atoms(ball) == both);
  }
}

TEST_CASE("spatial filter: M is the importance, and limits on it alone are limits") {
  Placed placed{true};
  const auto first = placed.all.front();
  {
    hart::store::WriteTransaction transaction{placed.fixture.store()};
    hart::store::EmbeddingPlacer{placed.fixture.store()}.place(
        first.embedding_id, {first.point.x, first.point.y, first.point.z, 0.75}, 1);
    transaction.commit();
  }
  SpatialFilter filter;
  filter.box = parse_box("m=0.5:0.75");
  CHECK(placed.atoms(filter) == std::vector{first.atom_id});
}

TEST_CASE(
    "spatial filter: a polygon holds what a ray says it holds, border and holes included") {
  for (const bool with_rtree : {false, true}) {
    Placed placed{with_rtree};
    SpatialFilter filter;
    // A square with a square hole, so that membership is a matter of comparisons.
    filter.within =
        "POLYGON ((-0.4 -0.4, 0.4 -0.4, 0.4 0.4, -0.4 0.4, -0.4 -0.4),"
        " (-0.1 -0.1, 0.1 -0.1, 0.1 0.1, -0.1 0.1, -0.1 -0.1))";
    const auto expected = placed.expected([](const PointZM& p) {
      const double far = std::max(std::abs(p.x), std::abs(p.y));
      return far <= 0.4 && far >= 0.1;
    });
    CHECK(expected.size() > 20);
    CHECK(placed.atoms(filter) == expected);
    // A polygon through a place: its corner belongs to it.
    const PointZM& p = placed.all[7].point;
    char text[256];
    std::snprintf(text, sizeof text,
                  "MULTIPOLYGON (((%.17g %.17g, 9 %.17g, 9 9, %.17g %.17g)))", p.x, p.y, p.y,
                  p.x, p.y);
    filter.within = text;
    const auto found = placed.atoms(filter);
    CHECK(std::binary_search(found.begin(), found.end(), placed.all[7].atom_id));
    // Again over the same connection, and joined with a box that excludes it all.
    CHECK(placed.atoms(filter) == found);
    filter.box = parse_box("z=5:");
    CHECK(placed.atoms(filter).empty());
  }
}

TEST_CASE("spatial filter: rings that cross are a usage error with the reason") {
  Placed placed{false};
  SpatialFilter filter;
  filter.within = "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))";
  CHECK_THROWS_WITH_AS((void)placed.atoms(filter),
                       "the area of the filter is not valid: Self-intersection[0.5 0.5]",
                       Error);
  // Two polygons that overlap, and a ring without an inside.
  for (const char* text : {"MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((0 0, 1 0, 1 1, 0 0)))",
                           "POLYGON ((0 0, 0 0, 0 0, 0 0))"}) {
    filter.within = text;
    CHECK(fault_of([&] { (void)placed.atoms(filter); }) == Fault::usage);
  }
}

TEST_CASE("spatial filter: sees what was added and removed since the R-tree, by any tenant") {
  Placed placed{true};
  StoreFixture& fixture = placed.fixture;
  const auto projection =
      hart::index::current_projection(fixture.store(), fixture.model())->projection;
  const auto vectors = random_vectors(3, 22);
  const auto added = fixture.put(vectors, "new");
  SpatialFilter filter;
  filter.box = parse_box("x=-2:2");
  // Added and not placed yet: nowhere.
  CHECK(placed.atoms(filter).size() == 400);
  {
    hart::store::WriteTransaction transaction{fixture.store()};
    auto find = fixture.store().db().prepare(
        "SELECT atom_embedding_id FROM my_atom_embedding WHERE atom_id = ?1");
    for (std::size_t i = 0; i < added.size(); ++i) {
      REQUIRE(find.with(added[i]).step());
      const auto id = find.integer(0);
      find.reset();
      hart::index::place_embedding(fixture.store(), id, projection, vectors[i], 0);
    }
    transaction.commit();
  }
  auto found = placed.atoms(filter);
  CHECK(found.size() == 403);
  CHECK(std::binary_search(found.begin(), found.end(), added[0]));
  fixture.remove_embedding(added[0]);
  fixture.remove_embedding(placed.all[5].atom_id);
  found = placed.atoms(filter);
  CHECK(found.size() == 401);
  CHECK_FALSE(std::binary_search(found.begin(), found.end(), placed.all[5].atom_id));

  hart::store::EmbeddingModel other_model;
  hart::store::Store other = fixture.add_tenant("other", other_model);
  CHECK(atoms_in_space(other, other_model, filter).empty());
  CHECK(atoms_in_space(other, fixture.model(), filter).empty());
}

TEST_CASE("spatial filter: an R-tree of an older map is not looked at") {
  Placed placed{true};
  hart::index::FitOptions options;
  options.kind = hart::geometry::Projection::Kind::trilateration;
  (void)hart::index::fit_projection(placed.fixture.store(), placed.fixture.model(), options);
  placed.all = places_in_space(placed.fixture.store(), placed.fixture.model(), {});
  SpatialFilter filter;
  filter.box = parse_box("x=0:");
  const auto expected = placed.expected([](const PointZM& p) { return p.x >= 0; });
  CHECK(expected.size() > 20);
  CHECK(placed.atoms(filter) == expected);
}

}  // namespace
