#include "geometry/landmarks.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"

namespace hart::geometry {
namespace {

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kUnitTolerance = 0.01;

/// Relative size of a pivot below which the landmarks of a trilateration count as coplanar.
constexpr double kPlaneTolerance = 1e-9;

void check_shape(std::span<const float> rows, std::size_t n, std::size_t dim,
                 const char* what) {
  if (n == 0 || dim == 0 || rows.size() / dim != n || rows.size() % dim != 0)
    throw Error{Fault::usage, std::string{what} + ": " + std::to_string(rows.size()) +
                                  " values are not " + std::to_string(n) + " rows of " +
                                  std::to_string(dim)};
}

double dot(const float* a, const float* b, std::size_t dim) noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < dim; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

void check_unit_length(std::span<const float> rows, std::size_t dim) {
  for (std::size_t at = 0; at < rows.size(); at += dim) {
    const double length = std::sqrt(dot(&rows[at], &rows[at], dim));
    // Written so that a length that is not a number is refused too.
    if (!(std::abs(length - 1) <= kUnitTolerance))
      throw Error{Fault::data, "landmarks: row " + std::to_string(at / dim) +
                                   " is not a unit vector: length " + std::to_string(length)};
  }
}

std::size_t farthest_from_mean(std::span<const float> rows, std::size_t n, std::size_t dim) {
  std::vector<double> mean(dim);
  for (std::size_t i = 0; i < rows.size(); ++i)
    mean[i % dim] += rows[i] / static_cast<double>(n);
  std::size_t best = 0;
  double best_distance = -1;
  for (std::size_t row = 0; row < n; ++row) {
    double distance = 0;
    for (std::size_t j = 0; j < dim; ++j) {
      const double difference = rows[row * dim + j] - mean[j];
      distance += difference * difference;
    }
    if (distance > best_distance) {
      best = row;
      best_distance = distance;
    }
  }
  return best;
}

/// `landmarks` in float64, each row scaled to length 1.
Rows unit_rows(std::span<const float> landmarks, std::size_t k, std::size_t dim) {
  check_shape(landmarks, k, dim, "landmarks");
  Rows rows(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(dim));
  std::copy(landmarks.begin(), landmarks.end(), rows.data());
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    const double length = rows.row(i).norm();
    if (!std::isfinite(length) || length == 0)
      throw Error{Fault::data,
                  "landmarks: row " + std::to_string(i) + " is zero or not finite"};
    rows.row(i) /= length;
  }
  return rows;
}

}  // namespace

std::vector<std::size_t> choose_landmarks(std::span<const float> rows, std::size_t n,
                                          std::size_t dim, std::size_t count) {
  check_shape(rows, n, dim, "landmarks");
  if (count < 1 || count > n)
    throw Error{Fault::usage, "landmarks: cannot choose " + std::to_string(count) + " of " +
                                  std::to_string(n) + " rows"};
  check_unit_length(rows, dim);
  std::vector<std::size_t> chosen{farthest_from_mean(rows, n, dim)};
  std::vector<double> greatest_cosine(n, 0.0);
  while (chosen.size() < count) {
    const std::size_t latest = chosen.back();
    greatest_cosine[latest] = std::numeric_limits<double>::infinity();
    for (std::size_t row = 0; row < n; ++row)
      greatest_cosine[row] = std::max(
          greatest_cosine[row], std::abs(dot(&rows[row * dim], &rows[latest * dim], dim)));
    const auto least = std::min_element(greatest_cosine.begin(), greatest_cosine.end());
    chosen.push_back(static_cast<std::size_t>(least - greatest_cosine.begin()));
  }
  return chosen;
}

double gram_determinant(std::span<const float> landmarks, std::size_t k, std::size_t dim) {
  const Rows rows = unit_rows(landmarks, k, dim);
  const Eigen::MatrixXd gram = rows * rows.transpose();
  return std::clamp(gram.determinant(), 0.0, 1.0);
}

std::vector<double> orthonormalise(std::span<const float> landmarks, std::size_t k,
                                   std::size_t dim) {
  const double determinant = gram_determinant(landmarks, k, dim);
  if (determinant < kMinGramDeterminant)
    throw Error{Fault::data, "landmarks: near to dependent, Gram determinant " +
                                 std::to_string(determinant) + " is below " +
                                 std::to_string(kMinGramDeterminant)};
  Rows axes = unit_rows(landmarks, k, dim);
  for (Eigen::Index i = 0; i < axes.rows(); ++i) {
    for (int pass = 0; pass < 2; ++pass)
      for (Eigen::Index j = 0; j < i; ++j)
        axes.row(i) -= axes.row(i).dot(axes.row(j)) * axes.row(j);
    axes.row(i).normalize();
  }
  return {axes.data(), axes.data() + axes.size()};
}

double chord_distance(double cosine) noexcept {
  return std::sqrt(2 - 2 * std::clamp(cosine, -1.0, 1.0));
}

std::array<double, 3> trilaterate(std::span<const std::array<double, 3>> positions,
                                  std::span<const double> distances) {
  const auto n = static_cast<Eigen::Index>(positions.size());
  if (n < 4 || distances.size() != positions.size())
    throw Error{Fault::usage,
                "trilateration: needs 4 landmarks or more and a distance to each"};
  Eigen::MatrixX3d points(n, 3);
  Eigen::VectorXd squares(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    points.row(i) = Eigen::RowVector3d{positions[i].data()};
    if (!points.row(i).allFinite() || !std::isfinite(distances[i]) || distances[i] < 0)
      throw Error{Fault::data, "trilateration: landmark " + std::to_string(i) +
                                   " has a position or distance that is not one"};
    squares[i] = distances[i] * distances[i];
  }
  // With p and x relative to the centroid, 2 p · x = |p|² − d² + |x|². The unknown |x|² is the
  // same in every row and centred columns are orthogonal to a constant, so least squares leaves
  // it out.
  const Eigen::RowVector3d centroid = points.colwise().mean();
  points.rowwise() -= centroid;
  const Eigen::VectorXd right = points.rowwise().squaredNorm() - squares;
  Eigen::ColPivHouseholderQR<Eigen::MatrixX3d> solver;
  solver.setThreshold(kPlaneTolerance);
  solver.compute(points);
  if (solver.rank() < 3)
    throw Error{Fault::data, "trilateration: the landmarks lie in a plane"};
  const Eigen::Vector3d solution = solver.solve(right / 2) + centroid.transpose();
  return {solution[0], solution[1], solution[2]};
}

}  // namespace hart::geometry
