#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tensor/dtype.h"

namespace hart::tensor {

/// out[q * n + r] = queries[q] · rows[r] for `m` queries and `n` rows of `dim` binary32 values,
/// row-major: a batch reads each row once for several queries. One thread. The same bits for a
/// pair whatever m, n and the processor; fused multiply-adds (std::fma in the scalar
/// definition), so not the bits of `dot`.
void dot_matrix(const float* queries, std::size_t m, const float* rows, std::size_t n,
                std::size_t dim, float* out) noexcept;
/// The same with the results of a query `stride` values after those of the query before it.
void dot_matrix(const float* queries, std::size_t m, const float* rows, std::size_t n,
                std::size_t dim, float* out, std::size_t stride) noexcept;

}  // namespace hart::tensor
