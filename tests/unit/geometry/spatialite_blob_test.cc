#include "geometry/spatialite_blob.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/endian.h"
#include "core/error.h"

namespace hart::geometry {
namespace {

// Made by SpatiaLite 5.0.1 itself, in the sqlite3 shell after `.load mod_spatialite`:
//   SELECT hex(ST_GeomFromText('POINT ZM (1 2 3 4)', -1));
// and so on, with the text and SRID that stand beside each.
struct Fixture {
  Geometry geometry;
  const char* text;
  const char* hex;
};

const std::vector<Fixture>& fixtures() {
  static const std::vector<Fixture> list{
      {{Shape::point, -1, {{1, 2, 3, 4}}},
       "POINT ZM (1 2 3 4)",
       "0001FFFFFFFF000000000000F03F0000000000000040000000000000F03F00000000000000407CB90B00"
       "00000000000000F03F000000000000004000000000000008400000000000001040FE"},
      {{Shape::point, 0, {{-0.5, 1e300, 0.1, -7}}},
       "POINT ZM (-0.5 1e+300 0.1 -7)",
       "000100000000000000000000E0BF9C7500883CE4377E000000000000E0BF9C7500883CE4377E7CB90B00"
       "00000000000000E0BF9C7500883CE4377E9A9999999999B93F0000000000001CC0FE"},
      {{Shape::linestring, -1, {{0, 0, 0, 0}, {1.5, -2, 3, 4}, {-3, 8, 1, 0.25}}},
       "LINESTRING ZM (0 0 0 0, 1.5 -2 3 4, -3 8 1 0.25)",
       "0001FFFFFFFF00000000000008C000000000000000C0000000000000F83F00000000000020407CBA0B00"
       "000300000000000000000000000000000000000000000000000000000000000000000000000000000000"
       "00F83F00000000000000C00000000000000840000000000000104000000000000008C000000000000020"
       "40000000000000F03F000000000000D03FFE"},
      {{Shape::multipoint, -1, {{1, 2, 3, 4}, {5, 6, 7, 8}}},
       "MULTIPOINT ZM ((1 2 3 4), (5 6 7 8))",
       "0001FFFFFFFF000000000000F03F0000000000000040000000000000144000000000000018407CBC0B00"
       "000200000069B90B0000000000000000F03F000000000000004000000000000008400000000000001040"
       "69B90B0000000000000000144000000000000018400000000000001C400000000000002040FE"},
  };
  return list;
}

ByteBuffer encode(const Geometry& geometry) {
  switch (geometry.shape) {
    case Shape::point:
      return encode_point(geometry.vertices.at(0), geometry.srid);
    case Shape::linestring:
      return encode_linestring(geometry.vertices, geometry.srid);
    case Shape::multipoint:
      return encode_multipoint(geometry.vertices, geometry.srid);
  }
  return {};
}

bool refused(ByteView blob) {
  try {
    (void)decode_geometry(blob);
  } catch (const Error& error) {
    return error.fault() == Fault::data;
  }
  return false;
}

TEST_CASE("SpatiaLite BLOB: the encoders write the bytes that SpatiaLite writes") {
  for (const Fixture& fixture : fixtures()) {
    CAPTURE(std::string{fixture.text});
    CHECK(encode(fixture.geometry) == from_hex(fixture.hex));
  }
}

TEST_CASE("SpatiaLite BLOB: the decoder reads them back, and as text") {
  for (const Fixture& fixture : fixtures()) {
    CHECK(decode_geometry(from_hex(fixture.hex)) == fixture.geometry);
    CHECK(wkt(fixture.geometry) == fixture.text);
  }
  CHECK(decode_point(from_hex(fixtures()[0].hex)) == PointZM{1, 2, 3, 4});
}

TEST_CASE("SpatiaLite BLOB: sizes are 76 for a point, 48 + 32 n and 48 + 37 n") {
  const std::vector<PointZM> vertices(10);
  CHECK(encode_point({}).size() == 76);
  CHECK(encode_linestring(vertices).size() == 48 + 320);
  CHECK(encode_multipoint(vertices).size() == 48 + 370);
}

TEST_CASE("SpatiaLite BLOB: every truncation and every surplus byte is refused") {
  for (const Fixture& fixture : fixtures()) {
    ByteBuffer blob = from_hex(fixture.hex);
    for (std::size_t size = 0; size < blob.size(); ++size) {
      CHECK(refused(ByteView{blob}.first(size)));
      // The end mark in its place does not save it.
      ByteBuffer shorter(blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(size));
      shorter.push_back(0xFE);
      if (size + 1 < blob.size()) CHECK(refused(shorter));
    }
    blob.push_back(0xFE);
    CHECK(refused(blob));
  }
}

TEST_CASE("SpatiaLite BLOB: a wrong mark, byte order, shape, count or box is refused") {
  const ByteBuffer good = from_hex(fixtures()[3].hex);
  REQUIRE_FALSE(refused(good));
  // Start, byte order, two bytes of the box, its end, class type, count, entity mark and type,
  // end.
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{1}, std::size_t{12}, std::size_t{37}, std::size_t{38},
        std::size_t{39}, std::size_t{43}, std::size_t{46}, std::size_t{47}, std::size_t{48},
        good.size() - 1}) {
    CAPTURE(at);
    ByteBuffer bad = good;
    bad[at] ^= 0x01;
    CHECK(refused(bad));
  }
}

TEST_CASE(
    "SpatiaLite BLOB: a count that would ask for gigabytes is refused by the size it has") {
  ByteBuffer blob = from_hex(fixtures()[2].hex);
  store_le<std::uint32_t>(blob.data() + 43, 0xffffffff);
  CHECK(refused(blob));
}

TEST_CASE("SpatiaLite BLOB: two-dimensional geometry and an empty linestring are refused") {
  CHECK(refused(
      from_hex("000100000000000000000000F03F0000000000000040000000000000F03F000000000000"
               "00407C01000000000000000000F03F0000000000000040FE")));
  ByteBuffer blob = encode_linestring(std::vector<PointZM>(2));
  blob.resize(47);
  store_le<std::uint32_t>(blob.data() + 43, 0);
  blob.push_back(0xFE);
  CHECK(refused(blob));
}

TEST_CASE("SpatiaLite BLOB: values that are not finite are neither written nor read") {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_AS((void)encode_point({bad, 0, 0, 0}), Error);
    CHECK_THROWS_AS((void)encode_point({0, 0, 0, bad}), Error);
    ByteBuffer blob = encode_point({});
    store_le(blob.data() + 43 + 16, bad);
    CHECK(refused(blob));
  }
}

TEST_CASE("SpatiaLite BLOB: too few vertices are refused, and a linestring is no point") {
  const std::vector<PointZM> one(1);
  CHECK_THROWS_AS((void)encode_linestring(one), Error);
  CHECK_THROWS_AS((void)encode_multipoint({}), Error);
  CHECK_NOTHROW((void)encode_multipoint(one));
  CHECK_THROWS_AS((void)decode_point(from_hex(fixtures()[2].hex)), Error);
}

TEST_CASE("wkt: numbers read back the same and stay plain while they are short") {
  CHECK(wkt(PointZM{100'000, 0.1 + 0.2, -0.0, 1e-7}) ==
        "POINT ZM (100000 0.30000000000000004 -0 1e-07)");
  CHECK(wkt(PointZM{1e15, 1e16, 0.00001, 123456.789}) ==
        "POINT ZM (1000000000000000 1e+16 0.00001 123456.789)");
}

}  // namespace
TEST_CASE("spatialite blob: a TinyPoint is what TinyPointEncode of SpatiaLite 5.0.1 makes") {
  // SELECT hex(TinyPointEncode(MakePointZM(1, 2, 3, 4, -1)));
  const ByteBuffer expected = from_hex(
      "0081FFFFFFFF04000000000000F03F000000000000004000000000000008400000000000001040FE");
  CHECK(encode_tiny_point({1, 2, 3, 4}) == expected);
  CHECK(decode_point(expected) == PointZM{1, 2, 3, 4});
  for (std::size_t size = 0; size < expected.size(); ++size)
    CHECK_THROWS_AS((void)decode_geometry(ByteView{expected}.first(size)), Error);
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{1}, std::size_t{6}, std::size_t{39}}) {
    ByteBuffer damaged = expected;
    damaged[at] ^= 0x10;
    CAPTURE(at);
    CHECK_THROWS_AS((void)decode_geometry(damaged), Error);
  }
  CHECK_THROWS_AS((void)encode_tiny_point({std::nan(""), 0, 0, 0}), Error);
}

}  // namespace hart::geometry
