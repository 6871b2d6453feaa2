#include "geometry/area.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "core/error.h"

namespace hart::geometry {
namespace {

const Ring kSquare{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}};

/// What the error says; empty when the text is read.
std::string refusal(std::string_view text) {
  try {
    (void)parse_area(text);
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::usage);
    return error.what();
  }
  return {};
}

TEST_CASE("area: a polygon is read whatever its case, blanks and signs") {
  const Area square{{{{kSquare}}}};
  CHECK(parse_area("POLYGON((0 0,1 0,1 1,0 1,0 0))") == square);
  CHECK(parse_area("  polygon\n( ( 0 0 , +1 0 ,1e0 1.0 , 0 1,0 0 ) )\t") == square);
  CHECK(parse_area("MultiPolygon(((0 0, 1 0, 1 1, 0 1, -0 0)))") == square);
}

TEST_CASE("area: holes and several polygons are kept in their order") {
  const Area area = parse_area(
      "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0), (1 0.5, 2 0.5, 2 1, 1 0.5)),"
      " ((20 0, 21 0, 21 1, 20 0)))");
  REQUIRE(area.polygons.size() == 2);
  REQUIRE(area.polygons[0].rings.size() == 2);
  CHECK(area.polygons[0].rings[1][1] == Corner{2, 0.5});
  CHECK(area.polygons[1].rings[0][0] == Corner{20, 0});
  CHECK(parse_area(wkt(area)) == area);
  const Box box = bounds(area);
  CHECK(box.min[0] == 0);
  CHECK(box.max[0] == 21);
  CHECK(box.max[1] == 9);
  CHECK(std::isinf(box.max[2]));
}

TEST_CASE("area: further coordinates are left out, and have to be there") {
  const Area square{{{{kSquare}}}};
  CHECK(parse_area("POLYGON Z ((0 0 5, 1 0 5, 1 1 5, 0 1 5, 0 0 5))") == square);
  CHECK(parse_area("POLYGONZM((0 0 5 6, 1 0 5 6, 1 1 5 6, 0 1 5 6, 0 0 5 6))") == square);
  CHECK(refusal("POLYGON M ((0 0, 1 0, 1 1, 0 0))").find("a finite number is missing") !=
        std::string::npos);
  CHECK(refusal("POLYGON ((0 0 0, 1 0 0, 1 1 0, 0 0 0))") != "");
}

TEST_CASE("area: what is no area is refused, with the reason") {
  CHECK(refusal("POINT (1 2)") ==
        "not a well-known text of an area: a POINT is no area: give a POLYGON or MULTIPOLYGON, "
        "at character 6");
  CHECK(refusal("POLYGON ((0 0, 1 0, 1 1, 0 1))").find("does not end where it begins") !=
        std::string::npos);
  CHECK(refusal("POLYGON ((0 0, 1 0, 0 0))").find("fewer than four") != std::string::npos);
  for (const char* text :
       {"", "(", "POLYGON", "POLYGON EMPTY", "POLYGON Q ((0 0, 1 0, 1 1, 0 0))", "POLYGON ()",
        "POLYGON (())", "POLYGON ((0 0, 1 0, 1 1, 0 0)", "POLYGON ((0 0, 1 0, 1 1, 0 0)))",
        "POLYGON ((0 0, 1 0, 1 1, 0 0),)", "POLYGON ((0 0, 1 nan, 1 1, 0 0))",
        "POLYGON ((0 0, 1 1e999, 1 1, 0 0))", "POLYGON ((0 0, 1, 1 1, 0 0))",
        "POLYGON ((0 0, 1 0, 1 1, 0 0)) x", "MULTIPOLYGON ((0 0, 1 0, 1 1, 0 0))"}) {
    CAPTURE(text);
    CHECK(refusal(text) != "");
  }
}

}  // namespace
}  // namespace hart::geometry
