#pragma once

#include <cstddef>
#include <span>

namespace hart::tensor {

// Products and distances of binary32 vectors, for search. All give the same bits on every
// processor; dot_kernels.h fixes the order of the additions. Both vectors must have the same
// dimension, any.

/// Σ aᵢ bᵢ.
[[nodiscard]] float dot(std::span<const float> a, std::span<const float> b) noexcept;
/// Σ (aᵢ − bᵢ)², the square of the Euclidean distance.
[[nodiscard]] float squared_l2(std::span<const float> a, std::span<const float> b) noexcept;
/// √ Σ aᵢ².
[[nodiscard]] float norm(std::span<const float> a) noexcept;
/// Divides `a` by its norm; a vector of norm 0 or of a norm that is not finite stays as it is.
void normalize(std::span<float> a) noexcept;

/// dot or squared_l2 of `query` (dim) with each of the rows of `rows` (n, dim), row-major, into
/// `out` (n), where n = out.size() and dim = query.size(). One thread.
void dot_rows(std::span<const float> query, const float* rows, std::span<float> out) noexcept;
void squared_l2_rows(std::span<const float> query, const float* rows,
                     std::span<float> out) noexcept;

}  // namespace hart::tensor
