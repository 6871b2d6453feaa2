#pragma once

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
    pca = 1,       ///< deviations from the mean along the three principal components
    landmark = 2,  ///< dot products with three orthonormalised landmarks
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

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
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
  /// f64. The mean of a landmark projection is zero.
  [[nodiscard]] ByteBuffer serialise() const;
  /// The inverse. Throws Error(data) on another magic, version or kind, a size that does not
  /// fit, or a value that is not finite.
  [[nodiscard]] static Projection parse(ByteView bytes);

  bool operator==(const Projection&) const = default;

 private:
  Projection(Kind kind, std::size_t dim) : kind_{kind}, dim_{dim}, mean_(dim), axes_(3 * dim) {}

  Kind kind_;
  std::size_t dim_;
  std::vector<double> mean_;  ///< (dim)
  std::vector<double> axes_;  ///< (3, dim)
};

}  // namespace hart::geometry
