#include "geometry/pca.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"

namespace hart::geometry {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMajorFloats =
    Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

/// Rows centred at a time: bounds the copy in float64.
constexpr Eigen::Index kRowsAtOnce = 512;

Matrix covariance(const RowMajorFloats& rows, const Eigen::RowVectorXd& mean) {
  Matrix sum = Matrix::Zero(rows.cols(), rows.cols());
  for (Eigen::Index at = 0; at < rows.rows(); at += kRowsAtOnce) {
    const Eigen::Index count = std::min(kRowsAtOnce, rows.rows() - at);
    const Matrix centred = rows.middleRows(at, count).cast<double>().rowwise() - mean;
    sum.selfadjointView<Eigen::Lower>().rankUpdate(centred.transpose());
  }
  return sum / static_cast<double>(rows.rows() - 1);
}

void fix_sign(Eigen::VectorXd& axis) {
  const auto largest = std::max_element(
      axis.begin(), axis.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (*largest < 0) axis = -axis;
}

void check_input(std::span<const float> rows, std::size_t n, std::size_t dim, std::size_t k) {
  if (n < 2 || k < 1 || k > dim || rows.size() / dim != n || rows.size() % dim != 0)
    throw Error{Fault::usage, "PCA: " + std::to_string(k) + " components of " +
                                  std::to_string(n) + " rows of " + std::to_string(dim) +
                                  " values are not defined"};
  if (!std::all_of(rows.begin(), rows.end(), [](float value) { return std::isfinite(value); }))
    throw Error{Fault::data, "PCA: a value is not finite"};
}

}  // namespace

std::vector<double> Pca::project(std::span<const float> vector) const {
  if (vector.size() != dim)
    throw Error{Fault::usage, "PCA: a vector of " + std::to_string(vector.size()) +
                                  " values, fitted on " + std::to_string(dim)};
  std::vector<double> coordinates(k);
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < dim; ++j)
      coordinates[i] += axes[i * dim + j] * (vector[j] - mean[j]);
  return coordinates;
}

double Pca::explained() const noexcept {
  if (!(total_variance > 0)) return 1;
  double held = 0;
  for (const double part : variance) held += part;
  return std::min(1.0, held / total_variance);
}

Pca fit_pca(std::span<const float> rows, std::size_t n, std::size_t dim, std::size_t k) {
  check_input(rows, n, dim, k);
  const RowMajorFloats matrix{rows.data(), static_cast<Eigen::Index>(n),
                              static_cast<Eigen::Index>(dim)};
  const Eigen::RowVectorXd mean = matrix.cast<double>().colwise().mean();
  const Matrix spread = covariance(matrix, mean);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver{spread};
  if (solver.info() != Eigen::Success)
    throw Error{Fault::internal, "PCA: the eigenvalues do not converge"};

  Pca pca{.dim = dim, .k = k, .mean{mean.data(), mean.data() + dim}, .axes{}, .variance{}};
  pca.total_variance = spread.trace();
  for (std::size_t i = 0; i < k; ++i) {
    // Eigen sorts its eigenvalues ascending.
    const auto column = static_cast<Eigen::Index>(dim - 1 - i);
    Eigen::VectorXd axis = solver.eigenvectors().col(column);
    fix_sign(axis);
    pca.axes.insert(pca.axes.end(), axis.data(), axis.data() + dim);
    // Rounding can leave a zero eigenvalue slightly negative.
    pca.variance.push_back(std::max(0.0, solver.eigenvalues()[column]));
  }
  return pca;
}

}  // namespace hart::geometry
