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

void check_landmark_count(std::size_t n) {
  if (n < 4)
    throw Error{Fault::usage,
                "trilateration: needs 4 landmarks or more and a distance to each"};
}

struct Centred {
  Eigen::MatrixX3d points;  ///< relative to …
  Eigen::RowVector3d centroid;
};

Centred centred(std::span<const std::array<double, 3>> positions) {
  Eigen::MatrixX3d points(static_cast<Eigen::Index>(positions.size()), 3);
  for (Eigen::Index i = 0; i < points.rows(); ++i) {
    points.row(i) = Eigen::RowVector3d{positions[static_cast<std::size_t>(i)].data()};
    if (!points.row(i).allFinite())
      throw Error{Fault::data, "trilateration: landmark " + std::to_string(i) +
                                   " has a position that is not finite"};
  }
  const Eigen::RowVector3d centroid = points.colwise().mean();
  points.rowwise() -= centroid;
  return {std::move(points), centroid};
}

Eigen::ColPivHouseholderQR<Eigen::MatrixX3d> least_squares(const Eigen::MatrixX3d& points) {
  Eigen::ColPivHouseholderQR<Eigen::MatrixX3d> solver;
  solver.setThreshold(kPlaneTolerance);
  solver.compute(points);
  if (solver.rank() < 3)
    throw Error{Fault::data, "trilateration: the landmarks lie in a plane"};
  return solver;
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
  check_landmark_count(positions.size() == distances.size() ? positions.size() : 0);
  auto [points, centroid] = centred(positions);
  Eigen::VectorXd squares(points.rows());
  for (Eigen::Index i = 0; i < squares.size(); ++i) {
    if (!std::isfinite(distances[i]) || distances[i] < 0)
      throw Error{Fault::data, "trilateration: the distance to landmark " + std::to_string(i) +
                                   " is not one"};
    squares[i] = distances[i] * distances[i];
  }
  // With p and x relative to the centroid, 2 p · x = |p|² − d² + |x|². The unknown |x|² is the
  // same in every row and centred columns are orthogonal to a constant, so least squares leaves
  // it out.
  const Eigen::VectorXd right = points.rowwise().squaredNorm() - squares;
  const Eigen::Vector3d solution =
      least_squares(points).solve(right / 2) + centroid.transpose();
  return {solution[0], solution[1], solution[2]};
}

std::vector<double> trilateration_weights(std::span<const std::array<double, 3>> positions) {
  check_landmark_count(positions.size());
  const auto [points, centroid] = centred(positions);
  const auto solver = least_squares(points);
  // The pseudo-inverse from the first three columns of Q: n numbers an axis, never n × n.
  const Eigen::MatrixXd q =
      solver.householderQ() * Eigen::MatrixXd::Identity(points.rows(), points.cols());
  const Eigen::Matrix3d r = solver.matrixR().topRows<3>();
  const Eigen::MatrixXd solved = r.triangularView<Eigen::Upper>().solve(q.transpose());
  const Rows weights = solver.colsPermutation() * solved;
  return {weights.data(), weights.data() + weights.size()};
}

std::vector<std::array<double, 3>> classical_scaling(std::span<const double> distances,
                                                     std::size_t n) {
  if (n < 4 || distances.size() / n != n || distances.size() % n != 0)
    throw Error{Fault::usage, "scaling: needs the distances between 4 landmarks or more"};
  const auto count = static_cast<Eigen::Index>(n);
  const Eigen::Map<const Rows> given{distances.data(), count, count};
  if (!given.allFinite()) throw Error{Fault::data, "scaling: a distance is not finite"};
  // Squared distances with the means of rows and columns taken off are the inner products of
  // centred points, times -2.
  Eigen::MatrixXd inner = given.array().square();
  const Eigen::RowVectorXd column_means = inner.colwise().mean();
  inner.rowwise() -= column_means;
  const Eigen::VectorXd row_means = inner.rowwise().mean();
  inner.colwise() -= row_means;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver{-inner / 2};
  if (solver.info() != Eigen::Success)
    throw Error{Fault::internal, "scaling: the eigenvalues do not converge"};
  // Eigen sorts its eigenvalues ascending.
  const Eigen::Array3d values = solver.eigenvalues().tail<3>().reverse();
  const double volume = (values / values[0]).prod();
  if (!(values[0] > 0) || !(values[2] > 0) || volume < kMinGramDeterminant)
    throw Error{Fault::data, "scaling: the landmarks are near to a plane"};
  std::vector<std::array<double, 3>> positions(n);
  for (Eigen::Index axis = 0; axis < 3; ++axis) {
    Eigen::VectorXd coordinates =
        solver.eigenvectors().col(count - 1 - axis) * std::sqrt(values[axis]);
    Eigen::Index largest = 0;
    coordinates.cwiseAbs().maxCoeff(&largest);
    if (coordinates[largest] < 0) coordinates = -coordinates;
    for (std::size_t i = 0; i < n; ++i)
      positions[i][static_cast<std::size_t>(axis)] = coordinates[static_cast<Eigen::Index>(i)];
  }
  return positions;
}

}  // namespace hart::geometry
