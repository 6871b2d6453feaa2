#include "store/extent_reader.h"

#include <zstd.h>

#include <algorithm>
#include <string>

#include "core/error.h"
#include "crypto/crc32c.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "store/interleaved_extent.h"

namespace hart::store {
namespace {

Error damaged(const ExtentRecord& extent, const std::string& what) {
  return Error{Fault::data, "extent " + std::to_string(extent.extent_id) + " in pack " +
                                std::to_string(extent.pack_id) + " at offset " +
                                std::to_string(extent.pack_offset) + ": " + what};
}

bool is_raw(Codec codec) noexcept {
  return codec == Codec::raw || codec == Codec::linked;
}

InterleavedRows interleaved_rows(const ExtentRecord& extent, ByteView stored) {
  try {
    return {stored, extent.decoded_bytes};
  } catch (const Error& error) {
    throw damaged(extent, error.what());
  }
}

void check_range(const ExtentRecord& extent, std::uint64_t offset, std::uint64_t size) {
  if (offset > extent.decoded_bytes || size > extent.decoded_bytes - offset)
    throw damaged(extent, "is shorter than what is asked of it");
}

void check_checksum(const ExtentRecord& extent, ByteView stored) {
  if (crypto::crc32c(stored) != extent.checksum)
    throw damaged(extent, "is damaged: its checksum differs");
}

void decode_raw(const ExtentRecord& extent, ByteView stored, std::span<std::uint8_t> out) {
  if (stored.size() != out.size()) throw damaged(extent, "has two sizes");
  std::copy(stored.begin(), stored.end(), out.begin());
}

void decode_zstd(const ExtentRecord& extent, ByteView stored, std::span<std::uint8_t> out) {
  const std::size_t size =
      ZSTD_decompress(out.data(), out.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) != 0 || size != out.size()) throw damaged(extent, "cannot be decoded");
}

}  // namespace

bool has_extent_hash(const ExtentRecord& extent, ByteView bytes) {
  return (extent.hash_kind == HashKind::blocks ? crypto::block_root(bytes)
                                               : crypto::sha256(bytes)) == extent.hash;
}

ByteView stored_range(const LocatedExtent& located, std::uint64_t offset, std::uint64_t size) {
  const ExtentRecord& extent = located.extent;
  check_range(extent, offset, size);
  if (extent.codec == Codec::interleaved)
    return interleaved_rows(extent, located.stored).tiles(offset, size);
  if (!is_raw(extent.codec)) return located.stored;
  if (located.stored.size() != extent.decoded_bytes) throw damaged(extent, "has two sizes");
  return located.stored.subspan(offset, size);
}

ByteView ExtentDecoder::base_bytes(const LocatedExtent& located) {
  if (!located.base) return {};
  const ExtentRecord& base = *located.base;
  const std::uint64_t offset = located.extent.base_offset;
  if (offset > base.decoded_bytes || located.extent.decoded_bytes > base.decoded_bytes - offset)
    throw damaged(located.extent, "reaches beyond its base");
  if (is_raw(base.codec))
    return located.base_stored.subspan(offset, located.extent.decoded_bytes);
  check_checksum(base, located.base_stored);
  base_.resize(base.decoded_bytes);
  switch (base.codec) {
    case Codec::zstd:
      decode_zstd(base, located.base_stored, base_);
      break;
    case Codec::weights:
      weights_.decode(located.base_stored, {}, base_);
      break;
    case Codec::interleaved:
      interleaved_rows(base, located.base_stored).decode(0, base_);
      break;
    default:
      throw damaged(base, "is the base of another, but no extent that stands alone");
  }
  return ByteView{base_}.subspan(offset, located.extent.decoded_bytes);
}

void ExtentDecoder::decode(const LocatedExtent& located, std::span<std::uint8_t> out,
                           bool verify) {
  const ExtentRecord& extent = located.extent;
  if (out.size() != extent.decoded_bytes) throw damaged(extent, "has another decoded size");
  if (verify || !is_raw(extent.codec)) check_checksum(extent, located.stored);
  switch (extent.codec) {
    case Codec::raw:
    case Codec::linked:
      decode_raw(extent, located.stored, out);
      break;
    case Codec::zstd:
      decode_zstd(extent, located.stored, out);
      break;
    case Codec::weights:
    case Codec::weight_delta:
      weights_.decode(located.stored, base_bytes(located), out);
      break;
    case Codec::interleaved:
      interleaved_rows(extent, located.stored).decode(0, out);
      break;
    default:
      throw damaged(extent, "has an unknown codec");
  }
  if (verify && !has_extent_hash(extent, out))
    throw damaged(extent, "is damaged: its hash differs");
}

void ExtentDecoder::decode_range(const LocatedExtent& located, std::uint64_t offset,
                                 std::span<std::uint8_t> out) {
  const ExtentRecord& extent = located.extent;
  check_range(extent, offset, out.size());
  if (extent.codec == Codec::interleaved)
    return interleaved_rows(extent, located.stored).decode(offset, out);
  if (is_raw(extent.codec)) {
    const ByteView part = stored_range(located, offset, out.size());
    std::copy(part.begin(), part.end(), out.begin());
    return;
  }
  if (extent.codec == Codec::weights || extent.codec == Codec::weight_delta) {
    check_checksum(extent, located.stored);
    weights_.decode_range(located.stored, base_bytes(located), offset, out);
    return;
  }
  whole_.resize(extent.decoded_bytes);
  decode(located, whole_);
  std::copy_n(whole_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
}

bool ExtentDecoder::has_digest(const LocatedExtent& located) {
  constexpr std::uint64_t kWindowBytes = std::uint64_t{2} << 20;
  static_assert(kWindowBytes % crypto::kBlockBytes == 0);
  const ExtentRecord& extent = located.extent;
  if (is_raw(extent.codec))
    return has_extent_hash(extent, stored_range(located, 0, extent.decoded_bytes));
  if (extent.codec != Codec::interleaved || extent.hash_kind != HashKind::blocks) {
    whole_.resize(extent.decoded_bytes);
    decode(located, whole_);
    return has_extent_hash(extent, whole_);
  }
  crypto::MerkleBuilder tree;
  for (std::uint64_t at = 0; at < extent.decoded_bytes; at += kWindowBytes) {
    whole_.resize(std::min(kWindowBytes, extent.decoded_bytes - at));
    decode_range(located, at, whole_);
    for (ByteView rest{whole_}; !rest.empty();) {
      const ByteView block = rest.first(std::min(rest.size(), crypto::kBlockBytes));
      tree.add_leaf_hash(crypto::leaf_hash(block));
      rest = rest.subspan(block.size());
    }
  }
  return tree.root() == extent.hash;
}

ExtentBytes read_located(ExtentDecoder& decoder, const LocatedExtent& located, bool verify) {
  const ExtentRecord& extent = located.extent;
  if (!is_raw(extent.codec)) {
    ByteBuffer decoded(extent.decoded_bytes);
    decoder.decode(located, decoded, verify);
    return ExtentBytes{std::move(decoded)};
  }
  if (located.stored.size() != extent.decoded_bytes) throw damaged(extent, "has two sizes");
  if (verify) {
    check_checksum(extent, located.stored);
    if (!has_extent_hash(extent, located.stored))
      throw damaged(extent, "is damaged: its hash differs");
  }
  return ExtentBytes{located.stored};
}

ExtentRecord read_extent(const Statement& row, int column) {
  ExtentRecord extent;
  extent.extent_id = row.integer(column);
  extent.hash = row.hash(column + 1);
  extent.hash_kind = static_cast<HashKind>(row.integer(column + 2));
  extent.decoded_bytes = static_cast<std::uint64_t>(row.integer(column + 3));
  extent.stored_bytes = static_cast<std::uint64_t>(row.integer(column + 4));
  extent.checksum = static_cast<std::uint32_t>(row.integer(column + 5));
  extent.codec = static_cast<Codec>(row.integer(column + 6));
  extent.pack_id = row.integer(column + 7);
  extent.pack_offset = static_cast<std::uint64_t>(row.integer(column + 8));
  extent.base_extent_id = row.integer(column + 9);
  extent.base_offset = static_cast<std::uint64_t>(row.integer(column + 10));
  return extent;
}

ExtentReader::ExtentReader(Store& store)
    : store_{store},
      base_{store.db().prepare(
          std::string{"SELECT "} + kExtentColumns + " FROM extent WHERE extent_id = ?",
          Scope::owner)} {}

LocatedExtent ExtentReader::locate(const ExtentRecord& extent) {
  LocatedExtent located{extent, store_.packs().stored(extent), {}, {}};
  if (extent.base_extent_id != 0) {
    if (!base_.with(extent.base_extent_id).step())
      throw damaged(extent, "its base is missing from the catalog");
    located.base = read_extent(base_, 0);
    base_.reset();
    located.base_stored = store_.packs().stored(*located.base);
  }
  return located;
}

ExtentBytes ExtentReader::read(const ExtentRecord& extent, bool verify) {
  return read_located(decoder_, locate(extent), verify);
}

}  // namespace hart::store
