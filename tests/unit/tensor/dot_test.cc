#include "tensor/dot.h"

#include <doctest/doctest.h>

#include <cfloat>
#include <cmath>

#include "core/error.h"
#include "float_samples.h"
#include "tensor/block_levels.h"
#include "tensor/convert.h"
#include "tensor/dot_kernels.h"
#include "tensor/vector.h"

namespace hart::tensor {
namespace {

/// Those that quantize_row can write; gemm_test.cc has the others.
constexpr DType kTypes[] = {DType::f32,  DType::f16,  DType::bf16, DType::q4_0,   DType::q4_1,
                            DType::q5_0, DType::q5_1, DType::q8_0, DType::q2_k,   DType::q3_k,
                            DType::q4_k, DType::q5_k, DType::q6_k, DType::iq4_nl, DType::mxfp4};

std::vector<std::uint8_t> encode(DType dtype, std::span<const float> values) {
  const std::uint64_t shape[] = {values.size()};
  std::vector<std::uint8_t> bytes(tensor_bytes(dtype, shape));
  quantize_row(dtype, values, bytes);
  return bytes;
}

bool is_block_type(DType dtype) {
  return dtype_info(dtype).block_elements > 1;
}

TEST_CASE("dot kernels: all of them give the same bits") {
  const DotKernels& scalar = all_dot_kernels().front();
  if (all_dot_kernels().size() == 1) MESSAGE("only the scalar kernels run here");
  for (const DotKernels& kernels : all_dot_kernels()) {
    CAPTURE(kernels.name);
    for (const std::size_t n : {0u, 1u, 7u, 8u, 31u, 32u, 33u, 63u, 64u, 96u, 768u, 2049u}) {
      CAPTURE(n);
      const std::vector<float> a = normal_floats(n, 1), x = normal_floats(n, 2);
      const auto f32 = encode(DType::f32, a), f16 = encode(DType::f16, a);
      const auto bf16 = encode(DType::bf16, a);
      CHECK(bits(kernels.dot_f32(f32.data(), x.data(), n)) ==
            bits(scalar.dot_f32(f32.data(), x.data(), n)));
      CHECK(bits(kernels.dot_f16(f16.data(), x.data(), n)) ==
            bits(scalar.dot_f16(f16.data(), x.data(), n)));
      CHECK(bits(kernels.dot_bf16(bf16.data(), x.data(), n)) ==
            bits(scalar.dot_bf16(bf16.data(), x.data(), n)));
      CHECK(bits(kernels.squared_l2(a.data(), x.data(), n)) ==
            bits(scalar.squared_l2(a.data(), x.data(), n)));
    }
  }
}

bool has_mins(DType dtype) {
  return level_layout(dtype).has_min;
}

/// Σ |min × x|: what the mins of a row add to the sums that a product goes through.
double sum_of_parts(DType dtype, const std::vector<std::uint8_t>& row,
                    const std::vector<float>& x) {
  const LevelLayout layout = level_layout(dtype);
  std::vector<std::int8_t> levels(layout.block_elements);
  std::vector<float> scales(layout.block_elements / layout.group), mins(scales.size());
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t block = i / layout.block_elements, at = i % layout.block_elements;
    unpack_levels(dtype, &row[block * layout.block_bytes], levels.data(), scales.data(),
                  mins.data());
    sum += 2 * std::fabs(double{mins[at / layout.group]} * x[i]);
  }
  return sum;
}

TEST_CASE("dot: is within the rounding bound of the float64 value of the decoded weights") {
  for (const DType dtype : kTypes) {
    CAPTURE(dtype_info(dtype).name);
    for (const std::size_t n : {32u, 64u, 256u, 288u, 2048u}) {
      if (n % dtype_info(dtype).block_elements != 0) continue;
      CAPTURE(n);
      const auto row = encode(dtype, normal_floats(n, 3));
      const std::vector<float> x = normal_floats(n, 4);
      std::vector<float> weights(n);
      dequantize_row(dtype, row, weights);
      const Activation activation{x, dtype};
      double exact = 0, magnitude = 0, quantisation = 0;
      for (std::size_t i = 0; i < n; ++i) {
        exact += double{weights[i]} * x[i];
        magnitude += std::fabs(double{weights[i]} * x[i]);
        // An activation is off by at most half its block's step.
        if (is_block_type(dtype))
          quantisation += std::fabs(weights[i]) * activation.scales()[i / 32] * 0.5001;
      }
      // Levels and mins are summed apart: their parts may be larger than their sums.
      if (has_mins(dtype)) magnitude += sum_of_parts(dtype, row, x);
      const double bound = double(n) * FLT_EPSILON * magnitude + quantisation;
      CHECK(std::fabs(dot(dtype, row.data(), activation) - exact) <= bound);
    }
  }
}

TEST_CASE("dot: rows need no alignment") {
  const std::vector<float> values = normal_floats(256, 5), x = normal_floats(256, 6);
  for (const DType dtype : kTypes) {
    const auto row = encode(dtype, values);
    std::vector<std::uint8_t> shifted(row.size() + 1);
    std::copy(row.begin(), row.end(), shifted.begin() + 1);
    const Activation activation{x, dtype};
    CHECK(bits(dot(dtype, row.data(), activation)) ==
          bits(dot(dtype, shifted.data() + 1, activation)));
  }
}

TEST_CASE("Activation: values that are not finite are not lost") {
  std::vector<float> x(32, 1.0f);
  x[5] = INFINITY;
  const auto row = encode(DType::q8_0, std::vector<float>(32, 1.0f));
  CHECK(std::isnan(dot(DType::q8_0, row.data(), Activation{x, DType::q8_0})));
  CHECK_THROWS_AS(Activation(std::vector<float>(31), DType::q8_0), Error);
  CHECK_THROWS_AS(Activation(std::vector<float>(32), DType::q4_k), Error);
  CHECK_THROWS_AS(Activation(std::vector<float>(256), DType::iq2_s), Error);
}

TEST_CASE(
    "matmul: gives the bits of matvec for every row, whatever the batch and the threads") {
  // In every type 1100 rows of 1024 are above the limit from which threads share the work.
  constexpr std::size_t kColumns = 1024, kRows = 1100, kBatch = 5;
  const std::vector<float> weights = normal_floats(kColumns * kRows, 7);
  const std::vector<float> x = normal_floats(kColumns * kBatch, 8);
  for (const DType dtype : kTypes) {
    CAPTURE(dtype_info(dtype).name);
    const auto bytes = encode(dtype, weights);
    const TensorView view{dtype, {kColumns, kRows}, bytes};
    std::vector<float> batch(kRows * kBatch), threaded(kRows * kBatch), one(kRows);
    matmul(view, x, batch, kBatch, 1);
    matmul(view, x, threaded, kBatch, 3);
    CHECK(batch == threaded);
    for (std::size_t i = 0; i < kBatch; ++i) {
      for (const unsigned threads : {1u, 2u, 7u}) {
        matvec(view, std::span{x}.subspan(i * kColumns, kColumns), one, threads);
        CHECK(std::equal(one.begin(), one.end(), batch.begin() + i * kRows));
      }
    }
    const Activation last{std::span{x}.last(kColumns), dtype};
    const std::size_t row_bytes = bytes.size() / kRows;
    CHECK(batch.back() == dot(dtype, &bytes[(kRows - 1) * row_bytes], last));
  }
}

TEST_CASE("matmul: refuses sizes that disagree and accepts empty ones") {
  const auto bytes = encode(DType::f32, normal_floats(6, 9));
  const TensorView view{DType::f32, {3, 2}, bytes};
  std::vector<float> x(3), y(2);
  CHECK_NOTHROW(matvec(view, x, y, 1));
  CHECK_NOTHROW(matmul(view, {}, {}, 0, 1));
  std::vector<float> wrong(4);
  CHECK_THROWS_AS(matvec(view, wrong, y, 1), Error);
  CHECK_THROWS_AS(matvec(view, x, wrong, 1), Error);
  CHECK_THROWS_AS(matmul(view, x, y, 2, 1), Error);
  const TensorView cut{DType::f32, {3, 2}, ByteView{bytes}.first(20)};
  CHECK_THROWS_AS(matvec(cut, x, y, 1), Error);
  const TensorView integers{DType::i32, {3, 2}, bytes};
  CHECK_THROWS_AS(matvec(integers, x, y, 1), Error);
  const TensorView empty{DType::f32, {3, 0}, {}};
  CHECK_NOTHROW(matvec(empty, x, {}, 1));
}

TEST_CASE("vector: products, distances and norms of small vectors are exact") {
  const std::vector<float> a{3, 4}, b{1, 2};
  CHECK(dot(a, b) == 11);
  CHECK(squared_l2(a, b) == 8);
  CHECK(norm(a) == 5);
  CHECK(norm(std::vector<float>{}) == 0);
  std::vector<float> unit = a, zero{0, 0};
  normalize(unit);
  CHECK(unit == std::vector<float>{0.6f, 0.8f});
  normalize(zero);
  CHECK(zero == std::vector<float>{0, 0});
  const std::vector<float> rows{1, 0, 0, 1, 2, 2};
  std::vector<float> out(3);
  dot_rows(a, rows.data(), out);
  CHECK(out == std::vector<float>{3, 4, 14});
  squared_l2_rows(a, rows.data(), out);
  CHECK(out == std::vector<float>{20, 18, 5});
}

}  // namespace
}  // namespace hart::tensor
