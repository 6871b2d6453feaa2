#include "geometry/spatialite_blob.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/endian.h"
#include "core/error.h"

namespace hart::geometry {
namespace {

constexpr std::uint8_t kStart = 0x00;
constexpr std::uint8_t kLittleEndian = 0x01;
constexpr std::uint8_t kTinyLittleEndian = 0x81;
constexpr std::uint8_t kTinyZm = 0x04;
constexpr std::uint8_t kBoxEnd = 0x7C;
constexpr std::uint8_t kEntity = 0x69;
constexpr std::uint8_t kEnd = 0xFE;

constexpr std::size_t kSridAt = 2;
constexpr std::size_t kBoxAt = 6;
constexpr std::size_t kBoxEndAt = 38;
constexpr std::size_t kShapeAt = 39;
constexpr std::size_t kBodyAt = 43;
constexpr std::size_t kTinyTypeAt = 6;
constexpr std::size_t kTinyBytes = 40;
constexpr std::size_t kCountBytes = 4;
constexpr std::size_t kVertexBytes = 32;
constexpr std::size_t kEntityBytes = 5;

using Corners = std::array<double, 4>;

[[noreturn]] void refuse_blob(const std::string& why) {
  throw Error{Fault::data, "SpatiaLite geometry: " + why};
}

void check_vertices(Shape shape, std::span<const PointZM> vertices) {
  const std::size_t least = shape == Shape::linestring ? 2 : 1;
  if (vertices.size() < least) refuse_blob("too few vertices");
  if (vertices.size() > std::numeric_limits<std::int32_t>::max())
    refuse_blob("too many vertices");
  for (const PointZM& vertex : vertices)
    if (!std::isfinite(vertex.x) || !std::isfinite(vertex.y) || !std::isfinite(vertex.z) ||
        !std::isfinite(vertex.m))
      refuse_blob("a coordinate or measure is not finite");
}

Corners box_of(std::span<const PointZM> vertices) {
  Corners box{vertices[0].x, vertices[0].y, vertices[0].x, vertices[0].y};
  for (const PointZM& vertex : vertices) {
    box[0] = std::min(box[0], vertex.x);
    box[1] = std::min(box[1], vertex.y);
    box[2] = std::max(box[2], vertex.x);
    box[3] = std::max(box[3], vertex.y);
  }
  return box;
}

void append_vertex(ByteBuffer& out, const PointZM& vertex) {
  append_le(out, vertex.x);
  append_le(out, vertex.y);
  append_le(out, vertex.z);
  append_le(out, vertex.m);
}

PointZM load_vertex(const std::uint8_t* data) {
  return {load_le<double>(data), load_le<double>(data + 8), load_le<double>(data + 16),
          load_le<double>(data + 24)};
}

ByteBuffer encode(Shape shape, std::span<const PointZM> vertices, std::int32_t srid) {
  check_vertices(shape, vertices);
  ByteBuffer out;
  out.reserve(kBodyAt + kCountBytes + vertices.size() * (kVertexBytes + kEntityBytes) + 1);
  out.push_back(kStart);
  out.push_back(kLittleEndian);
  append_le(out, srid);
  for (const double bound : box_of(vertices)) append_le(out, bound);
  out.push_back(kBoxEnd);
  append_le(out, static_cast<std::uint32_t>(shape));
  if (shape != Shape::point) append_le(out, static_cast<std::int32_t>(vertices.size()));
  for (const PointZM& vertex : vertices) {
    if (shape == Shape::multipoint) {
      out.push_back(kEntity);
      append_le(out, static_cast<std::uint32_t>(Shape::point));
    }
    append_vertex(out, vertex);
  }
  out.push_back(kEnd);
  return out;
}

Shape load_shape(ByteView blob) {
  const auto type = load_le<std::uint32_t>(blob.data() + kShapeAt);
  const auto shape = static_cast<Shape>(type);
  if (shape != Shape::point && shape != Shape::linestring && shape != Shape::multipoint)
    refuse_blob("class type " + std::to_string(type) +
                " is none of POINT ZM, LINESTRING ZM, MULTIPOINT ZM");
  return shape;
}

/// The vertices between the class type and the end mark; `body` excludes both.
std::vector<PointZM> load_vertices(Shape shape, ByteView body) {
  const std::size_t stride =
      shape == Shape::multipoint ? kEntityBytes + kVertexBytes : kVertexBytes;
  std::uint64_t count = 1;
  if (shape != Shape::point) {
    if (body.size() < kCountBytes) refuse_blob("truncated before its number of vertices");
    count = load_le<std::uint32_t>(body.data());
    body = body.subspan(kCountBytes);
  }
  // A count below 2^32 times 37 cannot wrap.
  if (body.size() != count * stride)
    refuse_blob(std::to_string(count) + " vertices do not fill its " +
                std::to_string(body.size()) + " bytes");
  std::vector<PointZM> vertices;
  vertices.reserve(count);
  for (std::size_t at = 0; at < body.size(); at += stride) {
    const std::uint8_t* data = body.data() + at;
    if (shape == Shape::multipoint) {
      if (data[0] != kEntity || load_le<Shape>(data + 1) != Shape::point)
        refuse_blob("a member of a multipoint is not a POINT ZM");
      data += kEntityBytes;
    }
    vertices.push_back(load_vertex(data));
  }
  return vertices;
}

Geometry decode_tiny_point(ByteView blob) {
  if (blob[kTinyTypeAt] != kTinyZm) refuse_blob("a TinyPoint of another type than ZM");
  if (blob.back() != kEnd) refuse_blob("an end mark is missing");
  Geometry geometry;
  geometry.srid = load_le<std::int32_t>(blob.data() + kSridAt);
  geometry.vertices = {load_vertex(blob.data() + kTinyTypeAt + 1)};
  check_vertices(Shape::point, geometry.vertices);
  return geometry;
}

void append_number(std::string& out, double value) {
  const double magnitude = std::abs(value);
  // Plain digits while they stay short; 2^53 is about 9e15.
  const bool plain = magnitude == 0 || (magnitude >= 1e-5 && magnitude < 1e16);
  std::array<char, 64> text;
  const auto result =
      std::to_chars(text.data(), text.data() + text.size(), value,
                    plain ? std::chars_format::fixed : std::chars_format::general);
  out.append(text.data(), result.ptr);
}

void append_text(std::string& out, const PointZM& vertex) {
  for (const double value : {vertex.x, vertex.y, vertex.z}) {
    append_number(out, value);
    out += ' ';
  }
  append_number(out, vertex.m);
}

}  // namespace

ByteBuffer encode_point(const PointZM& point, std::int32_t srid) {
  return encode(Shape::point, {&point, 1}, srid);
}

ByteBuffer encode_tiny_point(const PointZM& point, std::int32_t srid) {
  check_vertices(Shape::point, {&point, 1});
  ByteBuffer out;
  out.reserve(kTinyBytes);
  out.push_back(kStart);
  out.push_back(kTinyLittleEndian);
  append_le(out, srid);
  out.push_back(kTinyZm);
  append_vertex(out, point);
  out.push_back(kEnd);
  return out;
}

ByteBuffer encode_linestring(std::span<const PointZM> vertices, std::int32_t srid) {
  return encode(Shape::linestring, vertices, srid);
}

ByteBuffer encode_multipoint(std::span<const PointZM> points, std::int32_t srid) {
  return encode(Shape::multipoint, points, srid);
}

Geometry decode_geometry(ByteView blob) {
  if (blob.size() == kTinyBytes && blob[0] == kStart && blob[1] == kTinyLittleEndian)
    return decode_tiny_point(blob);
  if (blob.size() < kBodyAt + 1) refuse_blob("only " + std::to_string(blob.size()) + " bytes");
  if (blob[0] != kStart || blob[kBoxEndAt] != kBoxEnd || blob.back() != kEnd)
    refuse_blob("a start, box or end mark is missing");
  if (blob[1] != kLittleEndian) refuse_blob("not in little-endian order");
  Geometry geometry;
  geometry.srid = load_le<std::int32_t>(blob.data() + kSridAt);
  geometry.shape = load_shape(blob);
  geometry.vertices =
      load_vertices(geometry.shape, blob.subspan(kBodyAt, blob.size() - kBodyAt - 1));
  check_vertices(geometry.shape, geometry.vertices);
  const Corners box = box_of(geometry.vertices);
  for (std::size_t i = 0; i < box.size(); ++i)
    if (load_le<double>(blob.data() + kBoxAt + i * 8) != box[i])
      refuse_blob("its bounding box is not that of its vertices");
  return geometry;
}

PointZM decode_point(ByteView blob) {
  const Geometry geometry = decode_geometry(blob);
  if (geometry.shape != Shape::point) refuse_blob("expected a POINT ZM");
  return geometry.vertices.front();
}

std::string wkt(const PointZM& point) {
  return wkt(Geometry{.vertices = {point}});
}

std::string wkt(const Geometry& geometry) {
  const bool nested = geometry.shape == Shape::multipoint;
  std::string out = geometry.shape == Shape::point        ? "POINT ZM ("
                    : geometry.shape == Shape::linestring ? "LINESTRING ZM ("
                                                          : "MULTIPOINT ZM (";
  for (std::size_t i = 0; i < geometry.vertices.size(); ++i) {
    if (i > 0) out += ", ";
    if (nested) out += '(';
    append_text(out, geometry.vertices[i]);
    if (nested) out += ')';
  }
  return out += ')';
}

}  // namespace hart::geometry
