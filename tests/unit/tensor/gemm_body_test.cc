#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "float_samples.h"
#include "tensor/convert.h"
#include "tensor/gemm_interleaved_body.h"
#include "tensor/gemm_samples.h"
#include "tensor/gemm_tile_body.h"
#include "tensor/interleave.h"
#include "tensor/quantized_buffer.h"

namespace hart::tensor {
namespace {

/// The sixteen lanes of gemm_tile_body.h as plain arrays, with products as VPDPBUSD makes them:
/// what the AVX-512 kernels compute, on machines that have no AVX-512.
struct SimdArray {
  using Bytes = std::array<std::uint8_t, 64>;
  using Ints = std::array<std::int32_t, 16>;
  using Floats = std::array<float, 16>;
  using ByteRow = std::array<std::uint8_t, 16>;

  static constexpr std::size_t kVectors = 8;

  static void prefetch(const std::uint8_t* /*at*/, std::size_t /*bytes*/) {}
  template <typename T> static T copy(const void* at) {
    T out;
    std::memcpy(&out, at, sizeof out);
    return out;
  }
  template <typename T, typename Map> static T map(Map element) {
    T out;
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<typename T::value_type>(element(i));
    return out;
  }
  static Bytes load_bytes(const std::uint8_t* at) { return copy<Bytes>(at); }
  template <int count> static Bytes bits(const Bytes& a, int shift) {
    return map<Bytes>([&](std::size_t i) { return a[i] >> shift & ((1 << count) - 1); });
  }
  static ByteRow byte_row(const std::uint8_t* at) { return copy<ByteRow>(at); }
  template <int count> static ByteRow row_bits(const ByteRow& a, int shift) {
    return map<ByteRow>([&](std::size_t i) { return a[i] >> shift & ((1 << count) - 1); });
  }
  template <typename T> static T join(const T& low, const T& above) {
    return map<T>([&](std::size_t i) { return low[i] | above[i] << 4; });
  }
  static Floats unsigned_row(const ByteRow& a) {
    return map<Floats>([&](std::size_t i) { return a[i]; });
  }
  static Floats signed_row(const ByteRow& a) {
    return map<Floats>([&](std::size_t i) { return static_cast<std::int8_t>(a[i]); });
  }
  static Floats zero() { return {}; }
  static Floats broadcast(const float* at) {
    return map<Floats>([&](std::size_t) { return *at; });
  }
  static Ints broadcast_times(const std::int32_t* at, int factor) {
    return map<Ints>([&](std::size_t) { return *at * factor; });
  }
  static Floats load_floats(const float* at) { return copy<Floats>(at); }
  static Floats halves_at(const std::uint8_t* at) {
    return map<Floats>(
        [&](std::size_t i) { return f16_to_f32(copy<std::uint16_t>(at + 2 * i)); });
  }
  static Floats multiply(const Floats& a, const Floats& b) {
    return map<Floats>([&](std::size_t i) { return a[i] * b[i]; });
  }
  static Floats add(const Floats& a, const Floats& b) {
    return map<Floats>([&](std::size_t i) { return a[i] + b[i]; });
  }
  static Floats fused(const Floats& a, const Floats& b, const Floats& c) {
    return map<Floats>([&](std::size_t i) { return std::fma(a[i], b[i], c[i]); });
  }
  static Floats negate(const Floats& a) {
    return map<Floats>([&](std::size_t i) { return -a[i]; });
  }
  static Ints subtract(const Ints& a, const Ints& b) {
    return map<Ints>([&](std::size_t i) { return a[i] - b[i]; });
  }
  static Floats to_floats(const Ints& a) {
    return map<Floats>([&](std::size_t i) { return a[i]; });
  }
  static void store_first(const Floats& a, std::size_t n, float* out) {
    std::copy_n(a.begin(), n, out);
  }

  template <int top, std::size_t group> struct Products {
    static constexpr int kOffset = top == 0 ? 128 : 0;
    Ints sums{};

    static Bytes prepare(const Bytes& levels) {
      return map<Bytes>([&](std::size_t i) { return levels[i] ^ (top == 0 ? 0x80 : 0); });
    }
    void add(const Bytes& levels, const std::int8_t* x, std::size_t /*i*/) {
      for (std::size_t lane = 0; lane < 16; ++lane)
        for (std::size_t k = 0; k < 4; ++k) sums[lane] += levels[4 * lane + k] * x[k];
    }
    Ints total() const { return sums; }
  };
};

/// Random weights, quantised activations and the scalar kernels' products of them.
struct Sample {
  Sample(DType type, std::size_t row_count, std::size_t column_count, std::size_t n)
      : dtype{type}, rows{row_count}, columns{column_count} {
    const GemmKernels scalar = scalar_gemm_kernels();
    weights = random_blocks(dtype, rows, columns, 1);
    const std::vector<float> values = normal_floats(n * columns, 2);
    x.resize(n, columns);
    for (std::size_t i = 0; i < n; ++i)
      scalar.quantize(&values[i * columns], columns, x.view(), i);
    expected.resize(n * rows);
    scalar.rows(as_rows(weights), x.view(), expected.data(), rows, nullptr);
  }

  [[nodiscard]] WeightRows as_rows(const std::vector<std::uint8_t>& bytes) const {
    return {dtype, bytes.data(), bytes.size() / rows, rows, columns};
  }

  DType dtype;
  std::size_t rows, columns;
  std::vector<std::uint8_t> weights;
  QuantizedBuffer x;
  std::vector<float> expected;
};

TEST_CASE("gemm bodies: interleaved rows give the scalar bits with products of VPDPBUSD") {
  for (const DType dtype : kLevelTypes) {
    if (!has_interleaved(dtype)) continue;
    CAPTURE(dtype_info(dtype).name);
    for (const std::size_t n : {1u, 3u, 4u, 13u}) {
      CAPTURE(n);
      const Sample s{dtype, 80, 512, n};
      std::vector<std::uint8_t> interleaved(s.weights.size());
      interleave_rows(dtype, s.weights.size() / s.rows, s.weights, interleaved);
      std::vector<float> y(n * s.rows);
      multiply_interleaved_rows<SimdArray>(s.as_rows(interleaved), s.x.view(), y.data(),
                                           s.rows);
      CHECK(bits(y) == bits(s.expected));
    }
  }
}

/// What a type's levels look like in a panel.
template <DType type, std::size_t group, int top, int offset, bool has_min> struct PanelType {
  static constexpr DType kType = type;
  static constexpr std::size_t kGroup = group;
  static constexpr int kTop = top, kOffset = offset;
  static constexpr bool kHasMin = has_min;
};

/// A panel made from the parts of the blocks, one level at a time.
template <typename Type> std::vector<float> panel_products(const Sample& s) {
  const LevelLayout layout = level_layout(Type::kType);
  std::vector<float> room(panel_bytes(s.columns) / sizeof(float));
  const PanelPlaces places =
      panel_places(reinterpret_cast<std::uint8_t*>(room.data()), s.columns, Type::kGroup);
  std::vector<std::int8_t> levels(layout.block_elements);
  std::vector<float> scales(layout.block_elements / layout.group), mins(scales.size());
  for (std::size_t row = 0; row < kTileRows; ++row)
    for (std::size_t i = 0; i < s.columns; ++i) {
      const std::size_t from = row < s.rows ? row : s.rows - 1,
                        in_block = i % layout.block_elements;
      const std::uint8_t* block = &s.weights[from * (s.weights.size() / s.rows) +
                                             i / layout.block_elements * layout.block_bytes];
      if (in_block == 0)
        unpack_levels(Type::kType, block, levels.data(), scales.data(), mins.data());
      places.levels[i / 4 * 4 * kTileRows + row * 4 + i % 4] =
          static_cast<std::uint8_t>(levels[in_block] + Type::kOffset);
      places.scales[i / layout.group * kTileRows + row] = scales[in_block / layout.group];
      places.mins[i / layout.group * kTileRows + row] = mins[in_block / layout.group];
    }
  const std::size_t n = s.x.view().n;
  std::vector<float> y(n * s.rows);
  multiply_tile<SimdArray>(PanelSource<SimdArray, Type>{places}, s.columns, s.x.view(), s.rows,
                           y.data(), s.rows);
  return y;
}

template <typename Type> void check_panel() {
  CAPTURE(dtype_info(Type::kType).name);
  for (const std::size_t rows : {1u, 13u, 16u})
    for (const std::size_t n : {4u, 8u, 15u}) {
      const Sample s{Type::kType, rows, 512, n};
      CHECK(bits(panel_products<Type>(s)) == bits(s.expected));
    }
}

TEST_CASE("gemm bodies: a panel gives the scalar bits with products of VPDPBUSD") {
  check_panel<PanelType<DType::q4_0, 32, 15, 8, false>>();
  check_panel<PanelType<DType::q5_1, 32, 31, 0, true>>();
  check_panel<PanelType<DType::q8_0, 32, 0, 0, false>>();
  check_panel<PanelType<DType::q2_k, 16, 3, 0, true>>();
  check_panel<PanelType<DType::q4_k, 32, 15, 0, true>>();
  check_panel<PanelType<DType::q6_k, 16, 63, 32, false>>();
  check_panel<PanelType<DType::iq4_xs, 32, 0, 0, false>>();
  check_panel<PanelType<DType::mxfp4, 32, 24, 12, false>>();
}

}  // namespace
}  // namespace hart::tensor
