#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bytes.h"
#include "store/packs.h"
#include "tensor/interleave.h"

namespace hart::store {

// The stored bytes of Codec::interleaved: a header of 64 bytes, little-endian — version (u32,
// 1), type of the elements (u32, as tensor::DType), bytes of a row (u64), zeros — and then the
// rows as tensor/interleave.h permutes them. What follows the header is as aligned as the
// extent, so it runs from the mapping.

inline constexpr std::size_t kInterleavedHeaderBytes = 64;

/// The matrix that an interleaved extent holds.
struct InterleavedForm {
  tensor::DType dtype = tensor::DType::q8_0;
  std::uint64_t row_bytes = 0;
};

/// Whether a matrix of `bytes` bytes is kept so: a type that has_interleaved, whole rows of
/// whole blocks, at least sixteen of them, and sixteen take no more than 8 MiB, which bounds
/// the memory of whoever permutes them.
[[nodiscard]] bool is_interleavable(const InterleavedForm& form, std::uint64_t bytes) noexcept;

[[nodiscard]] std::array<std::uint8_t, kInterleavedHeaderBytes> interleaved_header(
    const InterleavedForm& form) noexcept;

/// The form that the header of stored bytes says. Throws Error(data) when it is none, or
/// `decoded_bytes` are not is_interleavable so.
[[nodiscard]] InterleavedForm parse_interleaved_header(
    std::span<const std::uint8_t, kInterleavedHeaderBytes> header, std::uint64_t decoded_bytes);

/// A run of permuted bytes, from `offset` after the header on.
struct TileRange {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};
/// The whole tiles that hold bytes [offset, offset + size) of a matrix of `decoded_bytes`
/// bytes; the rows after the last whole tile are their own.
[[nodiscard]] TileRange tile_range(const InterleavedForm& form, std::uint64_t decoded_bytes,
                                   std::uint64_t offset, std::uint64_t size) noexcept;

/// Gives the stored bytes of rows as files have them, in pieces. Memory: about 8 MiB.
class InterleavedPieces {
 public:
  /// `rows` must be is_interleavable as `form` and stay where they are. Each piece is permuted
  /// by up to `threads` threads; `read` is called with what of `rows` is no longer needed.
  InterleavedPieces(const InterleavedForm& form, ByteView rows, unsigned threads,
                    Packs::Written read = {});

  /// The next piece, valid until the next call; empty at the end.
  [[nodiscard]] ByteView next();

 private:
  InterleavedForm form_;
  std::array<std::uint8_t, kInterleavedHeaderBytes> header_;
  ByteView rows_;
  unsigned threads_;
  Packs::Written read_;
  ByteBuffer piece_;
  std::uint64_t done_ = 0;  ///< bytes of the rows that were given
  bool header_given_ = false;
};

/// The stored bytes of an interleaved extent, taken apart: its rows lie as
/// tensor::RowLayout::interleaved16 says.
class InterleavedRows {
 public:
  /// Throws Error(data) unless `stored` is a header that is_interleavable with `decoded_bytes`
  /// and that many bytes.
  InterleavedRows(ByteView stored, std::uint64_t decoded_bytes);
  /// Some tiles of a matrix that is_interleavable as `form`: `tiles` are the permuted bytes
  /// from `first` on, which begins a tile. What is asked of them must lie in them.
  InterleavedRows(const InterleavedForm& form, std::uint64_t decoded_bytes, ByteView tiles,
                  std::uint64_t first) noexcept;

  [[nodiscard]] const InterleavedForm& form() const noexcept { return form_; }
  /// The permuted bytes, without the header.
  [[nodiscard]] ByteView bytes() const noexcept { return bytes_; }

  /// Bytes [offset, offset + out.size()) of the rows as files have them, which must exist.
  void decode(std::uint64_t offset, std::span<std::uint8_t> out) const noexcept;
  /// The permuted bytes that hold them: whole tiles.
  [[nodiscard]] ByteView tiles(std::uint64_t offset, std::uint64_t size) const noexcept;

 private:
  /// The same within row `row` of the tile that begins at `tile`.
  void decode_row(std::uint64_t tile, std::size_t row, std::uint64_t offset,
                  std::span<std::uint8_t> out) const noexcept;

  InterleavedForm form_;
  ByteView bytes_;
  std::uint64_t first_ = 0;  ///< where bytes_ begin among all permuted bytes
  std::uint64_t tile_bytes_ = 0;
  std::uint64_t tiled_bytes_ = 0;  ///< of all whole tiles
};

}  // namespace hart::store
