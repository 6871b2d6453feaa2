#include "geometry/projection.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "core/endian.h"
#include "core/error.h"
#include "geometry/landmarks.h"
#include "geometry/pca.h"

namespace hart::geometry {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic{'H', 'P', 'R', 'J'};
constexpr std::uint32_t kVersion = 1;
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
  for (const std::size_t row : choose_landmarks(rows, n, dim, axis_count(dim))) {
    const auto landmark = rows.subspan(row * dim, dim);
    landmarks.insert(landmarks.end(), landmark.begin(), landmark.end());
  }
  return from_landmarks(landmarks, dim);
}

Projection Projection::from_landmarks(std::span<const float> landmarks, std::size_t dim) {
  check_dim(dim);
  Projection projection{Kind::landmark, dim};
  const std::vector<double> axes = orthonormalise(landmarks, axis_count(dim), dim);
  std::copy(axes.begin(), axes.end(), projection.axes_.begin());
  return projection;
}

PointZM Projection::project(std::span<const float> vector) const {
  if (vector.size() != dim_)
    throw Error{Fault::usage, "projection: a vector of " + std::to_string(vector.size()) +
                                  " values, fitted on " + std::to_string(dim_)};
  PointZM point;
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
  ByteBuffer out;
  out.reserve(kHeaderBytes + 4 * dim_ * sizeof(double));
  append(out, kMagic);
  append_le(out, kVersion);
  append_le(out, static_cast<std::uint32_t>(kind_));
  append_le(out, static_cast<std::uint32_t>(dim_));
  for (const double value : mean_) append_le(out, value);
  for (const double value : axes_) append_le(out, value);
  return out;
}

Projection Projection::parse(ByteView bytes) {
  if (bytes.size() < kHeaderBytes || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin()))
    refuse("does not begin with HPRJ");
  const auto version = load_le<std::uint32_t>(bytes.data() + 4);
  if (version != kVersion) refuse("unknown version " + std::to_string(version));
  const auto kind = load_le<std::uint32_t>(bytes.data() + 8);
  if (kind != static_cast<std::uint32_t>(Kind::pca) &&
      kind != static_cast<std::uint32_t>(Kind::landmark))
    refuse("unknown kind " + std::to_string(kind));
  const std::size_t dim = load_le<std::uint32_t>(bytes.data() + 12);
  // A 32-bit number times 32 cannot wrap.
  if (dim == 0 || bytes.size() - kHeaderBytes != 4 * sizeof(double) * dim)
    refuse(std::to_string(dim) + " dimensions do not fit its " + std::to_string(bytes.size()) +
           " bytes");
  Projection projection{static_cast<Kind>(kind), dim};
  const std::uint8_t* data = bytes.data() + kHeaderBytes;
  for (std::vector<double>* values : {&projection.mean_, &projection.axes_})
    for (double& value : *values) {
      value = load_le<double>(data);
      if (!std::isfinite(value)) refuse("a value is not finite");
      data += sizeof value;
    }
  return projection;
}

}  // namespace hart::geometry
