#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "geometry/point.h"

namespace hart::geometry {

/// The spatial reference of every geometry in the store: none of the earth's.
/// Source: spatial_ref_sys of SpatiaLite 5.0.1, where −1 is "Undefined - Cartesian" and 0,
/// which MakePointZM takes when given none, is "Undefined - Geographic Long/Lat".
inline constexpr std::int32_t kSridCartesian = -1;

/// The shapes the store keeps. The value is SpatiaLite's class type.
enum class Shape : std::uint32_t {
  point = 3001,
  linestring = 3002,  ///< two vertices or more
  multipoint = 3004,  ///< one point or more
};

/// A decoded geometry; a point has exactly one vertex.
struct Geometry {
  Shape shape = Shape::point;
  std::int32_t srid = kSridCartesian;
  std::vector<PointZM> vertices;

  bool operator==(const Geometry&) const = default;
};

/// SpatiaLite's internal BLOB geometry of a POINT ZM, 76 bytes. Throws Error(data) when a
/// coordinate or the measure is not finite; so do the other encoders. Source: SpatiaLite,
/// "BLOB-Geometry internal format"; little-endian: 0x00, 0x01, SRID i32, bounding box (min x,
/// min y, max x, max y) f64, 0x7C, class type i32, vertices of four f64, 0xFE. A linestring has
/// a count i32 before its vertices; a multipoint has it too, and before each vertex 0x69 and
/// the class type of a point.
[[nodiscard]] ByteBuffer encode_point(const PointZM& point, std::int32_t srid = kSridCartesian);

/// The same point in SpatiaLite's TinyPoint form, 40 bytes: what the store keeps, since a point
/// is its own bounding box. SpatiaLite 5 reads both forms alike. Little-endian: 0x00, 0x81,
/// SRID i32, 0x04 (ZM), four f64, 0xFE. Source: SpatiaLite's `TinyPointEncode`.
[[nodiscard]] ByteBuffer encode_tiny_point(const PointZM& point,
                                           std::int32_t srid = kSridCartesian);

/// LINESTRING ZM of n ≥ 2 vertices, 48 + 32 n bytes. Throws Error(data) on fewer: SpatiaLite
/// takes no shorter one.
[[nodiscard]] ByteBuffer encode_linestring(std::span<const PointZM> vertices,
                                           std::int32_t srid = kSridCartesian);

/// MULTIPOINT ZM of n ≥ 1 points, 48 + 37 n bytes. Throws Error(data) on an empty one.
[[nodiscard]] ByteBuffer encode_multipoint(std::span<const PointZM> points,
                                           std::int32_t srid = kSridCartesian);

/// The inverse of the encoders. Throws Error(data) on anything they would not write:
/// another shape, big-endian order, sizes or a bounding box that do not fit the vertices,
/// trailing bytes, values that are not finite.
[[nodiscard]] Geometry decode_geometry(ByteView blob);

/// `decode_geometry` for a column of points. Throws Error(data) on any other shape as well.
[[nodiscard]] PointZM decode_point(ByteView blob);

/// Well-known text, numbers with the fewest digits that read back the same:
/// "POINT ZM (1 2 3 4)", "LINESTRING ZM (0 0 0 0, 1 2 3 4)", "MULTIPOINT ZM ((1 2 3 4), (5 6 7
/// 8))".
[[nodiscard]] std::string wkt(const Geometry& geometry);
[[nodiscard]] std::string wkt(const PointZM& point);

}  // namespace hart::geometry
