#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/gemm_tile_body.h"

// Sources of gemm_tile_body.h that read interleaved rows in place (interleave.h). `Simd` also
// gives halves_at (sixteen binary16 numbers), ByteRow (one byte a lane) and its operations.
// With one vector, `kStreams` tiles are read side by side where that was measured to pay.

namespace hart::tensor {
namespace {

constexpr std::size_t kWord = 4 * kTileRows;  ///< bytes of sixteen units of four
constexpr std::size_t kHalves = 2 * kTileRows;

template <typename Simd> struct InterleavedQ4_0 {
  static constexpr std::size_t kGroup = 32, kBytes = 18 * kTileRows;
  static constexpr int kTop = 15, kOffset = 8;
  static constexpr bool kHasMin = false;
  static constexpr std::size_t kStreams = 4;

  const std::uint8_t* tile;

  struct Group {
    const std::uint8_t* at;

    typename Simd::Bytes levels(std::size_t i) const noexcept {
      const auto both = Simd::load_bytes(at + kHalves + i % 4 * kWord);
      return Simd::template bits<4>(both, i < 4 ? 0 : 4);
    }
    typename Simd::Floats scale() const noexcept { return Simd::halves_at(at); }
    typename Simd::Floats min() const noexcept { return Simd::zero(); }
  };

  void prefetch(std::size_t g) const noexcept { Simd::prefetch(tile + g * kBytes, kBytes); }
  Group group(std::size_t g) const noexcept { return {tile + g * kBytes}; }
};

template <typename Simd> struct InterleavedQ8_0 {
  static constexpr std::size_t kGroup = 32, kBytes = 34 * kTileRows;
  static constexpr int kTop = 0, kOffset = 0;
  static constexpr bool kHasMin = false;
  static constexpr std::size_t kStreams = 4;

  const std::uint8_t* tile;

  struct Group {
    const std::uint8_t* at;

    typename Simd::Bytes levels(std::size_t i) const noexcept {
      return Simd::load_bytes(at + kHalves + i * kWord);
    }
    typename Simd::Floats scale() const noexcept { return Simd::halves_at(at); }
    typename Simd::Floats min() const noexcept { return Simd::zero(); }
  };

  void prefetch(std::size_t g) const noexcept { Simd::prefetch(tile + g * kBytes, kBytes); }
  Group group(std::size_t g) const noexcept { return {tile + g * kBytes}; }
};

template <typename Simd> struct InterleavedQ4K {
  static constexpr std::size_t kGroup = 32, kBytes = 144 * kTileRows;
  static constexpr int kTop = 15, kOffset = 0;
  static constexpr bool kHasMin = true;
  static constexpr std::size_t kStreams = 1;
  static constexpr std::size_t kScales = 2 * kHalves, kQuants = kScales + 12 * kTileRows;

  const std::uint8_t* tile;

  struct Group {
    const std::uint8_t* at;  ///< the sixteen blocks
    std::size_t k;           ///< the group in them

    typename Simd::Bytes levels(std::size_t i) const noexcept {
      const auto both = Simd::load_bytes(at + kQuants + (k / 2 * 8 + i) * kWord);
      return Simd::template bits<4>(both, static_cast<int>(k % 2 * 4));
    }
    // Six bits of each scale and min: the first four of both have them in a byte of their own,
    // the others four in a shared byte and two above the first ones.
    typename Simd::ByteRow packed(std::size_t j) const noexcept {
      return Simd::byte_row(at + kScales + j * kTileRows);
    }
    typename Simd::Floats scale() const noexcept {
      const auto own = k < 4 ? Simd::template row_bits<6>(packed(k), 0)
                             : Simd::join(Simd::template row_bits<4>(packed(k + 4), 0),
                                          Simd::template row_bits<2>(packed(k - 4), 6));
      return Simd::multiply(Simd::halves_at(at), Simd::unsigned_row(own));
    }
    typename Simd::Floats min() const noexcept {
      const auto own = k < 4 ? Simd::template row_bits<6>(packed(k + 4), 0)
                             : Simd::join(Simd::template row_bits<4>(packed(k + 4), 4),
                                          Simd::template row_bits<2>(packed(k), 6));
      return Simd::negate(
          Simd::multiply(Simd::halves_at(at + kHalves), Simd::unsigned_row(own)));
    }
  };

  void prefetch(std::size_t g) const noexcept {
    Simd::prefetch(tile + g * (kBytes / 8), kBytes / 8);
  }
  Group group(std::size_t g) const noexcept { return {tile + g / 8 * kBytes, g % 8}; }
};

template <typename Simd> struct InterleavedQ6K {
  static constexpr std::size_t kGroup = 16, kBytes = 210 * kTileRows;
  static constexpr int kTop = 63, kOffset = 32;
  static constexpr bool kHasMin = false;
  static constexpr std::size_t kStreams = 1;
  static constexpr std::size_t kHigh = 128 * kTileRows, kScales = 192 * kTileRows;

  const std::uint8_t* tile;

  struct Group {
    const std::uint8_t* at;  ///< the sixteen blocks
    std::size_t k;           ///< the group in them

    // A half of 128 elements has 16 words of nibbles, the lower ones for its first 64
    // elements, and 8 words that hold the upper bits of elements i, i + 32, i + 64 and i + 96.
    typename Simd::Bytes levels(std::size_t i) const noexcept {
      const std::size_t half = k / 8, run = k % 8;
      const auto low = Simd::load_bytes(at + (half * 16 + run % 4 * 4 + i) * kWord);
      const auto high = Simd::load_bytes(at + kHigh + (half * 8 + run % 2 * 4 + i) * kWord);
      return Simd::join(Simd::template bits<4>(low, static_cast<int>(run / 4 * 4)),
                        Simd::template bits<2>(high, static_cast<int>(run / 2 * 2)));
    }
    typename Simd::Floats scale() const noexcept {
      return Simd::multiply(Simd::halves_at(at + kScales + 16 * kTileRows),
                            Simd::signed_row(Simd::byte_row(at + kScales + k * kTileRows)));
    }
    typename Simd::Floats min() const noexcept { return Simd::zero(); }
  };

  void prefetch(std::size_t g) const noexcept {
    Simd::prefetch(tile + g * (kBytes / 16), kBytes / 16);
  }
  Group group(std::size_t g) const noexcept { return {tile + g / 16 * kBytes, g % 16}; }
};

/// All rows of `w`, which are whole interleaved tiles.
template <typename Simd, typename Source>
void multiply_interleaved(const WeightRows& w, const QuantizedRows& x, float* y,
                          std::size_t stride) noexcept {
  std::size_t row = 0;
  if constexpr (Source::kStreams == 4) {
    const std::size_t tile_bytes = kTileRows * w.row_bytes;
    for (; x.n == 1 && row + 4 * kTileRows <= w.n; row += 4 * kTileRows) {
      const std::uint8_t* at = w.bytes + row * w.row_bytes;
      const Source tiles[] = {
          {at}, {at + tile_bytes}, {at + 2 * tile_bytes}, {at + 3 * tile_bytes}};
      multiply_tiles<Simd, 4>(tiles, w.columns, x, y + row);
    }
  }
  for (; row < w.n; row += kTileRows)
    multiply_tile<Simd>(Source{w.bytes + row * w.row_bytes}, w.columns, x, kTileRows, y + row,
                        stride);
}

template <typename Simd>
void multiply_interleaved_rows(const WeightRows& w, const QuantizedRows& x, float* y,
                               std::size_t stride) noexcept {
  switch (w.dtype) {
    case DType::q4_0:
      return multiply_interleaved<Simd, InterleavedQ4_0<Simd>>(w, x, y, stride);
    case DType::q8_0:
      return multiply_interleaved<Simd, InterleavedQ8_0<Simd>>(w, x, y, stride);
    case DType::q4_k:
      return multiply_interleaved<Simd, InterleavedQ4K<Simd>>(w, x, y, stride);
    case DType::q6_k:
      return multiply_interleaved<Simd, InterleavedQ6K<Simd>>(w, x, y, stride);
    default:
      return;
  }
}

}  // namespace
}  // namespace hart::tensor
