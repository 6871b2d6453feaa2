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
  bool coded = false;  ///< rows are assigned by a CodeAssigner
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

/// ½‖row‖² of each row, (rows, dim) row-major.
[[nodiscard]] std::vector<float> half_squares(std::span<const float> rows, std::size_t dim);

/// A set of centroids to which rows are assigned.
class Assigner {
 public:
  /// `centroids`, (cells, dim) row-major, must outlive it.
  Assigner(std::span<const float> centroids, std::size_t dim);

  /// The nearest cell of each of `n` rows into `cells` (n), and how near into `scores` (n):
  /// row · centroid − ½‖centroid‖², more is nearer. The lower cell wins a tie. Where `second`
  /// is not null, the `spill_cell` of each row goes there.
  void assign(const float* rows, std::size_t n, unsigned threads, std::uint32_t* cells,
              float* scores, std::uint32_t* second) const;

  [[nodiscard]] std::size_t cells() const noexcept { return half_squares_.size(); }

 private:
  void assign_part(const float* rows, std::size_t n, std::uint32_t* cells, float* scores,
                   std::uint32_t* second) const;

  std::span<const float> centroids_;
  std::size_t dim_;
  std::vector<float> half_squares_;
};

}  // namespace hart::index
