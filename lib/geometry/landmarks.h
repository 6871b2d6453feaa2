#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace hart::geometry {

/// Indices of `count` landmarks among the unit vectors `rows`, (n, dim) row-major, by maxmin:
/// the first is the row farthest from the mean, each further one the row whose greatest
/// |cosine| to those before it is least; the lowest index wins a tie. The sign is left out
/// because a vector and its opposite, though far apart, span one axis only. Needs about count ×
/// n × dim operations. Throws Error(usage) unless 1 ≤ count ≤ n and rows has n × dim values;
/// Error(data) when the length of a row differs from 1 by more than 1 %. Source: V. de Silva
/// and J. B. Tenenbaum, "Sparse multidimensional scaling using landmark points", 2004,
/// section 2.3 (maxmin).
[[nodiscard]] std::vector<std::size_t> choose_landmarks(std::span<const float> rows,
                                                        std::size_t n, std::size_t dim,
                                                        std::size_t count);

/// Determinant of the matrix of dot products of `landmarks`, (k, dim) row-major, each first
/// scaled to length 1: the squared volume they span, 1 when orthogonal, 0 when one depends on
/// the others. Throws Error(usage) unless k ≥ 1 and landmarks has k × dim values; Error(data)
/// on a row that is zero or not finite.
[[nodiscard]] double gram_determinant(std::span<const float> landmarks, std::size_t k,
                                      std::size_t dim);

/// Below this determinant landmarks are refused as near to collinear or coplanar. The last axis
/// that orthonormalisation makes amplifies an error in its landmark by up to 1 / √determinant:
/// 32 times here, which leaves float32 input four good decimal digits.
inline constexpr double kMinGramDeterminant = 1e-3;

/// Orthonormal axes, (k, dim) row-major, of which the first j span what the first j landmarks
/// span. Throws as `gram_determinant` does, and Error(data) when that is below
/// kMinGramDeterminant. Source: modified Gram–Schmidt, run twice (L. Giraud et al., Numer.
/// Math. 101, 2005).
[[nodiscard]] std::vector<double> orthonormalise(std::span<const float> landmarks,
                                                 std::size_t k, std::size_t dim);

/// Distance of two unit vectors whose dot product is `cosine`: √(2 − 2 cosine), in [0, 2].
[[nodiscard]] double chord_distance(double cosine) noexcept;

/// The point in space whose distances to n ≥ 4 landmarks at `positions` fit `distances` best.
/// The squared-distance equations are made linear by leaving out what they share and solved by
/// least squares: exact when the distances agree, and unique, as three landmarks, which leave
/// two mirror images, cannot be. Throws Error(usage) on fewer than 4 landmarks or lists of
/// different length, Error(data) when the landmarks lie in a plane or a value is not finite or
/// negative.
[[nodiscard]] std::array<double, 3> trilaterate(
    std::span<const std::array<double, 3>> positions, std::span<const double> distances);

/// What `trilaterate` does, as a matrix (3, n) row-major: with positions p, their mean c and
/// distances d the point is c + weights · (|p − c|² − d²) / 2. The weights of an axis add up to
/// zero. Throws as `trilaterate` does.
[[nodiscard]] std::vector<double> trilateration_weights(
    std::span<const std::array<double, 3>> positions);

/// Positions in space of n ≥ 4 landmarks whose distances come as near as possible, in the least
/// squares of the inner products, to `distances`, (n, n) row-major and symmetric with a zero
/// diagonal. Their mean is the origin, and they vary most along x, then y, then z; the largest
/// coordinate in magnitude along an axis, the first of equals, is positive. Throws Error(usage)
/// on another size, Error(data) when a value is not finite, or when the landmarks do not span
/// space: the product of the variances along the axes, each relative to that along x, is below
/// kMinGramDeterminant. Source: classical scaling, W. S. Torgerson, Psychometrika 17, 1952.
[[nodiscard]] std::vector<std::array<double, 3>> classical_scaling(
    std::span<const double> distances, std::size_t n);

}  // namespace hart::geometry
