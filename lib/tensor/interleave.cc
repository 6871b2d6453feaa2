#include "tensor/interleave.h"

#include <cstring>
#include <string>
#include <type_traits>

#include "core/error.h"
#include "tensor/gemm_kernels.h"

namespace hart::tensor {
namespace {

/// `count` units of `unit` bytes, 1, 2 or 4, one after the other in a block.
struct Field {
  std::size_t unit;
  std::size_t count;
};

/// The fields of a block in their order (ggml-common.h).
std::span<const Field> fields_of(DType dtype) noexcept {
  static constexpr Field kQ4_0[] = {{2, 1}, {4, 4}};
  static constexpr Field kQ8_0[] = {{2, 1}, {4, 8}};
  static constexpr Field kQ4K[] = {{2, 2}, {1, 12}, {4, 32}};
  static constexpr Field kQ6K[] = {{4, 32}, {4, 16}, {1, 16}, {2, 1}};
  switch (dtype) {
    case DType::q4_0:
      return kQ4_0;
    case DType::q8_0:
      return kQ8_0;
    case DType::q4_k:
      return kQ4K;
    case DType::q6_k:
      return kQ6K;
    default:
      return {};
  }
}

/// Calls copy(place in the row's block, place in the tile's, unit) for each unit of row `row`.
/// The unit is a constant, so that copying one is a single load and store.
template <typename Copy>
void for_units(std::span<const Field> fields, std::size_t row, Copy copy) noexcept {
  std::size_t at = 0;
  const auto copy_field = [&](auto unit, std::size_t count) {
    for (std::size_t u = 0; u < count; ++u, at += unit)
      copy(at, at * kTileRows + row * unit, unit);
  };
  for (const Field& field : fields) {
    if (field.unit == 1) {
      copy_field(std::integral_constant<std::size_t, 1>{}, field.count);
    } else if (field.unit == 2) {
      copy_field(std::integral_constant<std::size_t, 2>{}, field.count);
    } else {
      copy_field(std::integral_constant<std::size_t, 4>{}, field.count);
    }
  }
}

std::size_t require_rows(DType dtype, std::size_t row_bytes, std::size_t bytes) {
  if (!has_interleaved(dtype))
    throw Error{Fault::data, "rows of type " + std::string{dtype_info(dtype).name} +
                                 " are not interleaved: q4_0, q8_0, q4_k and q6_k are"};
  if (row_bytes == 0 || row_bytes % dtype_info(dtype).block_bytes != 0 ||
      bytes % row_bytes != 0)
    throw Error{Fault::usage, "interleaved rows: " + std::to_string(bytes) +
                                  " bytes are not whole rows of " + std::to_string(row_bytes) +
                                  " bytes"};
  return bytes / row_bytes;
}

/// Calls copy(byte among rows, byte among interleaved rows, count) for all bytes.
template <typename Copy>
void for_bytes(DType dtype, std::size_t row_bytes, std::size_t rows, Copy copy) {
  const std::size_t block = dtype_info(dtype).block_bytes;
  const std::size_t tiled = rows / kTileRows * kTileRows;
  const std::span<const Field> fields = fields_of(dtype);
  for (std::size_t first = 0; first < tiled; first += kTileRows)
    for (std::size_t b = 0; b < row_bytes; b += block)
      for (std::size_t row = 0; row < kTileRows; ++row)
        for_units(fields, row, [&](std::size_t from, std::size_t to, auto n) {
          copy((first + row) * row_bytes + b + from, first * row_bytes + b * kTileRows + to, n);
        });
  copy(tiled * row_bytes, tiled * row_bytes, (rows - tiled) * row_bytes);
}

void require_room(std::size_t have, std::size_t need) {
  if (have != need)
    throw Error{Fault::usage, "interleaved rows: room for " + std::to_string(have) +
                                  " bytes, not " + std::to_string(need)};
}

}  // namespace

bool has_interleaved(DType dtype) noexcept {
  return !fields_of(dtype).empty();
}

void interleave_rows(DType dtype, std::size_t row_bytes, ByteView rows,
                     std::span<std::uint8_t> out) {
  const std::size_t n = require_rows(dtype, row_bytes, rows.size());
  require_room(out.size(), rows.size());
  for_bytes(dtype, row_bytes, n, [&](std::size_t from, std::size_t to, auto count) {
    if (count > 0) std::memcpy(&out[to], &rows[from], count);
  });
}

void deinterleave_rows(DType dtype, std::size_t row_bytes, ByteView interleaved,
                       std::span<std::uint8_t> out) {
  const std::size_t n = require_rows(dtype, row_bytes, interleaved.size());
  require_room(out.size(), interleaved.size());
  for_bytes(dtype, row_bytes, n, [&](std::size_t to, std::size_t from, auto count) {
    if (count > 0) std::memcpy(&out[to], &interleaved[from], count);
  });
}

void extract_row(DType dtype, std::size_t row_bytes, ByteView interleaved, std::size_t row,
                 std::span<std::uint8_t> out) {
  const std::size_t n = require_rows(dtype, row_bytes, interleaved.size());
  require_room(out.size(), row_bytes);
  if (row >= n)
    throw Error{Fault::usage, "interleaved rows: no row " + std::to_string(row) + " among " +
                                  std::to_string(n)};
  if (row >= n / kTileRows * kTileRows) {
    std::memcpy(out.data(), &interleaved[row * row_bytes], row_bytes);
    return;
  }
  const std::size_t block = dtype_info(dtype).block_bytes;
  const std::size_t first = row / kTileRows * kTileRows * row_bytes;
  for (std::size_t b = 0; b < row_bytes; b += block)
    extract_block(dtype, &interleaved[first + b * kTileRows], row % kTileRows, &out[b]);
}

void extract_block(DType dtype, const std::uint8_t* blocks, std::size_t row,
                   std::uint8_t* out) noexcept {
  for_units(fields_of(dtype), row, [&](std::size_t to, std::size_t from, auto unit) {
    std::memcpy(out + to, blocks + from, unit);
  });
}

}  // namespace hart::tensor
