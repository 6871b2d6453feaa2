#include "store/extent_reader.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"
#include "crypto/crc32c.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "store/interleaved_extent.h"

namespace hart::store {
namespace {

/// Of what is decoded piece by piece.
constexpr std::uint64_t kWindowBytes = std::uint64_t{2} << 20;

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

bool is_in_place(const LocatedExtent& located) noexcept {
  return located.seal == nullptr && is_raw(located.extent.codec);
}

bool is_windowed(const LocatedExtent& located) noexcept {
  return located.extent.codec == Codec::interleaved ||
         (located.seal != nullptr && is_raw(located.extent.codec));
}

ByteView stored_range(const LocatedExtent& located, std::uint64_t offset, std::uint64_t size) {
  const ExtentRecord& extent = located.extent;
  check_range(extent, offset, size);
  if (located.seal != nullptr)
    return is_windowed(located) ? sealed_range(located.stored, offset, size) : located.stored;
  if (extent.codec == Codec::interleaved)
    return interleaved_rows(extent, located.stored).tiles(offset, size);
  if (!is_raw(extent.codec)) return located.stored;
  if (located.stored.size() != extent.decoded_bytes) throw damaged(extent, "has two sizes");
  return located.stored.subspan(offset, size);
}

SealedExtent& ExtentDecoder::opener(const LocatedExtent& located) {
  const ExtentRecord& extent = located.extent;
  const Opened wanted{located.seal, located.stored.data(), extent.extent_id, extent.checksum};
  if (!opener_ || opened_for_ != wanted) {
    opened_form_.reset();
    opener_.emplace(located.seal->key(), extent, located.base ? &*located.base : nullptr,
                    located.stored);
    opened_for_ = wanted;
  }
  return *opener_;
}

void ExtentDecoder::open(const LocatedExtent& located, std::uint64_t offset,
                         std::span<std::uint8_t> out) {
  try {
    opener(located).open(offset, out);
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    throw damaged(located.extent, error.what());
  }
}

ByteView ExtentDecoder::sound_bytes(const LocatedExtent& located) {
  if (located.seal == nullptr) {
    check_checksum(located.extent, located.stored);
    return located.stored;
  }
  opened_.resize(opener(located).size());
  open(located, 0, opened_);
  return opened_;
}

InterleavedForm ExtentDecoder::interleaved_form(const LocatedExtent& located) {
  const ExtentRecord& extent = located.extent;
  if (located.seal == nullptr) return interleaved_rows(extent, located.stored).form();
  if (opener(located).size() != kInterleavedHeaderBytes + extent.decoded_bytes)
    throw damaged(extent, "has another size than its rows and their header");
  if (!opened_form_) {
    std::array<std::uint8_t, kInterleavedHeaderBytes> header;
    open(located, 0, header);
    try {
      opened_form_ = parse_interleaved_header(header, extent.decoded_bytes);
    } catch (const Error& error) {
      throw damaged(extent, error.what());
    }
  }
  return *opened_form_;
}

void ExtentDecoder::open_tiles(const LocatedExtent& located, std::uint64_t offset,
                               std::span<std::uint8_t> out) {
  check_range(located.extent, offset, out.size());
  open(located, kInterleavedHeaderBytes + offset, out);
}

void ExtentDecoder::decode_raw(const LocatedExtent& located, std::uint64_t offset,
                               std::span<std::uint8_t> out) {
  if (located.seal == nullptr) {
    const ByteView part = stored_range(located, offset, out.size());
    std::copy(part.begin(), part.end(), out.begin());
    return;
  }
  if (opener(located).size() != located.extent.decoded_bytes)
    throw damaged(located.extent, "has two sizes");
  open(located, offset, out);
}

void ExtentDecoder::decode_interleaved(const LocatedExtent& located, std::uint64_t offset,
                                       std::span<std::uint8_t> out) {
  const ExtentRecord& extent = located.extent;
  if (located.seal == nullptr)
    return interleaved_rows(extent, located.stored).decode(offset, out);
  const InterleavedForm form = interleaved_form(located);
  while (!out.empty()) {
    const std::uint64_t size = std::min<std::uint64_t>(kWindowBytes, out.size());
    const TileRange range = tile_range(form, extent.decoded_bytes, offset, size);
    opened_.resize(range.bytes);
    open_tiles(located, range.offset, opened_);
    InterleavedRows{form, extent.decoded_bytes, opened_, range.offset}.decode(offset,
                                                                              out.first(size));
    offset += size;
    out = out.subspan(size);
  }
}

ByteView ExtentDecoder::base_bytes(const LocatedExtent& located) {
  if (!located.base) return {};
  const ExtentRecord& base = *located.base;
  const ExtentRecord& extent = located.extent;
  const std::uint64_t offset = extent.base_offset;
  if (offset > base.decoded_bytes || extent.decoded_bytes > base.decoded_bytes - offset)
    throw damaged(extent, "reaches beyond its base");
  if (base.base_extent_id != 0 || base.codec == Codec::weight_delta)
    throw damaged(base, "is the base of another, but no extent that stands alone");
  const LocatedExtent alone{base, located.base_stored, {}, {}, located.seal};
  if (is_in_place(alone)) return stored_range(alone, offset, extent.decoded_bytes);
  base_.resize(extent.decoded_bytes);
  decode_range(alone, offset, base_);
  return base_;
}

void ExtentDecoder::decode(const LocatedExtent& located, std::span<std::uint8_t> out,
                           bool verify) {
  const ExtentRecord& extent = located.extent;
  if (out.size() != extent.decoded_bytes) throw damaged(extent, "has another decoded size");
  // Coded bytes are checked before they are decoded; what is sealed answers for itself.
  if (located.seal == nullptr && (is_windowed(located) || (verify && is_in_place(located))))
    check_checksum(extent, located.stored);
  if (extent.codec == Codec::zstd) {
    decode_zstd(extent, sound_bytes(located), out);
  } else if (extent.codec == Codec::weights || extent.codec == Codec::weight_delta) {
    // First, since the base of a sealed extent is opened into the same buffer.
    const ByteView base = base_bytes(located);
    weights_.decode(sound_bytes(located), base, out);
  } else {
    decode_range(located, 0, out);
  }
  if (verify && !has_extent_hash(extent, out))
    throw damaged(extent, "is damaged: its hash differs");
}

void ExtentDecoder::decode_range(const LocatedExtent& located, std::uint64_t offset,
                                 std::span<std::uint8_t> out) {
  const ExtentRecord& extent = located.extent;
  check_range(extent, offset, out.size());
  switch (extent.codec) {
    case Codec::raw:
    case Codec::linked:
      return decode_raw(located, offset, out);
    case Codec::zstd:
      whole_.resize(extent.decoded_bytes);
      decode(located, whole_);
      std::copy_n(whole_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(),
                  out.begin());
      return;
    case Codec::weights:
    case Codec::weight_delta: {
      const ByteView base = base_bytes(located);
      return weights_.decode_range(sound_bytes(located), base, offset, out);
    }
    case Codec::interleaved:
      return decode_interleaved(located, offset, out);
  }
  throw damaged(extent, "has an unknown codec");
}

bool ExtentDecoder::has_digest(const LocatedExtent& located) {
  const ExtentRecord& extent = located.extent;
  if (is_in_place(located))
    return has_extent_hash(extent, stored_range(located, 0, extent.decoded_bytes));
  if (is_windowed(located)) return has_streamed_digest(located);
  // Not into `whole_`: the base of a difference may be decoded there.
  checked_.resize(extent.decoded_bytes);
  decode(located, checked_);
  return has_extent_hash(extent, checked_);
}

bool ExtentDecoder::has_streamed_digest(const LocatedExtent& located) {
  static_assert(kWindowBytes % crypto::kBlockBytes == 0);
  const ExtentRecord& extent = located.extent;
  crypto::MerkleBuilder tree;
  crypto::Sha256 content;
  for (std::uint64_t at = 0; at < extent.decoded_bytes; at += kWindowBytes) {
    whole_.resize(std::min(kWindowBytes, extent.decoded_bytes - at));
    decode_range(located, at, whole_);
    if (extent.hash_kind == HashKind::content) {
      content.update(whole_);
      continue;
    }
    for (ByteView rest{whole_}; !rest.empty();) {
      const ByteView block = rest.first(std::min(rest.size(), crypto::kBlockBytes));
      tree.add_leaf_hash(crypto::leaf_hash(block));
      rest = rest.subspan(block.size());
    }
  }
  return (extent.hash_kind == HashKind::content ? content.finish() : tree.root()) ==
         extent.hash;
}

ExtentBytes read_located(ExtentDecoder& decoder, const LocatedExtent& located, bool verify) {
  const ExtentRecord& extent = located.extent;
  if (!is_in_place(located)) {
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
  LocatedExtent located{extent, store_.packs().stored(extent), {}, {}, store_.packs().seal()};
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
