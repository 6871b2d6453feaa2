#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/bytes.h"
#include "store/interleaved_extent.h"
#include "store/packs.h"
#include "store/sealed_extent.h"
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
  const PayloadSeal* seal = nullptr;  ///< that the stored bytes are sealed; not owned
};

/// Whether the decoded bytes are the stored ones, and may be used where they lie: raw, and not
/// sealed.
[[nodiscard]] bool is_in_place(const LocatedExtent& located) noexcept;
/// Whether an extent may be of any size and has to be decoded, so that it is read in windows:
/// interleaved, or raw and sealed. Others take 2 MiB at most.
[[nodiscard]] bool is_windowed(const LocatedExtent& located) noexcept;

/// The stored bytes that bytes [offset, offset + size) of the extent are decoded from: a part
/// of raw and interleaved extents, all of others. Of what is sealed and interleaved, whose
/// tiles are not known without opening it, the part around them. Throws Error(data) when the
/// extent is shorter.
[[nodiscard]] ByteView stored_range(const LocatedExtent& located, std::uint64_t offset,
                                    std::uint64_t size);

/// Decodes located extents. Keeps its buffers between calls: use one a thread.
///
/// What is sealed is opened on the way, which finds any change; every member throws
/// Error(denied) when the key for it was not given.
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
  /// Whether the decoded bytes have the extent's digest. What is_windowed is decoded 2 MiB at
  /// a time. Throws Error(data) when they cannot be decoded.
  [[nodiscard]] bool has_digest(const LocatedExtent& located);

  /// How the rows of an interleaved extent lie. Throws Error(data) on damage.
  [[nodiscard]] InterleavedForm interleaved_form(const LocatedExtent& located);
  /// Bytes [offset, offset + out.size()) as they lie interleaved in a sealed extent.
  void open_tiles(const LocatedExtent& located, std::uint64_t offset,
                  std::span<std::uint8_t> out);

 private:
  [[nodiscard]] ByteView base_bytes(const LocatedExtent& located);
  [[nodiscard]] bool has_streamed_digest(const LocatedExtent& located);
  /// The opener of a sealed extent: the last one asked for is kept.
  [[nodiscard]] SealedExtent& opener(const LocatedExtent& located);
  void open(const LocatedExtent& located, std::uint64_t offset, std::span<std::uint8_t> out);
  /// The stored bytes as their codec knows them, checked: opened, or with the right checksum.
  [[nodiscard]] ByteView sound_bytes(const LocatedExtent& located);
  void decode_raw(const LocatedExtent& located, std::uint64_t offset,
                  std::span<std::uint8_t> out);
  void decode_interleaved(const LocatedExtent& located, std::uint64_t offset,
                          std::span<std::uint8_t> out);

  /// What an opener was made for.
  struct Opened {
    const PayloadSeal* seal = nullptr;
    const std::uint8_t* stored = nullptr;
    std::int64_t extent_id = 0;
    std::uint32_t checksum = 0;

    bool operator==(const Opened&) const = default;
  };

  tensor::WeightDecoder weights_;
  ByteBuffer base_;
  ByteBuffer whole_;
  ByteBuffer checked_;  ///< what has_digest looks at
  ByteBuffer opened_;   ///< coded bytes, or tiles, of a sealed extent
  Opened opened_for_;
  std::optional<SealedExtent> opener_;
  std::optional<InterleavedForm> opened_form_;
};

/// The bytes of a located extent: a view into the mapping where it is_in_place, else decoded
/// ones. Throws as ExtentDecoder::decode.
[[nodiscard]] ExtentBytes read_located(ExtentDecoder& decoder, const LocatedExtent& located,
                                       bool verify);

/// Finds extents and gives their bytes, on one thread: it asks the catalog for bases. The base
/// of a difference is read whoever holds it: what a tenant may see is the extent's own matter.
class ExtentReader {
 public:
  explicit ExtentReader(Store& store);

  [[nodiscard]] LocatedExtent locate(const ExtentRecord& extent);
  /// A view into the mapping where the extent is_in_place, else decoded bytes.
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
