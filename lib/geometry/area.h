#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "geometry/hilbert.h"

namespace hart::geometry {

/// A corner in the plane: x, y.
using Corner = std::array<double, 2>;
/// A closed line: the last corner is the first, four corners or more.
using Ring = std::vector<Corner>;

/// An outer ring, and rings cut out of it.
struct Polygon {
  std::vector<Ring> rings;  ///< one or more

  bool operator==(const Polygon&) const = default;
};

/// One polygon or more, in X and Y.
struct Area {
  std::vector<Polygon> polygons;

  bool operator==(const Area&) const = default;
};

/// Reads well-known text: "POLYGON ((0 0, 1 0, 1 1, 0 0))" or "MULTIPOLYGON (((...)),
/// ((...)))", in letters of any case, also with the suffixes Z, M and ZM, whose further
/// coordinates are checked and left out. Whether rings cross is not looked at. Throws
/// Error(usage) that says what is wrong: another shape, brackets that do not match, a ring that
/// is not closed or too short, a coordinate that is not finite, a wrong number of them, an
/// empty shape, text behind the end. Source: OGC 06-103r4, "Simple feature access, part 1",
/// section 7.
[[nodiscard]] Area parse_area(std::string_view wkt);

/// The area as a MULTIPOLYGON in two dimensions, numbers with the fewest digits that read back
/// the same. `parse_area` is the inverse.
[[nodiscard]] std::string wkt(const Area& area);

/// The least box around the area; Z is not limited: [-infinity, infinity].
[[nodiscard]] Box bounds(const Area& area) noexcept;

}  // namespace hart::geometry
