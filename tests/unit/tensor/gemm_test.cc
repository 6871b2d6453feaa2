#include <doctest/doctest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <string>

#include "float_samples.h"
#include "tensor/convert.h"
#include "tensor/dot.h"
#include "tensor/dot_matrix.h"
#include "tensor/gemm_kernels.h"
#include "tensor/gemm_samples.h"
#include "tensor/quantized_buffer.h"

namespace hart::tensor {
namespace {

/// `n` vectors of `columns` values, quantised by `kernels`.
struct Quantized {
  Quantized(const GemmKernels& kernels, const std::vector<float>& x, std::size_t n) {
    const std::size_t columns = x.size() / n;
    buffer.resize(n, columns);
    for (std::size_t i = 0; i < n; ++i)
      kernels.quantize(&x[i * columns], columns, buffer.view(), i);
  }
  QuantizedBuffer buffer;
};

struct WeightSample {
  DType dtype;
  std::size_t rows, columns, n;
  std::vector<std::uint8_t> weights = random_blocks(dtype, rows, columns, 1);
  std::vector<float> x = normal_floats(n * columns, 2);

  [[nodiscard]] std::size_t row_bytes() const { return weights.size() / rows; }
};

constexpr std::size_t kMargin = 3;

/// The products in an output wider than needed; what lies beyond must stay.
std::vector<float> run(const GemmKernels& kernels, const WeightSample& s) {
  const Quantized x{kernels, s.x, s.n};
  std::vector<float> wide(s.n * (s.rows + kMargin), 123.0f), out;
  alignas(64) static std::uint8_t panel[1 << 17];
  REQUIRE(panel_bytes(s.columns) <= sizeof panel);
  kernels.rows({s.dtype, s.weights.data(), s.row_bytes(), s.rows, s.columns}, x.buffer.view(),
               wide.data(), s.rows + kMargin, panel);
  for (std::size_t i = 0; i < wide.size(); ++i) {
    if (i % (s.rows + kMargin) < s.rows)
      out.push_back(wide[i]);
    else
      CHECK(wide[i] == 123.0f);
  }
  return out;
}

/// The same from interleaved rows.
std::vector<float> run_interleaved(const GemmKernels& kernels, const WeightSample& s) {
  const Quantized x{kernels, s.x, s.n};
  std::vector<std::uint8_t> interleaved(s.weights.size());
  interleave_rows(s.dtype, s.row_bytes(), s.weights, interleaved);
  std::vector<float> out(s.n * s.rows);
  kernels.interleaved({s.dtype, interleaved.data(), s.row_bytes(), s.rows, s.columns},
                      x.buffer.view(), out.data(), s.rows);
  return out;
}

TEST_CASE("levels: scale × level + min is what a block decodes to") {
  for (const DType dtype : kLevelTypes) {
    CAPTURE(dtype_info(dtype).name);
    const LevelLayout layout = level_layout(dtype);
    const auto block = random_blocks(dtype, 1, layout.block_elements, 3);
    CHECK(block.size() == dtype_info(dtype).block_bytes);
    std::vector<std::int8_t> levels(layout.block_elements);
    std::vector<float> scales(layout.block_elements / layout.group), mins(scales.size());
    unpack_levels(dtype, block.data(), levels.data(), scales.data(), mins.data());
    std::vector<float> values(layout.block_elements);
    dequantize_row(dtype, block, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t group = i / layout.group;
      const float product = scales[group] * static_cast<float>(levels[i]);
      CHECK(values[i] == product + mins[group]);
      if (!layout.has_min) CHECK(mins[group] == 0);
    }
  }
  CHECK(level_layout(DType::f32).block_elements == 0);
  CHECK(level_layout(DType::iq2_s).block_elements == 0);
}

TEST_CASE("gemm kernels: all of them quantise to the same integers, scales and sums") {
  const GemmKernels& scalar = all_gemm_kernels().front();
  for (const GemmKernels& kernels : all_gemm_kernels()) {
    CAPTURE(kernels.name);
    for (const std::size_t columns : {32u, 256u, 288u, 1024u}) {
      CAPTURE(columns);
      std::vector<float> x = normal_floats(3 * columns, 4);
      std::fill_n(x.begin(), 32, 0.0f);
      std::fill_n(x.begin() + static_cast<std::ptrdiff_t>(columns), 32, 1e-38f);
      // Halfway between two integers once scaled.
      for (std::size_t i = 0; i < 32; ++i)
        x[2 * columns + i] = i == 0 ? 127.0f : static_cast<float>(i) - 15.5f;
      const Quantized a{scalar, x, 3}, b{kernels, x, 3};
      const QuantizedRows &p = a.buffer.view(), &q = b.buffer.view();
      REQUIRE(p.columns % kChunk == 0);
      const std::size_t size = 3 * p.columns;
      CHECK(std::equal(p.values, p.values + size, q.values));
      CHECK(std::equal(p.scales, p.scales + size / 32, q.scales));
      CHECK(std::equal(p.sums_of_16, p.sums_of_16 + size / 16, q.sums_of_16));
      CHECK(std::equal(p.sums_of_32, p.sums_of_32 + size / 32, q.sums_of_32));
      CHECK(std::equal(p.scaled_sums_of_16, p.scaled_sums_of_16 + size / 16,
                       q.scaled_sums_of_16));
      CHECK(std::equal(p.scaled_sums_of_32, p.scaled_sums_of_32 + size / 32,
                       q.scaled_sums_of_32));
      for (std::size_t i = 0; i < size; ++i) {
        const bool is_padding = i % p.columns >= columns;
        CHECK(q.values[i] >= -127);
        if (is_padding) CHECK(q.values[i] == 0);
      }
    }
  }
}

TEST_CASE("gemm kernels: sums of the integers and their scaled ones belong to them") {
  const std::vector<float> x = normal_floats(512, 5);
  for (const GemmKernels& kernels : all_gemm_kernels()) {
    const Quantized quantized{kernels, x, 1};
    const QuantizedRows& q = quantized.buffer.view();
    for (std::size_t b = 0; b < 16; ++b) {
      int sums[2] = {};
      for (std::size_t i = 0; i < 32; ++i) sums[i / 16] += q.values[32 * b + i];
      for (std::size_t half = 0; half < 2; ++half) {
        CHECK(q.sums_of_16[2 * b + half] == sums[half]);
        CHECK(q.scaled_sums_of_16[2 * b + half] ==
              static_cast<float>(sums[half]) * q.scales[b]);
      }
      CHECK(q.sums_of_32[b] == sums[0] + sums[1]);
      CHECK(q.scaled_sums_of_32[b] == static_cast<float>(sums[0] + sums[1]) * q.scales[b]);
    }
  }
}

TEST_CASE("gemm kernels: a value that is not finite makes every product of its block NaN") {
  for (const float wrong : {INFINITY, -INFINITY, NAN})
    for (const GemmKernels& kernels : all_gemm_kernels()) {
      CAPTURE(kernels.name);
      for (const DType dtype : kLevelTypes) {
        WeightSample s{.dtype = dtype, .rows = 3, .columns = 512, .n = 5};
        s.x[2 * s.columns + 300] = wrong;
        const std::vector<float> y = run(kernels, s);
        for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(y[i]) == (i / s.rows == 2));
      }
    }
}

TEST_CASE("gemm kernels: all give the same bits for every type, shape and number of vectors") {
  const GemmKernels& scalar = all_gemm_kernels().front();
  if (all_gemm_kernels().size() == 1) MESSAGE("only the scalar kernels run here");
  for (const DType dtype : kLevelTypes) {
    CAPTURE(dtype_info(dtype).name);
    for (const std::size_t columns : {32u, 64u, 256u, 288u, 768u}) {
      if (columns % level_layout(dtype).block_elements != 0) continue;
      CAPTURE(columns);
      for (const std::size_t rows : {1u, 2u, 15u, 16u, 17u, 33u}) {
        CAPTURE(rows);
        const WeightSample all{.dtype = dtype, .rows = rows, .columns = columns, .n = 17};
        const std::vector<float> expected = run(scalar, all);
        for (const GemmKernels& kernels : all_gemm_kernels()) {
          CAPTURE(kernels.name);
          for (std::size_t n = 1; n <= 17; ++n) {
            CAPTURE(n);
            WeightSample some = all;
            some.n = n;
            some.x.resize(n * columns);
            const std::vector<float> first{
                expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(n * rows)};
            CHECK(bits(run(kernels, some)) == bits(first));
          }
        }
      }
    }
  }
}

TEST_CASE("gemm kernels: interleaved rows give the bits of rows as files have them") {
  const GemmKernels& scalar = all_gemm_kernels().front();
  for (const DType dtype : kLevelTypes) {
    if (!has_interleaved(dtype)) continue;
    CAPTURE(dtype_info(dtype).name);
    for (const std::size_t columns : {32u, 288u, 512u})
      for (const std::size_t n : {1u, 2u, 3u, 4u, 5u, 9u}) {
        if (columns % level_layout(dtype).block_elements != 0) continue;
        // Five tiles: four that are read side by side and one.
        const WeightSample s{.dtype = dtype, .rows = 80, .columns = columns, .n = n};
        const auto expected = bits(run(scalar, s));
        for (const GemmKernels& kernels : all_gemm_kernels()) {
          CAPTURE(kernels.name);
          CHECK(bits(run_interleaved(kernels, s)) == expected);
        }
      }
  }
}

TEST_CASE("gemm kernels: the largest levels and activations do not overflow") {
  for (const DType dtype : kLevelTypes) {
    CAPTURE(dtype_info(dtype).name);
    const LevelLayout layout = level_layout(dtype);
    for (const std::uint8_t level : {0x00, 0xFF, 0x80, 0x7F}) {
      WeightSample s{.dtype = dtype, .rows = 16, .columns = 256, .n = 4};
      const auto halves = halves_of(dtype);
      const std::vector<std::uint8_t> before = s.weights;
      std::fill(s.weights.begin(), s.weights.end(), level);
      for (std::size_t at = 0; at < s.weights.size(); at += layout.block_bytes) {
        if (dtype == DType::mxfp4) s.weights[at] = 127;
        for (const std::size_t half : halves)
          std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(at + half), 2,
                      s.weights.begin() + static_cast<std::ptrdiff_t>(at + half));
      }
      for (std::size_t i = 0; i < s.x.size(); ++i) s.x[i] = i / 256 % 2 == 0 ? 1.0f : -1.0f;
      const auto expected = bits(run(all_gemm_kernels().front(), s));
      for (const GemmKernels& kernels : all_gemm_kernels()) {
        CAPTURE(kernels.name);
        CHECK(bits(run(kernels, s)) == expected);
        if (has_interleaved(dtype)) CHECK(bits(run_interleaved(kernels, s)) == expected);
      }
    }
  }
}

TEST_CASE("gemm: products are within the bound of the activations' rounding") {
  for (const DType dtype : kLevelTypes) {
    CAPTURE(dtype_info(dtype).name);
    const WeightSample s{.dtype = dtype, .rows = 5, .columns = 1024, .n = 1};
    const Quantized x{gemm_kernels(), s.x, 1};
    const std::vector<float> y = run(gemm_kernels(), s);
    std::vector<float> weights(s.columns);
    for (std::size_t row = 0; row < s.rows; ++row) {
      dequantize_row(dtype, {&s.weights[row * s.row_bytes()], s.row_bytes()}, weights);
      double exact = 0, rounding = 0, magnitude = 0;
      for (std::size_t i = 0; i < s.columns; ++i) {
        exact += double{weights[i]} * s.x[i];
        rounding += std::fabs(weights[i]) * x.buffer.view().scales[i / 32] * 0.5001;
        magnitude += std::fabs(double{weights[i]} * s.x[i]);
      }
      // The parts of a group may be larger than their sum; 64 times is more than any is here.
      CHECK(std::fabs(y[row] - exact) <= rounding + 64 * FLT_EPSILON * magnitude);
    }
  }
}

TEST_CASE("gemm kernels: rows of floats give the bits of the fused definition") {
  for (const std::size_t columns : {1u, 7u, 8u, 9u, 33u, 256u})
    for (const std::size_t n : {1u, 3u, 4u, 5u, 8u, 13u}) {
      const std::vector<float> values = normal_floats(n * columns, 6);
      const std::vector<float> x = normal_floats(columns, 7);
      for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
        CAPTURE(dtype_info(dtype).name);
        const std::size_t row_bytes = columns * dtype_info(dtype).block_bytes;
        // One byte further: no alignment is needed.
        std::vector<std::uint8_t> bytes(n * row_bytes + 1);
        const auto rows = std::span{bytes}.subspan(1);
        quantize_row(dtype, values, rows);
        std::vector<float> widened(n * columns), expected(n), y(n);
        dequantize_row(dtype, rows, widened);
        dot_matrix(x.data(), 1, widened.data(), n, columns, expected.data());
        for (const GemmKernels& kernels : all_gemm_kernels()) {
          CAPTURE(kernels.name);
          kernels.float_rows({dtype, rows.data(), row_bytes, n, columns}, x.data(), y.data());
          CHECK(bits(y) == bits(expected));
        }
      }
    }
}

TEST_CASE("matmul: neither threads nor the layout of the rows change a bit") {
  // Enough for threads to share, with rows left over after the last tile.
  constexpr std::size_t kRows = 533, kColumns = 2048;
  for (const DType dtype : kLevelTypes) {
    CAPTURE(dtype_info(dtype).name);
    for (const std::size_t n : {1u, 6u}) {
      const WeightSample s{.dtype = dtype, .rows = kRows, .columns = kColumns, .n = n};
      const TensorView view{dtype, {kColumns, kRows}, s.weights};
      std::vector<float> expected(n * kRows), y(n * kRows);
      matmul(view, s.x, expected, n, 1);
      std::vector<std::uint8_t> interleaved(s.weights.size());
      for (const unsigned threads : {1u, 2u, 3u}) {
        matmul(view, s.x, y, n, threads);
        CHECK(bits(y) == bits(expected));
        if (!has_interleaved(dtype)) continue;
        interleave_rows(dtype, s.row_bytes(), s.weights, interleaved);
        const WeightMatrix w{{dtype, {kColumns, kRows}, interleaved}, RowLayout::interleaved16};
        std::fill(y.begin(), y.end(), 0.0f);
        matmul(w, s.x, y, n, threads);
        CHECK(bits(y) == bits(expected));
      }
    }
  }
}

}  // namespace
}  // namespace hart::tensor
