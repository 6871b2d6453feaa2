#include "store/interleaved_extent.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <numeric>
#include <random>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/crc32c.h"
#include "crypto/merkle.h"
#include "faults.h"
#include "scratch.h"
#include "store/extent_reader.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;
using tensor::DType;
using test::fault_of;

constexpr DType kTypes[] = {DType::q4_0, DType::q8_0, DType::q4_k, DType::q6_k};

InterleavedForm rows_of_blocks(DType dtype, std::uint64_t blocks) {
  return {dtype, blocks * tensor::dtype_info(dtype).block_bytes};
}

ByteBuffer random_bytes(std::uint64_t size) {
  std::mt19937 random{7};
  ByteBuffer bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

ByteBuffer stored_form(const InterleavedForm& form, ByteView rows, unsigned threads = 1) {
  InterleavedPieces pieces{form, rows, threads};
  ByteBuffer stored;
  for (ByteView piece = pieces.next(); !piece.empty(); piece = pieces.next())
    append(stored, piece);
  return stored;
}

LocatedExtent located(ByteView rows, ByteView stored) {
  ExtentRecord extent;
  extent.codec = Codec::interleaved;
  extent.hash = crypto::block_root(rows);
  extent.hash_kind = HashKind::blocks;
  extent.decoded_bytes = rows.size();
  extent.stored_bytes = stored.size();
  extent.checksum = crypto::crc32c(stored);
  return {extent, stored, {}, {}};
}

bool holds(ByteView part, ByteView whole, std::uint64_t offset) {
  return std::equal(part.begin(), part.end(), whole.begin() + std::ptrdiff_t(offset));
}

std::string refusal_of(ByteView stored, std::uint64_t decoded_bytes) {
  try {
    const InterleavedRows rows{stored, decoded_bytes};
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    return error.what();
  }
  return "";
}

TEST_CASE("interleaved: rows of every type come back, whatever their number") {
  for (const DType dtype : kTypes)
    for (const std::uint64_t count : {16u, 17u, 31u, 32u, 100u}) {
      CAPTURE(tensor::dtype_info(dtype).name);
      CAPTURE(count);
      const InterleavedForm form = rows_of_blocks(dtype, 3);
      const ByteBuffer rows = random_bytes(count * form.row_bytes);
      const ByteBuffer stored = stored_form(form, rows);
      REQUIRE(stored.size() == kInterleavedHeaderBytes + rows.size());
      const LocatedExtent extent = located(rows, stored);
      ExtentDecoder decoder;
      ByteBuffer back(rows.size());
      decoder.decode(extent, back, true);
      CHECK(back == rows);
      CHECK(decoder.has_digest(extent));
      ByteBuffer permuted(rows.size());
      tensor::interleave_rows(dtype, form.row_bytes, rows, permuted);
      const InterleavedRows opened{stored, rows.size()};
      CHECK(std::equal(permuted.begin(), permuted.end(), opened.bytes().begin()));
      CHECK(opened.form().dtype == dtype);
      CHECK(opened.form().row_bytes == form.row_bytes);
    }
}

TEST_CASE("interleaved: any range is read, and from the tiles that hold it alone") {
  for (const DType dtype : kTypes) {
    CAPTURE(tensor::dtype_info(dtype).name);
    const InterleavedForm form = rows_of_blocks(dtype, 2);
    const std::uint64_t row = form.row_bytes;
    const std::uint64_t tile = 16 * row;
    const ByteBuffer rows = random_bytes(2 * tile + 5 * row);
    const ByteBuffer stored = stored_form(form, rows);
    const LocatedExtent extent = located(rows, stored);
    ExtentDecoder decoder;
    // At, before and after the borders of blocks, rows, tiles and of the rows without a tile.
    for (const std::uint64_t border :
         {std::uint64_t{2}, row / 2, row, 3 * row, tile, 2 * tile, 2 * tile + row})
      for (const std::uint64_t offset : {border - 2, border, border + 1})
        for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3},
                                         row, 2 * row + 7, tile + 1}) {
          CAPTURE(offset);
          CAPTURE(size);
          ByteBuffer part(std::min<std::uint64_t>(size, rows.size() - offset));
          decoder.decode_range(extent, offset, part);
          CHECK(holds(part, rows, offset));
        }
    const ByteView tiles = stored_range(extent, tile + 1, row);
    CHECK(tiles.data() == stored.data() + kInterleavedHeaderBytes + tile);
    CHECK(tiles.size() == tile);
    CHECK(stored_range(extent, 2 * tile, 1).size() == 5 * row);
    ByteBuffer beyond(2);
    CHECK(fault_of([&] { decoder.decode_range(extent, rows.size() - 1, beyond); }) ==
          Fault::data);
  }
}

TEST_CASE("interleaved: pieces are the same for any number of threads and tell what was read") {
  // More than two pieces of 8 MiB, and rows without a tile at the end.
  const InterleavedForm form = rows_of_blocks(DType::q8_0, 64);
  const ByteBuffer rows = random_bytes((16 * 500 + 3) * form.row_bytes);
  const ByteBuffer stored = stored_form(form, rows);
  CHECK(stored_form(form, rows, 3) == stored);
  std::uint64_t done = 0;
  std::size_t largest = 0;
  InterleavedPieces pieces{form, rows, 2, [&](std::uint64_t at, std::uint64_t size) {
                             CHECK(at == done);
                             done += size;
                           }};
  for (ByteView piece = pieces.next(); !piece.empty(); piece = pieces.next())
    largest = std::max(largest, piece.size());
  CHECK(done == rows.size());
  CHECK(largest <= std::size_t{8} << 20);
  ExtentDecoder decoder;
  LocatedExtent extent = located(rows, stored);
  CHECK(decoder.has_digest(extent));
  extent.extent.hash[0] ^= 1;
  CHECK_FALSE(decoder.has_digest(extent));
}

TEST_CASE("interleaved: what would not be whole tiles of whole blocks is not kept so") {
  CHECK(is_interleavable({DType::q8_0, 34}, 16 * 34));
  CHECK_FALSE(is_interleavable({DType::q8_0, 34}, 15 * 34));
  CHECK_FALSE(is_interleavable({DType::q8_0, 33}, 16 * 33));
  CHECK_FALSE(is_interleavable({DType::q8_0, 34}, 16 * 34 + 1));
  CHECK_FALSE(is_interleavable({DType::q8_0, 0}, 0));
  CHECK_FALSE(is_interleavable({DType::q5_0, 22}, 16 * 22));
  const std::uint64_t long_row = (std::uint64_t{1} << 20) / 34 * 34;
  CHECK_FALSE(is_interleavable({DType::q8_0, long_row}, 16 * long_row));
}

TEST_CASE("interleaved: a header that cannot be is refused, with what is wrong") {
  const InterleavedForm form{DType::q8_0, 34};
  const ByteBuffer rows = random_bytes(16 * 34);
  const ByteBuffer stored = stored_form(form, rows);
  REQUIRE(refusal_of(stored, rows.size()).empty());
  const auto with = [&](std::size_t offset, std::uint64_t value) {
    ByteBuffer damaged = stored;
    if (offset == 8)
      store_le(&damaged[offset], value);
    else
      store_le(&damaged[offset], static_cast<std::uint32_t>(value));
    return refusal_of(damaged, rows.size());
  };
  CHECK(with(0, 2).find("unknown version 2") != std::string::npos);
  CHECK(with(4, 6).find("type 6") != std::string::npos);
  CHECK(with(4, 777).find("type 777") != std::string::npos);
  for (const std::uint64_t row_bytes :
       {std::uint64_t{0}, std::uint64_t{33}, std::uint64_t{68}, std::uint64_t{16 * 34},
        ~std::uint64_t{0}, std::uint64_t{1} << 63})
    CHECK(with(8, row_bytes).find("not whole rows") != std::string::npos);
  CHECK(with(60, 1).find("not zero") != std::string::npos);
  CHECK(refusal_of(stored, rows.size() - 34).find("not a header") != std::string::npos);
  CHECK_FALSE(refusal_of(ByteView{stored}.first(63), rows.size()).empty());
  CHECK_FALSE(refusal_of({}, 0).empty());
}

TEST_CASE("interleaved: an extent whose header or bytes are damaged is not decoded") {
  const InterleavedForm form{DType::q4_0, 18};
  const ByteBuffer rows = random_bytes(20 * 18);
  ByteBuffer stored = stored_form(form, rows);
  const LocatedExtent extent = located(rows, stored);
  ExtentDecoder decoder;
  ByteBuffer back(rows.size());
  stored[70] ^= 1;
  CHECK(fault_of([&] { decoder.decode(extent, back); }) == Fault::data);
  CHECK_FALSE(decoder.has_digest(extent));
  stored[70] ^= 1;
  stored[4] ^= 1;
  CHECK(fault_of([&] { decoder.decode_range(extent, 0, back); }) == Fault::data);
  CHECK(fault_of([&] { (void)decoder.has_digest(extent); }) == Fault::data);
  CHECK(fault_of([&] { (void)stored_range(extent, 0, 1); }) == Fault::data);
}

TEST_CASE("interleaved: weights may be differences to an extent that lies so") {
  const InterleavedForm form{DType::q8_0, 34};
  const ByteBuffer rows = random_bytes(32 * 34);
  const ByteBuffer base = stored_form(form, rows);
  tensor::WeightEncoder encoder;
  ByteBuffer tuned = rows;
  tuned[100] ^= 1;
  const ByteView coded =
      encoder.encode_delta(DType::bf16, tuned, rows, tensor::WeightEffort::fast);
  REQUIRE_FALSE(coded.empty());
  LocatedExtent extent = located(tuned, coded);
  extent.extent.codec = Codec::weight_delta;
  const LocatedExtent base_extent = located(rows, base);
  extent.base = base_extent.extent;
  extent.base_stored = base;
  ExtentDecoder decoder;
  ByteBuffer back(tuned.size());
  decoder.decode(extent, back, true);
  CHECK(back == tuned);
}

TEST_CASE("interleaved: stored in pieces, aligned in the pack, and moved without decoding") {
  const Scratch scratch;
  fs::create_directory(scratch / "packs");
  Packs packs{scratch / "packs"};
  const InterleavedForm form = rows_of_blocks(DType::q6_k, 1);
  const ByteBuffer rows = random_bytes(33 * form.row_bytes);
  const ByteBuffer stored = stored_form(form, rows);
  packs.begin(0, 0);
  InterleavedPieces pieces{form, rows, 1};
  const ExtentRecord first =
      packs.append_pieces(located(rows, stored).extent, [&] { return pieces.next(); });
  CHECK(first.stored_bytes == stored.size());
  CHECK(first.checksum == crypto::crc32c(stored));
  const ExtentRecord moved = packs.append(first, packs.stored(first));
  packs.sync();
  packs.end(true);
  CHECK(moved.codec == Codec::interleaved);
  CHECK(moved.pack_offset > first.pack_offset);
  ExtentDecoder decoder;
  for (const ExtentRecord& extent : {first, moved}) {
    const ByteView bytes = packs.stored(extent);
    const InterleavedRows opened{bytes, rows.size()};
    CHECK(reinterpret_cast<std::uintptr_t>(opened.bytes().data()) % 64 == 0);
    const ExtentBytes back = read_located(decoder, {extent, bytes, {}, {}}, true);
    CHECK(std::equal(rows.begin(), rows.end(), back.bytes().begin(), back.bytes().end()));
  }
}

}  // namespace
}  // namespace hart::store
