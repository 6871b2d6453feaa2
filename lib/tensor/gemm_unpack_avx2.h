#pragma once

#if defined(__AVX2__) && defined(__F16C__)

#include "tensor/gemm_rows_avx2.h"
#include "tensor/gemm_tile_body.h"

// Products of rows as files have them: a few vectors row by row, more from a tile of rows that
// is unpacked once for all of them. For the files of the AVX2 and AVX-512 kernels, hence the
// unnamed namespace.

namespace hart::tensor {
namespace {

/// Eight rows of eight 32-bit units become eight columns.
void transpose(__m256i* rows) noexcept {
  __m256i pairs[8], fours[8];
  for (std::size_t i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_epi32(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  for (std::size_t i = 0; i < 8; i += 4)
    for (std::size_t k = 0; k < 2; ++k) {
      fours[i + 2 * k] = _mm256_unpacklo_epi64(pairs[i + k], pairs[i + k + 2]);
      fours[i + 2 * k + 1] = _mm256_unpackhi_epi64(pairs[i + k], pairs[i + k + 2]);
    }
  for (std::size_t i = 0; i < 4; ++i) {
    rows[i] = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x20);
    rows[i + 4] = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x31);
  }
}

/// Eight vectors as columns of a matrix of kTileRows a row.
void store_columns(__m256i* rows, std::uint8_t* out) noexcept {
  transpose(rows);
  for (std::size_t i = 0; i < 8; ++i)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i * 4 * kTileRows), rows[i]);
}

void store_numbers(const __m256* numbers, float* out) noexcept {
  __m256i rows[8];
  for (std::size_t r = 0; r < 8; ++r) rows[r] = _mm256_castps_si256(numbers[r]);
  store_columns(rows, reinterpret_cast<std::uint8_t*>(out));
}

/// Chunk `c` of eight rows into their half of the panel.
template <typename Block>
void unpack_chunk(const std::uint8_t* const* chunks, const PanelPlaces& places, std::size_t c,
                  std::size_t half) noexcept {
  constexpr std::size_t kRows = 8;
  for (std::size_t j = 0; j < kChunk / 32; ++j) {
    __m256i levels[kRows];
    for (std::size_t r = 0; r < kRows; ++r) levels[r] = Block::levels(chunks[r], j);
    store_columns(levels, places.levels + (c * kChunk + 32 * j) * kTileRows + 32 * half);
  }
  __m256 first[kRows], second[kRows];
  const std::size_t at = c * (kChunk / Block::kGroup) * kTileRows + kRows * half;
  const auto store = [&](const auto& numbers_of, float* out) {
    for (std::size_t r = 0; r < kRows; ++r) {
      const Numbers numbers = numbers_of(chunks[r]);
      first[r] = numbers.first;
      second[r] = numbers.second;
    }
    store_numbers(first, out + at);
    if constexpr (Block::kGroup == 16) store_numbers(second, out + at + 8 * kTileRows);
  };
  store(Block::scales, places.scales);
  if constexpr (Block::kHasMin) store(Block::mins, places.mins);
}

/// Unpacks the rows of a tile; when there are fewer than sixteen the last counts for the rest.
template <typename Block>
void unpack_tile(const WeightRows& w, const PanelPlaces& places) noexcept {
  std::uint8_t last[kTileRows][Block::kBytes];
  const std::size_t chunks = w.columns / kChunk;
  const bool is_cut = w.columns % kChunk != 0;
  for (std::size_t c = 0; c < chunks + (is_cut ? 1 : 0); ++c)
    for (std::size_t half = 0; half < 2; ++half) {
      const std::uint8_t* at[8];
      for (std::size_t r = 0; r < 8; ++r) {
        const std::size_t row = 8 * half + r < w.n ? 8 * half + r : w.n - 1;
        at[r] = w.bytes + row * w.row_bytes + c * Block::kBytes;
        if (c < chunks) continue;
        copy_last<Block>(w.bytes + row * w.row_bytes, w.columns, last[r]);
        at[r] = last[r];
      }
      unpack_chunk<Block>(at, places, c, half);
    }
}

template <typename Simd, typename Block>
void multiply_rows(const WeightRows& w, const QuantizedRows& x, float* y, std::size_t stride,
                   std::uint8_t* panel) noexcept {
  if (x.n < kTileVectors) return dot_rows<Block>(w, x, y, stride);
  const PanelPlaces places = panel_places(panel, w.columns, Block::kGroup);
  for (std::size_t row = 0; row < w.n; row += kTileRows) {
    const std::size_t n = w.n - row < kTileRows ? w.n - row : kTileRows;
    unpack_tile<Block>({w.dtype, w.bytes + row * w.row_bytes, w.row_bytes, n, w.columns},
                       places);
    multiply_tile<Simd>(PanelSource<Simd, Block>{places}, w.columns, x, n, y + row, stride);
  }
}

template <typename Simd>
void rows(const WeightRows& w, const QuantizedRows& x, float* y, std::size_t stride,
          std::uint8_t* panel) noexcept {
  switch (w.dtype) {
    case DType::q4_0:
      return multiply_rows<Simd, BlockQ4_0>(w, x, y, stride, panel);
    case DType::q4_1:
      return multiply_rows<Simd, BlockQ4_1>(w, x, y, stride, panel);
    case DType::q5_0:
      return multiply_rows<Simd, BlockQ5_0>(w, x, y, stride, panel);
    case DType::q5_1:
      return multiply_rows<Simd, BlockQ5_1>(w, x, y, stride, panel);
    case DType::q8_0:
      return multiply_rows<Simd, BlockQ8_0>(w, x, y, stride, panel);
    case DType::q2_k:
      return multiply_rows<Simd, BlockQ2K>(w, x, y, stride, panel);
    case DType::q3_k:
      return multiply_rows<Simd, BlockQ3K>(w, x, y, stride, panel);
    case DType::q4_k:
      return multiply_rows<Simd, BlockQ4K>(w, x, y, stride, panel);
    case DType::q5_k:
      return multiply_rows<Simd, BlockQ5K>(w, x, y, stride, panel);
    case DType::q6_k:
      return multiply_rows<Simd, BlockQ6K>(w, x, y, stride, panel);
    case DType::iq4_nl:
      return multiply_rows<Simd, BlockIq4Nl>(w, x, y, stride, panel);
    case DType::iq4_xs:
      return multiply_rows<Simd, BlockIq4Xs>(w, x, y, stride, panel);
    case DType::mxfp4:
      return multiply_rows<Simd, BlockMxfp4>(w, x, y, stride, panel);
    default:
      return;
  }
}

}  // namespace
}  // namespace hart::tensor

#endif
