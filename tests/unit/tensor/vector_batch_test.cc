#include "tensor/vector_batch.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "tensor/convert.h"
#include "tensor/dot_kernels.h"
#include "tensor/dot_matrix_kernels.h"
#include "tensor/vector.h"

namespace hart::tensor {
namespace {

constexpr DType kTypes[] = {DType::f32, DType::f16, DType::bf16, DType::i8};

std::vector<float> normal_values(std::size_t n, unsigned seed) {
  std::mt19937 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

/// Random rows of one type, and the binary32 values that they stand for, i8 without its scale.
struct Stored {
  Stored(DType dtype, std::size_t n, std::size_t dim) : scales(n), decoded(n * dim) {
    const std::vector<float> values = normal_values(n * dim, 2);
    rows = {dtype, nullptr, n, dim, dtype == DType::i8 ? scales.data() : nullptr};
    bytes.resize(n * rows.row_bytes());
    if (dtype == DType::i8) {
      for (std::size_t r = 0; r < n; ++r)
        scales[r] = quantize_i8(values.data() + r * dim, dim,
                                reinterpret_cast<std::int8_t*>(bytes.data() + r * dim));
    } else {
      quantize_row(dtype, values, bytes);
    }
    dequantize_row(dtype, bytes, decoded);
    rows.values = bytes.data();
  }
  Stored(const Stored&) = delete;
  Stored& operator=(const Stored&) = delete;

  [[nodiscard]] std::span<const float> row(std::size_t r) const {
    return {decoded.data() + r * rows.dim, rows.dim};
  }
  [[nodiscard]] float scale(std::size_t r) const {
    return rows.scales == nullptr ? 1 : rows.scales[r];
  }

  std::vector<std::uint8_t> bytes;
  std::vector<float> scales, decoded;
  VectorRows rows;
};

std::uint32_t bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

TEST_CASE("vector batch: every pair has the bits of the product of the decoded row") {
  for (const DType dtype : kTypes)
    for (const std::size_t dim : {1u, 31u, 64u, 100u, 384u, 5000u})
      for (const std::size_t m : {1u, 2u, 5u, 40u}) {
        CAPTURE(dtype_info(dtype).name);
        CAPTURE(dim);
        CAPTURE(m);
        const Stored stored{dtype, 13, dim};
        const std::vector<float> queries = normal_values(m * dim, 1);
        std::vector<float> products(m * 13), distances(m * 13);
        dot_batch(queries.data(), m, stored.rows, products.data());
        squared_l2_batch(queries.data(), m, stored.rows, distances.data());
        std::size_t wrong = 0;
        for (std::size_t q = 0; q < m; ++q)
          for (std::size_t r = 0; r < 13; ++r) {
            const std::span query{queries.data() + q * dim, dim};
            const float product = dot(stored.row(r), query) * stored.scale(r);
            std::vector<float> scaled{stored.row(r).begin(), stored.row(r).end()};
            for (float& value : scaled) value *= stored.scale(r);
            wrong += bits(products[q * 13 + r]) != bits(product);
            wrong += bits(distances[q * 13 + r]) != bits(squared_l2(scaled, query));
          }
        CHECK(wrong == 0);
      }
}

TEST_CASE("vector batch: a part of the rows gives the figures of those rows") {
  for (const DType dtype : kTypes) {
    const Stored stored{dtype, 20, 48};
    const std::vector<float> queries = normal_values(3 * 48, 1);
    std::vector<float> all(3 * 20), some(3 * 4), squares(20), some_squares(4);
    dot_batch(queries.data(), 3, stored.rows, all.data());
    dot_batch(queries.data(), 3, stored.rows.part(7, 4), some.data());
    squares_of_rows(stored.rows, squares.data());
    squares_of_rows(stored.rows.part(7, 4), some_squares.data());
    for (std::size_t i = 0; i < 12; ++i) CHECK(some[i] == all[i / 4 * 20 + 7 + i % 4]);
    CHECK(std::equal(some_squares.begin(), some_squares.end(), squares.begin() + 7));
  }
}

TEST_CASE("vector batch: the squares of rows are those of their norms") {
  for (const DType dtype : kTypes) {
    CAPTURE(dtype_info(dtype).name);
    const Stored stored{dtype, 9, 384};
    std::vector<float> squares(9);
    squares_of_rows(stored.rows, squares.data());
    for (std::size_t r = 0; r < 9; ++r) {
      const float length = norm(stored.row(r)) * stored.scale(r);
      if (dtype == DType::i8)
        CHECK(squares[r] == doctest::Approx(length * length).epsilon(1e-5));
      else
        CHECK(bits(std::sqrt(squares[r])) == bits(length));
    }
  }
}

TEST_CASE("vector batch: no query or no row is nothing to do") {
  const Stored stored{DType::f16, 2, 8};
  dot_batch(nullptr, 0, stored.rows, nullptr);
  squared_l2_batch(nullptr, 0, stored.rows, nullptr);
  const std::vector<float> query(8, 1.0f);
  dot_batch(query.data(), 1, stored.rows.part(0, 0), nullptr);
  squared_l2_batch(query.data(), 1, stored.rows.part(0, 0), nullptr);
  squares_of_rows(stored.rows.part(0, 0), nullptr);
}

TEST_CASE("int8 products: exact for the extremes, by every kernel") {
  for (const DotKernels& kernels : all_dot_kernels()) {
    CAPTURE(kernels.name);
    for (const std::size_t n : {0u, 1u, 15u, 16u, 31u, 32u, 33u, 47u, 384u, 131'071u}) {
      CAPTURE(n);
      const std::vector<std::uint8_t> low(n, 0x80), high(n, 0x7F);
      const auto length = static_cast<std::int32_t>(n);
      CHECK(kernels.dot_i8_i8(low.data(), low.data(), n) == length * 16'384);
      CHECK(kernels.dot_i8_i8(low.data(), high.data(), n) == length * -16'256);
    }
    std::mt19937 random{5};
    std::vector<std::uint8_t> a(777), b(777);
    std::int32_t exact = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = static_cast<std::uint8_t>(random());
      b[i] = static_cast<std::uint8_t>(random());
      exact += static_cast<std::int8_t>(a[i]) * static_cast<std::int8_t>(b[i]);
    }
    CHECK(kernels.dot_i8_i8(a.data(), b.data(), a.size()) == exact);
  }
}

TEST_CASE("int8 rows: every kernel gives the same bits beside a binary32 query") {
  const DotKernels& scalar = all_dot_kernels().front();
  for (const DotKernels& kernels : all_dot_kernels())
    for (const std::size_t n : {0u, 1u, 8u, 31u, 32u, 33u, 384u, 2049u}) {
      CAPTURE(n);
      std::vector<std::int8_t> row(n);
      (void)quantize_i8(normal_values(n, 1).data(), n, row.data());
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(row.data());
      const std::vector<float> x = normal_values(n, 2);
      CHECK(bits(kernels.dot_i8(bytes, x.data(), n)) ==
            bits(scalar.dot_i8(bytes, x.data(), n)));
    }
}

TEST_CASE("widening kernels: all of them decode every pattern exactly, and nothing beyond") {
  std::vector<std::uint8_t> halves, bytes;
  for (std::uint32_t pattern = 0; pattern < 0x10000; ++pattern) {
    halves.push_back(static_cast<std::uint8_t>(pattern));
    halves.push_back(static_cast<std::uint8_t>(pattern >> 8));
    bytes.push_back(static_cast<std::uint8_t>(pattern));
  }
  const MatrixKernels& scalar = all_matrix_kernels().front();
  for (const MatrixKernels& kernels : all_matrix_kernels()) {
    CAPTURE(kernels.name);
    const auto same = [&](WidenKernel* kernel, WidenKernel* reference,
                          const std::vector<std::uint8_t>& values, std::size_t n) {
      std::vector<float> out(n + 1, 7.0f), expected(n + 1, 7.0f);
      kernel(values.data(), n, out.data());
      reference(values.data(), n, expected.data());
      for (std::size_t i = 0; i <= n; ++i)
        if (bits(out[i]) != bits(expected[i])) return false;
      return true;
    };
    for (const std::size_t n : {0u, 1u, 7u, 8u, 9u, 65'536u}) {
      CHECK(same(kernels.widen_f16, scalar.widen_f16, halves, n));
      CHECK(same(kernels.widen_bf16, scalar.widen_bf16, halves, n));
      CHECK(same(kernels.widen_i8, scalar.widen_i8, bytes, n));
    }
  }
}

TEST_CASE("quantize_i8: no value is off by more than half a scale, and zeros stay zeros") {
  const std::vector<float> values = normal_values(384, 3);
  std::vector<std::int8_t> integers(384);
  const float scale = quantize_i8(values.data(), values.size(), integers.data());
  for (std::size_t i = 0; i < values.size(); ++i)
    CHECK(std::fabs(static_cast<float>(integers[i]) * scale - values[i]) <= scale * 0.50001f);
  const std::vector<float> zeros(5);
  CHECK(quantize_i8(zeros.data(), 5, integers.data()) == 0);
  CHECK(integers[0] == 0);
  const std::vector<float> tiny(5, 1e-45f);  // 1e-45 / 127 is zero
  CHECK(quantize_i8(tiny.data(), 5, integers.data()) == 0);
}

}  // namespace
}  // namespace hart::tensor
