#include "tensor/dot_matrix.h"

#include <doctest/doctest.h>

#include <bit>
#include <cfloat>
#include <cmath>
#include <vector>

#include "float_samples.h"
#include "tensor/dot_matrix_kernels.h"
#include "tensor/vector.h"

namespace hart::tensor {
namespace {

struct Matrices {
  std::size_t m, n, dim;
  std::vector<float> queries = normal_floats(m * dim, 1);
  std::vector<float> rows = normal_floats(n * dim, 2);
};

/// What one kernel gives, in an output wider than needed; what lies beyond must stay.
std::vector<float> run(TileKernel* kernel, const Matrices& x) {
  constexpr std::size_t kMargin = 3;
  std::vector<float> wide(x.m * (x.n + kMargin), 123.0f), out;
  kernel(x.queries.data(), x.m, x.rows.data(), x.n, x.dim, wide.data(), x.n + kMargin);
  for (std::size_t i = 0; i < wide.size(); ++i) {
    if (i % (x.n + kMargin) < x.n)
      out.push_back(wide[i]);
    else
      CHECK(wide[i] == 123.0f);
  }
  return out;
}

constexpr std::size_t kDims[] = {0, 1, 7, 8, 9, 31, 32, 33, 40, 63, 100, 384};

TEST_CASE("matrix kernels: all of them give the same bits for every shape") {
  const MatrixKernels& scalar = all_matrix_kernels().front();
  if (all_matrix_kernels().size() == 1) MESSAGE("only the scalar kernels run here");
  for (const MatrixKernels& kernels : all_matrix_kernels()) {
    CAPTURE(kernels.name);
    for (const std::size_t m : {0u, 1u, 2u, 3u, 4u, 5u, 7u})
      for (const std::size_t n : {0u, 1u, 2u, 3u, 4u, 6u, 9u})
        for (const std::size_t dim : kDims) {
          CAPTURE(m);
          CAPTURE(n);
          CAPTURE(dim);
          const Matrices x{m, n, dim};
          CHECK(bits(run(kernels.dot_fused, x)) == bits(run(scalar.dot_fused, x)));
          CHECK(bits(run(kernels.dot_split, x)) == bits(run(scalar.dot_split, x)));
          CHECK(bits(run(kernels.squared_l2_split, x)) ==
                bits(run(scalar.squared_l2_split, x)));
        }
  }
}

TEST_CASE("matrix kernels: the split ones give the bits of dot and squared_l2") {
  for (const MatrixKernels& kernels : all_matrix_kernels()) {
    CAPTURE(kernels.name);
    for (const std::size_t dim : kDims) {
      CAPTURE(dim);
      const Matrices x{5, 6, dim};
      std::vector<float> products, squares;
      for (std::size_t q = 0; q < x.m; ++q)
        for (std::size_t r = 0; r < x.n; ++r) {
          const std::span query{x.queries.data() + q * dim, dim};
          const std::span row{x.rows.data() + r * dim, dim};
          products.push_back(dot(row, query));
          squares.push_back(squared_l2(row, query));
        }
      CHECK(bits(run(kernels.dot_split, x)) == bits(products));
      CHECK(bits(run(kernels.squared_l2_split, x)) == bits(squares));
    }
  }
}

TEST_CASE("matrix kernels: a sum that underflows to -0 has the same sign everywhere") {
  // (-2^-100) × 2^-100 rounds to -0 in one lane; the zeros that fill the rest decide the sign.
  for (const std::size_t dim : {1u, 8u, 9u, 16u, 32u, 33u}) {
    Matrices x{1, 1, dim};
    for (float& value : x.queries) value = -0x1p-100f;
    for (float& value : x.rows) value = 0x1p-100f;
    const MatrixKernels& scalar = all_matrix_kernels().front();
    for (const MatrixKernels& kernels : all_matrix_kernels()) {
      CAPTURE(kernels.name);
      CAPTURE(dim);
      CHECK(bits(run(kernels.dot_fused, x)) == bits(run(scalar.dot_fused, x)));
      CHECK(bits(run(kernels.dot_split, x)) == bits(run(scalar.dot_split, x)));
    }
  }
}

TEST_CASE("dot_matrix: a pair gives the same bits in every batch, near the float64 value") {
  // More rows than a panel and more queries than a tile hold at 96 dimensions.
  const Matrices x{50, 600, 96};
  std::vector<float> out(x.m * x.n);
  dot_matrix(x.queries.data(), x.m, x.rows.data(), x.n, x.dim, out.data());
  for (std::size_t q = 0; q < x.m; ++q)
    for (std::size_t r = 0; r < x.n; ++r) {
      float alone = 0;
      dot_matrix(&x.queries[q * x.dim], 1, &x.rows[r * x.dim], 1, x.dim, &alone);
      double exact = 0, magnitude = 0;
      for (std::size_t i = 0; i < x.dim; ++i) {
        const double product = double{x.queries[q * x.dim + i]} * x.rows[r * x.dim + i];
        exact += product;
        magnitude += std::fabs(product);
      }
      const bool same =
          std::bit_cast<std::uint32_t>(alone) == std::bit_cast<std::uint32_t>(out[q * x.n + r]);
      const bool near = std::fabs(alone - exact) <= double(x.dim) * FLT_EPSILON * magnitude;
      if (!same || !near) {
        CAPTURE(q);
        CAPTURE(r);
        CHECK(same);
        CHECK(near);
      }
    }
  CHECK(out[0] != out[1]);
}

TEST_CASE("dot_matrix: products of small integers are exact") {
  const std::vector<float> queries{1, 2, 3, 4, 5, 6}, rows{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1};
  std::vector<float> out(8);
  dot_matrix(queries.data(), 2, rows.data(), 4, 3, out.data());
  CHECK(out == std::vector<float>{1, 2, 3, 6, 4, 5, 6, 15});
}

}  // namespace
}  // namespace hart::tensor
