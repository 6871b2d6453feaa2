#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hart::index {

struct KmeansOptions {
  std::size_t cells = 16;
  bool spherical = false;  ///< centroids of length 1, for vectors of length 1
  std::size_t rounds = 8;
  std::uint64_t seed = 1;
  unsigned threads = 1;
};

/// Centroids, (cells, dim) row-major, of `rows`, (n, dim) row-major with n ≥ cells ≥ 1: Lloyd's
/// rounds from a seeded choice of rows; a cell that becomes empty takes the row that fits its
/// own cell worst. The result does not depend on the threads. Source: S. Lloyd, "Least squares
/// quantization in PCM", IEEE Trans. Inf. Theory 28, 1982; spherical: I. Dhillon and D. Modha,
/// Machine Learning 42, 2001.
[[nodiscard]] std::vector<float> kmeans(std::span<const float> rows, std::size_t n,
                                        std::size_t dim, const KmeansOptions& options);

/// A set of centroids to which rows are assigned.
class Assigner {
 public:
  /// `centroids`, (cells, dim) row-major, must outlive it.
  Assigner(std::span<const float> centroids, std::size_t dim);

  /// The nearest cell of each of `n` rows into `cells` (n), and how near into `scores` (n):
  /// row · centroid − ½‖centroid‖², more is nearer. Where `second` is not null, another cell
  /// for each row goes there: the near one whose residual is most unlike the first's, so that a
  /// query that misses the row in one cell is likely to meet it in the other. The lower cell
  /// wins a tie. Source of the second: P. Sun et al., "SOAR: improved indexing for approximate
  /// nearest neighbor search", NeurIPS 2023.
  void assign(const float* rows, std::size_t n, unsigned threads, std::uint32_t* cells,
              float* scores, std::uint32_t* second) const;

  [[nodiscard]] std::size_t cells() const noexcept { return half_squares_.size(); }

 private:
  void assign_part(const float* rows, std::size_t n, std::uint32_t* cells, float* scores,
                   std::uint32_t* second) const;
  [[nodiscard]] std::uint32_t second_cell(const float* row, std::span<const float> scores,
                                          std::uint32_t first) const;

  std::span<const float> centroids_;
  std::size_t dim_;
  std::vector<float> half_squares_;
};

}  // namespace hart::index
