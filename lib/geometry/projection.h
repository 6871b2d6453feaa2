#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/bytes.h"
#include "geometry/hilbert.h"
#include "geometry/point.h"

namespace hart::geometry {

/// A fixed linear map from vectors of one embedding model to three coordinates: where an
/// embedding stands in space, for new vectors as for those it was fitted on.
///
/// Three coordinates cannot keep the neighbours of vectors of hundreds of dimensions: use the
/// result to find candidates and compare the vectors themselves.
class Projection {
 public:
  /// Its value is what `serialise` writes.
  enum class Kind : std::uint32_t {
    pca = 1,            ///< deviations from the mean along the three principal components
    landmark = 2,       ///< dot products with three orthonormalised landmarks
    trilateration = 3,  ///< the point whose distances to n ≥ 4 landmarks fit best
  };

  /// Fits to `rows`, (n, dim) row-major. Vectors of one or two dimensions get axes of zeros for
  /// the rest. Throws as `geometry::fit_pca` does.
  [[nodiscard]] static Projection fit_pca(std::span<const float> rows, std::size_t n,
                                          std::size_t dim);
  /// The same with landmarks chosen among the unit vectors `rows` by maxmin. Throws as
  /// `choose_landmarks` and `orthonormalise` do: Error(data) when the rows span fewer than
  /// min(3, dim) dimensions.
  [[nodiscard]] static Projection fit_landmarks(std::span<const float> rows, std::size_t n,
                                                std::size_t dim);
  /// Landmarks chosen by the caller: min(3, dim) rows of `landmarks`, (k, dim) row-major.
  /// Throws as `orthonormalise` does.
  [[nodiscard]] static Projection from_landmarks(std::span<const float> landmarks,
                                                 std::size_t dim);

  /// `count` ≥ 4 landmarks chosen among the unit vectors `rows` by maxmin stand in space as
  /// `classical_scaling` of their chord distances says, and a vector stands where its distances
  /// to them put it: `trilaterate`. The equations are linear in the vector, so the map is
  /// linear too; with positions from classical scaling its axes are orthonormal (Sources: V. de
  /// Silva and J. B. Tenenbaum, "Sparse multidimensional scaling using landmark points", 2004),
  /// so no two vectors are nearer than their places. Throws as `choose_landmarks` does,
  /// Error(usage) on fewer than 4, Error(data) when the landmarks do not span space.
  [[nodiscard]] static Projection fit_trilateration(std::span<const float> rows, std::size_t n,
                                                    std::size_t dim, std::size_t count);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  /// Number of landmarks; 0 for principal components.
  [[nodiscard]] std::size_t landmark_count() const noexcept;
  /// Length of the vectors it takes.
  [[nodiscard]] std::size_t dim() const noexcept { return dim_; }

  /// The coordinates of `vector` (dim); M is 0. No rounding depends on the machine's
  /// instruction set. Throws Error(usage) on another length, Error(data) when a value is not
  /// finite.
  [[nodiscard]] PointZM project(std::span<const float> vector) const;

  /// The box that Hilbert cells are cut from: [−1, 1] on each axis. Landmark coordinates of
  /// unit vectors never leave it; principal ones may, up to 2, and then count as on its border.
  [[nodiscard]] static Box box() noexcept { return {}; }

  /// Little-endian: "HPRJ", u32 version 1, u32 kind, u32 dim, mean (dim) f64, axes (3, dim)
  /// f64. The mean of a landmark projection is zero. A trilateration: "HPRJ", u32 version 2,
  /// u32 kind, u32 dim, u32 n, positions (n, 3) f64, landmarks (n, dim) f32.
  [[nodiscard]] ByteBuffer serialise() const;
  /// The inverse. Throws Error(data) on another magic, version or kind, a size that does not
  /// fit, a value that is not finite, or landmarks in a plane.
  [[nodiscard]] static Projection parse(ByteView bytes);

  bool operator==(const Projection&) const = default;

 private:
  Projection(Kind kind, std::size_t dim) : kind_{kind}, dim_{dim}, mean_(dim), axes_(3 * dim) {}

  static Projection from_positions(std::vector<std::array<double, 3>> positions,
                                   std::vector<float> landmarks, std::size_t dim);
  static Projection parse_linear(Kind kind, std::size_t dim, ByteView values);
  static Projection parse_trilateration(std::size_t dim, ByteView values);

  Kind kind_;
  std::size_t dim_;
  std::vector<double> mean_;        ///< (dim)
  std::vector<double> axes_;        ///< (3, dim)
  std::array<double, 3> offset_{};  ///< place of `mean_`

  // Of a trilateration, which the axes and the offset follow from.
  std::vector<std::array<double, 3>> positions_;  ///< (n)
  std::vector<float> landmarks_;                  ///< (n, dim)
};

}  // namespace hart::geometry
