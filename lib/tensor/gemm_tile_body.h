#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/gemm_kernels.h"

// The product of a tile of sixteen rows with some vectors, a row a lane, for any width of
// registers. Each file that includes this compiles it for its own instruction set, hence the
// unnamed namespace.
//
// `Simd` gives sixteen lanes: Bytes (sixteen groups of four), Ints and Floats with load_bytes,
// zero, broadcast, multiply, add, subtract, fused, to_floats and store_first, kVectors, and
// Products<top, group>, which adds up products of a group of levels from 0 to top (signed ones
// when top is 0) with activations, four at a time. `Source` reads the levels, scales and mins
// of a tile in some layout.

namespace hart::tensor {
namespace {

/// The activations of T vectors.
template <std::size_t T> struct Vectors {
  const std::int8_t* values[T];
  const float* scales[T];
  const std::int32_t* sums[T];
  const float* scaled_sums[T];
};

template <std::size_t T>
Vectors<T> vectors_at(const QuantizedRows& x, std::size_t first, std::size_t group) noexcept {
  Vectors<T> out;
  const std::size_t groups = x.columns / group;
  for (std::size_t t = 0; t < T; ++t) {
    const std::size_t i = first + t;
    out.values[t] = x.values + i * x.columns;
    out.scales[t] = x.scales + i * (x.columns / 32);
    out.sums[t] = (group == 16 ? x.sums_of_16 : x.sums_of_32) + i * groups;
    out.scaled_sums[t] = (group == 16 ? x.scaled_sums_of_16 : x.scaled_sums_of_32) + i * groups;
  }
  return out;
}

template <typename Simd, typename Source, std::size_t T>
inline __attribute__((always_inline)) void add_group(const Source& w, std::size_t g,
                                                     const Vectors<T>& x,
                                                     typename Simd::Floats* lanes) noexcept {
  using Products = typename Simd::template Products<Source::kTop, Source::kGroup>;
  constexpr std::size_t kGroup = Source::kGroup;
  Products products[T];
  // With several vectors the tile stays in the caches after the first few.
  if constexpr (T == 1) w.prefetch(g);
  const auto group = w.group(g);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kGroup / 4; ++i) {
    const typename Simd::Bytes levels = group.levels(i);
    const auto ready = Products::prepare(levels);
#pragma GCC unroll 8
    for (std::size_t t = 0; t < T; ++t)
      products[t].add(ready, x.values[t] + g * kGroup + 4 * i, i);
  }
  const typename Simd::Floats scale = group.scale();
  constexpr int kOffset = Source::kOffset + Products::kOffset;
#pragma GCC unroll 8
  for (std::size_t t = 0; t < T; ++t) {
    typename Simd::Ints sum = products[t].total();
    if constexpr (kOffset != 0)
      sum = Simd::subtract(sum, Simd::broadcast_times(x.sums[t] + g, kOffset));
    const typename Simd::Floats both =
        Simd::multiply(scale, Simd::broadcast(x.scales[t] + g * kGroup / 32));
    lanes[t] = Simd::fused(both, Simd::to_floats(sum), lanes[t]);
  }
  if constexpr (Source::kHasMin) {
    const typename Simd::Floats min = group.min();
#pragma GCC unroll 8
    for (std::size_t t = 0; t < T; ++t)
      lanes[t] = Simd::fused(min, Simd::broadcast(x.scaled_sums[t] + g), lanes[t]);
  }
}

constexpr std::size_t kSumLanes = 8;

/// Adds the lanes of a sum up into the first one.
template <typename Simd>
void add_halves_of_lanes(typename Simd::Floats* lanes, std::size_t step) noexcept {
  for (std::size_t half = kSumLanes / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k)
      lanes[k * step] = Simd::add(lanes[k * step], lanes[(k + half) * step]);
}

/// T vectors from `first` on, and the first `rows` of the sixteen rows.
template <typename Simd, std::size_t T, typename Source>
void multiply_some(const Source& w, std::size_t columns, const QuantizedRows& x,
                   std::size_t first, std::size_t rows, float* y, std::size_t stride) noexcept {
  const Vectors<T> vectors = vectors_at<T>(x, first, Source::kGroup);
  typename Simd::Floats lanes[kSumLanes][T];
  for (auto& lane : lanes)
    for (auto& sum : lane) sum = Simd::zero();
  const std::size_t groups = columns / Source::kGroup;
  for (std::size_t g = 0; g < groups; ++g)
    add_group<Simd, Source, T>(w, g, vectors, lanes[g % kSumLanes]);
  for (std::size_t t = 0; t < T; ++t) {
    add_halves_of_lanes<Simd>(&lanes[0][t], T);
    Simd::store_first(lanes[0][t], rows, y + (first + t) * stride);
  }
}

/// The vector of `x` that is the only one, with S tiles at once: memory is read faster from
/// several places than from one.
template <typename Simd, std::size_t S, typename Source>
void multiply_tiles(const Source* w, std::size_t columns, const QuantizedRows& x,
                    float* y) noexcept {
  const Vectors<1> vector = vectors_at<1>(x, 0, Source::kGroup);
  typename Simd::Floats lanes[S][kSumLanes];
  for (auto& tile : lanes)
    for (auto& lane : tile) lane = Simd::zero();
  const std::size_t groups = columns / Source::kGroup;
  for (std::size_t g = 0; g < groups; ++g)
    for (std::size_t s = 0; s < S; ++s)
      add_group<Simd, Source, 1>(w[s], g, vector, &lanes[s][g % kSumLanes]);
  for (std::size_t s = 0; s < S; ++s) {
    add_halves_of_lanes<Simd>(lanes[s], 1);
    Simd::store_first(lanes[s][0], kTileRows, y + s * kTileRows);
  }
}

/// All vectors of `x`, Simd::kVectors (4 or 8) at a time.
template <typename Simd, typename Source>
void multiply_tile(const Source& w, std::size_t columns, const QuantizedRows& x,
                   std::size_t rows, float* y, std::size_t stride) noexcept {
  constexpr std::size_t kMost = Simd::kVectors;
  std::size_t i = 0;
  for (; i + kMost <= x.n; i += kMost)
    multiply_some<Simd, kMost>(w, columns, x, i, rows, y, stride);
  if constexpr (kMost > 4)
    for (; i + 4 <= x.n; i += 4) multiply_some<Simd, 4>(w, columns, x, i, rows, y, stride);
  if (x.n - i == 3) multiply_some<Simd, 3>(w, columns, x, i, rows, y, stride);
  if (x.n - i == 2) multiply_some<Simd, 2>(w, columns, x, i, rows, y, stride);
  if (x.n - i == 1) multiply_some<Simd, 1>(w, columns, x, i, rows, y, stride);
}

/// The panel that a tile of rows in the order of files is unpacked into: for each four levels
/// of a row those of all sixteen rows, then for each group the sixteen scales, then the mins.
struct PanelPlaces {
  std::uint8_t* levels;
  float* scales;
  float* mins;
};

inline PanelPlaces panel_places(std::uint8_t* panel, std::size_t columns,
                                std::size_t group) noexcept {
  const std::size_t padded = (columns + kChunk - 1) / kChunk * kChunk;
  auto* scales = reinterpret_cast<float*>(panel + padded * kTileRows);
  return {panel, scales, scales + padded / group * kTileRows};
}

template <typename Simd, typename Block> struct PanelSource {
  static constexpr std::size_t kGroup = Block::kGroup;
  static constexpr int kTop = Block::kTop, kOffset = Block::kOffset;
  static constexpr bool kHasMin = Block::kHasMin;

  PanelPlaces places;

  struct Group {
    const std::uint8_t* at;
    const float* scales;
    const float* mins;

    typename Simd::Bytes levels(std::size_t i) const noexcept {
      return Simd::load_bytes(at + i * 4 * kTileRows);
    }
    typename Simd::Floats scale() const noexcept { return Simd::load_floats(scales); }
    typename Simd::Floats min() const noexcept { return Simd::load_floats(mins); }
  };

  void prefetch(std::size_t /*g*/) const noexcept {}
  Group group(std::size_t g) const noexcept {
    return {places.levels + g * kGroup * kTileRows, places.scales + g * kTileRows,
            places.mins + g * kTileRows};
  }
};

}  // namespace
}  // namespace hart::tensor
