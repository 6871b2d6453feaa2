#include "geometry/projection.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "core/checked.h"
#include "core/endian.h"
#include "core/error.h"
#include "geometry/landmarks.h"
#include "geometry/pca.h"

namespace hart::geometry {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic{'H', 'P', 'R', 'J'};
constexpr std::uint32_t kLinearVersion = 1;
constexpr std::uint32_t kTrilaterationVersion = 2;
constexpr std::size_t kHeaderBytes = 16;

std::size_t axis_count(std::size_t dim) {
  return std::min<std::size_t>(3, dim);
}

void check_dim(std::size_t dim) {
  if (dim == 0 || dim > std::numeric_limits<std::uint32_t>::max())
    throw Error{Fault::usage,
                "projection: no vectors of " + std::to_string(dim) + " dimensions"};
}

[[noreturn]] void refuse(const std::string& why) {
  throw Error{Fault::data, "projection: " + why};
}

[[noreturn]] void refuse_size(std::size_t dim, ByteView values) {
  refuse(std::to_string(dim) + " dimensions do not fit the " + std::to_string(values.size()) +
         " bytes of its values");
}

template <typename Value> Value read_finite(const std::uint8_t*& data) {
  const Value value = load_le<Value>(data);
  if (!std::isfinite(value)) refuse("a value is not finite");
  data += sizeof value;
  return value;
}

void append_row(std::vector<float>& out, std::span<const float> rows, std::size_t row,
                std::size_t dim) {
  const auto values = rows.subspan(row * dim, dim);
  out.insert(out.end(), values.begin(), values.end());
}

/// Euclidean distances, (n, n) row-major, of `rows`, (n, dim): of unit vectors the chords.
std::vector<double> distances_between(std::span<const float> rows, std::size_t n,
                                      std::size_t dim) {
  std::vector<double> distances(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      double squares = 0;
      for (std::size_t k = 0; k < dim; ++k) {
        const double difference = static_cast<double>(rows[i * dim + k]) - rows[j * dim + k];
        squares += difference * difference;
      }
      distances[i * n + j] = distances[j * n + i] = std::sqrt(squares);
    }
  return distances;
}

}  // namespace

Projection Projection::fit_pca(std::span<const float> rows, std::size_t n, std::size_t dim) {
  check_dim(dim);
  Projection projection{Kind::pca, dim};
  Pca pca = geometry::fit_pca(rows, n, dim, axis_count(dim));
  projection.mean_ = std::move(pca.mean);
  std::copy(pca.axes.begin(), pca.axes.end(), projection.axes_.begin());
  return projection;
}

Projection Projection::fit_landmarks(std::span<const float> rows, std::size_t n,
                                     std::size_t dim) {
  check_dim(dim);
  std::vector<float> landmarks;
  for (const std::size_t row : choose_landmarks(rows, n, dim, axis_count(dim)))
    append_row(landmarks, rows, row, dim);
  return from_landmarks(landmarks, dim);
}

Projection Projection::from_landmarks(std::span<const float> landmarks, std::size_t dim) {
  check_dim(dim);
  Projection projection{Kind::landmark, dim};
  const std::vector<double> axes = orthonormalise(landmarks, axis_count(dim), dim);
  std::copy(axes.begin(), axes.end(), projection.axes_.begin());
  return projection;
}

Projection Projection::fit_trilateration(std::span<const float> rows, std::size_t n,
                                         std::size_t dim, std::size_t count) {
  check_dim(dim);
  if (count < 4) throw Error{Fault::usage, "trilateration: needs 4 landmarks or more"};
  std::vector<float> landmarks;
  landmarks.reserve(count * dim);
  for (const std::size_t row : choose_landmarks(rows, n, dim, count))
    append_row(landmarks, rows, row, dim);
  auto positions = classical_scaling(distances_between(landmarks, count, dim), count);
  return from_positions(std::move(positions), std::move(landmarks), dim);
}

/// With weights W, landmarks l at positions p relative to their mean c, and d² = |v|² + |l|² −
/// 2 l · v, trilateration puts v at c + W (|p|² − |l|²) / 2 + W (l · v): |v|² is one value for
/// all landmarks, which W takes to zero.
Projection Projection::from_positions(std::vector<std::array<double, 3>> positions,
                                      std::vector<float> landmarks, std::size_t dim) {
  Projection projection{Kind::trilateration, dim};
  const std::vector<double> weights = trilateration_weights(positions);
  const std::size_t n = positions.size();
  std::array<double, 3> centroid{};
  for (const auto& position : positions)
    for (std::size_t axis = 0; axis < 3; ++axis)
      centroid[axis] += position[axis] / static_cast<double>(n);
  projection.offset_ = centroid;
  for (std::size_t i = 0; i < n; ++i) {
    double constant = 0;
    for (std::size_t axis = 0; axis < 3; ++axis)
      constant += std::pow(positions[i][axis] - centroid[axis], 2) / 2;
    const float* landmark = &landmarks[i * dim];
    for (std::size_t j = 0; j < dim; ++j)
      constant -= static_cast<double>(landmark[j]) * landmark[j] / 2;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double weight = weights[axis * n + i];
      projection.offset_[axis] += weight * constant;
      for (std::size_t j = 0; j < dim; ++j)
        projection.axes_[axis * dim + j] += weight * landmark[j];
    }
  }
  projection.positions_ = std::move(positions);
  projection.landmarks_ = std::move(landmarks);
  return projection;
}

std::size_t Projection::landmark_count() const noexcept {
  switch (kind_) {
    case Kind::pca:
      return 0;
    case Kind::landmark:
      return axis_count(dim_);
    case Kind::trilateration:
      return positions_.size();
  }
  return 0;
}

PointZM Projection::project(std::span<const float> vector) const {
  if (vector.size() != dim_)
    throw Error{Fault::usage, "projection: a vector of " + std::to_string(vector.size()) +
                                  " values, fitted on " + std::to_string(dim_)};
  PointZM point{offset_[0], offset_[1], offset_[2], 0};
  const double* axis_x = axes_.data();
  const double* axis_y = axis_x + dim_;
  const double* axis_z = axis_y + dim_;
  for (std::size_t i = 0; i < dim_; ++i) {
    const double value = vector[i] - mean_[i];
    point.x += axis_x[i] * value;
    point.y += axis_y[i] * value;
    point.z += axis_z[i] * value;
  }
  if (!std::isfinite(point.x) || !std::isfinite(point.y) || !std::isfinite(point.z))
    refuse("a value of the vector is not finite");
  return point;
}

ByteBuffer Projection::serialise() const {
  const bool linear = kind_ != Kind::trilateration;
  ByteBuffer out;
  append(out, kMagic);
  append_le(out, linear ? kLinearVersion : kTrilaterationVersion);
  append_le(out, static_cast<std::uint32_t>(kind_));
  append_le(out, static_cast<std::uint32_t>(dim_));
  if (linear) {
    for (const double value : mean_) append_le(out, value);
    for (const double value : axes_) append_le(out, value);
    return out;
  }
  append_le(out, static_cast<std::uint32_t>(positions_.size()));
  for (const auto& position : positions_)
    for (const double value : position) append_le(out, value);
  for (const float value : landmarks_) append_le(out, value);
  return out;
}

Projection Projection::parse(ByteView bytes) {
  if (bytes.size() < kHeaderBytes || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin()))
    refuse("does not begin with HPRJ");
  const auto version = load_le<std::uint32_t>(bytes.data() + 4);
  if (version != kLinearVersion && version != kTrilaterationVersion)
    refuse("unknown version " + std::to_string(version));
  const auto number = load_le<std::uint32_t>(bytes.data() + 8);
  const auto kind = static_cast<Kind>(number);
  const std::size_t dim = load_le<std::uint32_t>(bytes.data() + 12);
  const ByteView values = bytes.subspan(kHeaderBytes);
  if (version == kLinearVersion && (kind == Kind::pca || kind == Kind::landmark))
    return parse_linear(kind, dim, values);
  if (version == kTrilaterationVersion && kind == Kind::trilateration)
    return parse_trilateration(dim, values);
  refuse("unknown kind " + std::to_string(number));
}

Projection Projection::parse_linear(Kind kind, std::size_t dim, ByteView values) {
  // A 32-bit number times 32 cannot wrap.
  if (dim == 0 || values.size() != 4 * sizeof(double) * dim) refuse_size(dim, values);
  Projection projection{kind, dim};
  const std::uint8_t* data = values.data();
  for (double& value : projection.mean_) value = read_finite<double>(data);
  for (double& value : projection.axes_) value = read_finite<double>(data);
  return projection;
}

Projection Projection::parse_trilateration(std::size_t dim, ByteView values) {
  if (dim == 0 || values.size() < sizeof(std::uint32_t)) refuse_size(dim, values);
  const std::size_t n = load_le<std::uint32_t>(values.data());
  // Two 32-bit numbers: only the last product can wrap.
  const std::uint64_t landmark_bytes = 3 * sizeof(double) + sizeof(float) * dim;
  const std::uint64_t expected = checked_multiply(n, landmark_bytes, "landmarks");
  if (n < 4 || values.size() - sizeof(std::uint32_t) != expected) refuse_size(dim, values);
  const std::uint8_t* data = values.data() + sizeof(std::uint32_t);
  std::vector<std::array<double, 3>> positions(n);
  for (auto& position : positions)
    for (double& value : position) value = read_finite<double>(data);
  std::vector<float> landmarks(n * dim);
  for (float& value : landmarks) value = read_finite<float>(data);
  Projection projection = from_positions(std::move(positions), std::move(landmarks), dim);
  // Huge values overflow on the way.
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(projection.axes_.begin(), projection.axes_.end(), finite) ||
      !std::all_of(projection.offset_.begin(), projection.offset_.end(), finite))
    refuse("its values are too large");
  return projection;
}

}  // namespace hart::geometry
