#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/bytes.h"
#include "store/packs.h"
#include "store/store.h"
#include "tensor/weight_codec.h"

namespace hart::store {

/// An extent whose stored bytes have been found in their pack, with those of its base when it
/// is a difference. Valid as long as the Packs it came from.
struct LocatedExtent {
  ExtentRecord extent;
  ByteView stored;
  std::optional<ExtentRecord> base;
  ByteView base_stored;
};

/// The stored bytes that bytes [offset, offset + size) of the extent are decoded from: a part
/// of raw and interleaved extents, all of others. Throws Error(data) when the extent is
/// shorter.
[[nodiscard]] ByteView stored_range(const LocatedExtent& located, std::uint64_t offset,
                                    std::uint64_t size);

/// Decodes located extents. Keeps its buffers between calls: use one a thread.
class ExtentDecoder {
 public:
  /// `out` has exactly the extent's decoded size. What is not raw is checked against its
  /// checksum before it is decoded; `verify` checks raw extents too, and every extent's digest
  /// over the decoded bytes. Throws Error(data) on damage.
  void decode(const LocatedExtent& located, std::span<std::uint8_t> out, bool verify = false);
  /// Only bytes [offset, offset + out.size()) of the extent, decoding no more than needed:
  /// weights in blocks of 256 KiB. The checksum is checked unless the extent is raw or
  /// interleaved, the digest cannot be.
  void decode_range(const LocatedExtent& located, std::uint64_t offset,
                    std::span<std::uint8_t> out);
  /// Whether the decoded bytes have the extent's digest. Interleaved ones are decoded 2 MiB at
  /// a time. Throws Error(data) when they cannot be decoded.
  [[nodiscard]] bool has_digest(const LocatedExtent& located);

 private:
  [[nodiscard]] ByteView base_bytes(const LocatedExtent& located);

  tensor::WeightDecoder weights_;
  ByteBuffer base_;
  ByteBuffer whole_;
};

/// The bytes of a located extent: a view into the mapping where it is raw, else decoded ones.
/// Throws as ExtentDecoder::decode.
[[nodiscard]] ExtentBytes read_located(ExtentDecoder& decoder, const LocatedExtent& located,
                                       bool verify);

/// Finds extents and gives their bytes, on one thread: it asks the catalog for bases. The base
/// of a difference is read whoever holds it: what a tenant may see is the extent's own matter.
class ExtentReader {
 public:
  explicit ExtentReader(Store& store);

  [[nodiscard]] LocatedExtent locate(const ExtentRecord& extent);
  /// A view into the mapping where the extent is raw, else decoded bytes.
  [[nodiscard]] ExtentBytes read(const ExtentRecord& extent, bool verify = false);

 private:
  Store& store_;
  Statement base_;
  ExtentDecoder decoder_;
};

/// The columns of an extent, in the order in which `read_extent` takes them.
inline constexpr const char* kExtentColumns =
    "extent_id, hash, hash_kind, decoded_bytes, stored_bytes, checksum, codec, pack_id,"
    " pack_offset, base_extent_id, base_offset";
inline constexpr int kExtentColumnCount = 11;
/// The extent whose columns begin at `column` of the current row.
[[nodiscard]] ExtentRecord read_extent(const Statement& row, int column);

/// Whether `bytes` have the digest that the extent names.
[[nodiscard]] bool has_extent_hash(const ExtentRecord& extent, ByteView bytes);

}  // namespace hart::store
