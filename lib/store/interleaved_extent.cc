#include "store/interleaved_extent.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/endian.h"
#include "core/error.h"
#include "core/parallel.h"

namespace hart::store {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kTileRows = 16;
constexpr std::uint64_t kPieceBytes = std::uint64_t{8} << 20;
constexpr std::size_t kLargestBlock = 256;

Error damaged(const std::string& what) {
  return Error{Fault::data, "interleaved rows: " + what};
}

}  // namespace

InterleavedForm parse_interleaved_header(
    std::span<const std::uint8_t, kInterleavedHeaderBytes> header,
    std::uint64_t decoded_bytes) {
  const auto version = load_le<std::uint32_t>(header.data());
  if (version != kVersion) throw damaged("unknown version " + std::to_string(version));
  const auto id = load_le<std::uint32_t>(header.data() + 4);
  const auto dtype = tensor::find_dtype(id);
  if (!dtype || !tensor::has_interleaved(*dtype))
    throw damaged("type " + std::to_string(id) + " is not kept so");
  if (std::any_of(header.begin() + 16, header.end(), [](auto byte) { return byte != 0; }))
    throw damaged("the end of the header is not zero");
  const InterleavedForm form{*dtype, load_le<std::uint64_t>(header.data() + 8)};
  if (!is_interleavable(form, decoded_bytes))
    throw damaged(std::to_string(decoded_bytes) + " bytes are not whole rows of " +
                  std::to_string(form.row_bytes) + " bytes, sixteen or more");
  return form;
}

TileRange tile_range(const InterleavedForm& form, std::uint64_t decoded_bytes,
                     std::uint64_t offset, std::uint64_t size) noexcept {
  const std::uint64_t tile = kTileRows * form.row_bytes;
  const std::uint64_t first = offset / tile * tile;
  const std::uint64_t last = (offset + size + tile - 1) / tile * tile;
  return {first, std::min(last, decoded_bytes) - first};
}

bool is_interleavable(const InterleavedForm& form, std::uint64_t bytes) noexcept {
  return tensor::has_interleaved(form.dtype) && form.row_bytes > 0 &&
         form.row_bytes <= kPieceBytes / kTileRows &&
         form.row_bytes % tensor::dtype_info(form.dtype).block_bytes == 0 &&
         bytes % form.row_bytes == 0 && bytes / form.row_bytes >= kTileRows;
}

std::array<std::uint8_t, kInterleavedHeaderBytes> interleaved_header(
    const InterleavedForm& form) noexcept {
  std::array<std::uint8_t, kInterleavedHeaderBytes> header{};
  store_le(header.data(), kVersion);
  store_le(header.data() + 4, static_cast<std::uint32_t>(form.dtype));
  store_le(header.data() + 8, form.row_bytes);
  return header;
}

InterleavedPieces::InterleavedPieces(const InterleavedForm& form, ByteView rows,
                                     unsigned threads, Packs::Written read)
    : form_{form},
      header_{interleaved_header(form)},
      rows_{rows},
      threads_{threads},
      read_{std::move(read)} {
  if (!is_interleavable(form, rows.size()))
    throw Error{Fault::internal, "these rows are not kept interleaved"};
}

ByteView InterleavedPieces::next() {
  if (!std::exchange(header_given_, true)) return header_;
  const std::uint64_t tile_bytes = kTileRows * form_.row_bytes;
  const std::uint64_t size =
      std::min<std::uint64_t>(kPieceBytes / tile_bytes * tile_bytes, rows_.size() - done_);
  const ByteView from = rows_.subspan(done_, size);
  piece_.resize(size);
  // The rows after the last whole tile go with the last tile, as they are.
  const std::uint64_t tiles = (size + tile_bytes - 1) / tile_bytes;
  parallel_for(tiles, 1, threads_, [&](std::size_t begin, std::size_t end) {
    const std::uint64_t first = begin * tile_bytes;
    const std::uint64_t count = std::min<std::uint64_t>(end * tile_bytes, size) - first;
    tensor::interleave_rows(form_.dtype, form_.row_bytes, from.subspan(first, count),
                            std::span{piece_}.subspan(first, count));
  });
  if (read_ && size > 0) read_(done_, size);
  done_ += size;
  return piece_;
}

InterleavedRows::InterleavedRows(ByteView stored, std::uint64_t decoded_bytes) {
  if (stored.size() < kInterleavedHeaderBytes ||
      stored.size() - kInterleavedHeaderBytes != decoded_bytes)
    throw damaged(std::to_string(stored.size()) + " bytes are not a header and " +
                  std::to_string(decoded_bytes) + " bytes");
  *this = {parse_interleaved_header(stored.first<kInterleavedHeaderBytes>(), decoded_bytes),
           decoded_bytes, stored.subspan(kInterleavedHeaderBytes), 0};
}

InterleavedRows::InterleavedRows(const InterleavedForm& form, std::uint64_t decoded_bytes,
                                 ByteView tiles, std::uint64_t first) noexcept
    : form_{form},
      bytes_{tiles},
      first_{first},
      tile_bytes_{kTileRows * form.row_bytes},
      tiled_bytes_{decoded_bytes / tile_bytes_ * tile_bytes_} {}

void InterleavedRows::decode(std::uint64_t offset, std::span<std::uint8_t> out) const noexcept {
  while (!out.empty() && offset < tiled_bytes_) {
    const std::uint64_t within = offset % tile_bytes_;
    const std::uint64_t row = within / form_.row_bytes;
    const std::uint64_t in_row = within % form_.row_bytes;
    const std::uint64_t count = std::min<std::uint64_t>(form_.row_bytes - in_row, out.size());
    decode_row(offset - within, row, in_row, out.first(count));
    offset += count;
    out = out.subspan(count);
  }
  if (!out.empty()) std::copy_n(bytes_.data() + (offset - first_), out.size(), out.data());
}

void InterleavedRows::decode_row(std::uint64_t tile, std::size_t row, std::uint64_t offset,
                                 std::span<std::uint8_t> out) const noexcept {
  const std::size_t block = tensor::dtype_info(form_.dtype).block_bytes;
  std::array<std::uint8_t, kLargestBlock> part;
  while (!out.empty()) {
    const std::uint64_t within = offset % block;
    const std::uint64_t count = std::min<std::uint64_t>(block - within, out.size());
    const std::uint8_t* blocks =
        bytes_.data() + (tile - first_) + (offset - within) * kTileRows;
    if (count == block) {
      tensor::extract_block(form_.dtype, blocks, row, out.data());
    } else {
      tensor::extract_block(form_.dtype, blocks, row, part.data());
      std::copy_n(part.data() + within, count, out.data());
    }
    offset += count;
    out = out.subspan(count);
  }
}

ByteView InterleavedRows::tiles(std::uint64_t offset, std::uint64_t size) const noexcept {
  const TileRange range = tile_range(form_, first_ + bytes_.size(), offset, size);
  return bytes_.subspan(range.offset - first_, range.bytes);
}

}  // namespace hart::store
