// Any bytes: a SpatiaLite BLOB or a stored projection is refused with Fault::data, or what was
// decoded encodes to the same bytes.

#include <algorithm>

#include "core/error.h"
#include "fuzz_check.h"
#include "geometry/projection.h"
#include "geometry/spatialite_blob.h"

namespace {

using hart::geometry::Geometry;
using hart::geometry::Shape;

hart::ByteBuffer encode(const Geometry& geometry) {
  switch (geometry.shape) {
    case Shape::point:
      return hart::geometry::encode_point(geometry.vertices.front(), geometry.srid);
    case Shape::linestring:
      return hart::geometry::encode_linestring(geometry.vertices, geometry.srid);
    case Shape::multipoint:
      return hart::geometry::encode_multipoint(geometry.vertices, geometry.srid);
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hart::ByteView bytes{data, size};
  try {
    const Geometry geometry = hart::geometry::decode_geometry(bytes);
    HART_FUZZ_CHECK(hart::geometry::decode_geometry(encode(geometry)) == geometry);
    HART_FUZZ_CHECK(!hart::geometry::wkt(geometry).empty());
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
  try {
    const auto projection = hart::geometry::Projection::parse(bytes);
    HART_FUZZ_CHECK(std::ranges::equal(projection.serialise(), bytes));
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
  return 0;
}
