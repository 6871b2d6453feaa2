#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/mapped_file.h"
#include "store/file_io.h"

namespace hart::store {

class PayloadSeal;

/// How the bytes of an extent are stored. Ids are never reused (`hart-store.5`).
enum class Codec : std::uint16_t {
  raw = 0,           ///< as they are: may be used in place
  zstd = 1,          ///< one Zstandard frame (RFC 8878) with the decoded size in its header
  weights = 2,       ///< tensor/weight_codec.h
  weight_delta = 3,  ///< the same, as differences to the base extent
  linked = 4,        ///< as they are, in a file of the user's that the store shares
  interleaved = 5,   ///< the rows of a matrix permuted: interleaved_extent.h
};

/// Which digest of an extent's decoded bytes names it.
enum class HashKind : std::uint16_t {
  content = 0,  ///< SHA-256
  blocks = 1,  ///< the RFC 9162 root over blocks of 64 KiB: what a tensor's identity is made of
};

/// Every pack begins with a header of this size, and so does every extent in it.
inline constexpr std::size_t kPackHeaderBytes = 64;
inline constexpr std::size_t kExtentHeaderBytes = 64;
/// Payload begins at multiples of this, so that mapped tensors suit any vector instruction.
inline constexpr std::size_t kExtentAlignment = 64;
/// A pack that has grown beyond this takes no further extents.
inline constexpr std::uint64_t kPackTargetBytes = std::uint64_t{1} << 30;
/// Packs from this id on are files that the store shares with the user.
inline constexpr std::int64_t kFirstLinkedPack = std::int64_t{1} << 40;

/// Where an extent lies, as the catalog keeps it.
struct ExtentRecord {
  std::int64_t extent_id = 0;
  Hash256 hash{};
  HashKind hash_kind = HashKind::content;
  std::uint64_t decoded_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint32_t checksum = 0;  ///< CRC-32C of the stored bytes
  Codec codec = Codec::raw;
  std::int64_t pack_id = 0;
  std::uint64_t pack_offset = 0;    ///< of the first stored byte; the header stands before it
  std::int64_t base_extent_id = 0;  ///< 0 unless the codec is weight_delta
  std::uint64_t base_offset = 0;  ///< where in the base's decoded bytes this one's base begins
};

/// Decoded bytes: a view into a pack's mapping, or a buffer of its own when they had to be
/// decoded. Valid as long as this object and the Packs it came from.
class ExtentBytes {
 public:
  ExtentBytes() = default;
  explicit ExtentBytes(ByteView mapped) : view_{mapped} {}
  explicit ExtentBytes(ByteBuffer decoded) : decoded_{std::move(decoded)}, view_{decoded_} {}
  ExtentBytes(ExtentBytes&& other) noexcept = default;
  ExtentBytes& operator=(ExtentBytes&& other) noexcept = default;
  ExtentBytes(const ExtentBytes&) = delete;
  ExtentBytes& operator=(const ExtentBytes&) = delete;

  [[nodiscard]] ByteView bytes() const noexcept { return view_; }
  [[nodiscard]] bool mapped() const noexcept { return decoded_.empty(); }

 private:
  ByteBuffer decoded_;
  ByteView view_;
};

/// The append-only files `packs/pack-*.hpk`. Reading maps whole packs; writing needs the
/// store's writer lock, and what was appended counts only once the catalog's transaction names
/// it.
class Packs {
 public:
  explicit Packs(std::string directory);
  /// `seal`: that all extents are sealed, null where none is.
  Packs(std::string directory, std::unique_ptr<const PayloadSeal> seal);
  ~Packs();
  Packs(const Packs&) = delete;
  Packs& operator=(const Packs&) = delete;

  /// Begins a batch of appends. `last_pack_id` and `committed_bytes` are the catalog's word on
  /// the newest pack (0, 0 when there is none); whatever lies beyond is cut off. Throws
  /// Error(data) when the pack is shorter than the catalog says.
  void begin(std::int64_t last_pack_id, std::uint64_t committed_bytes);
  /// Called as stored bytes have been written: the offset and the size of what may be let go.
  using Written = std::function<void(std::uint64_t offset, std::uint64_t bytes)>;
  /// Appends an extent: `what` says its digest, decoded size, codec and base; the rest is
  /// filled in. Where extents are sealed, so is this one, which takes `base` when it has one.
  /// Throws Error(io) on a full disk, Error(denied) when the key to seal with was not given.
  ExtentRecord append(const ExtentRecord& what, ByteView stored, const Written& written = {},
                      const ExtentRecord* base = nullptr);
  /// Gives the next of the stored bytes, valid until it is called again; none at the end.
  using Pieces = std::function<ByteView()>;
  ExtentRecord append_pieces(const ExtentRecord& what, const Pieces& next,
                             const ExtentRecord* base = nullptr);
  /// Appends what `stored` gave of an extent, as it is: sealed bytes stay sealed, without a
  /// key.
  ExtentRecord append_stored(const ExtentRecord& extent, ByteView stored);
  /// Makes linked pack `pack_id` share the file `source`. False where the file system cannot.
  bool link(const std::string& source, std::int64_t pack_id);
  /// How far a batch has come.
  struct Mark {
    std::int64_t pack_id = 0;  ///< 0: no pack is open yet
    std::uint64_t end = 0;
    std::size_t linked = 0;
  };
  [[nodiscard]] Mark mark() const noexcept;
  /// Takes back what this batch appended and linked since `mark`, and goes on from there.
  void rewind(const Mark& mark);
  /// Bytes of each pack that this batch touched, for the catalog.
  [[nodiscard]] const std::map<std::int64_t, std::uint64_t>& touched() const noexcept {
    return touched_;
  }
  /// Makes the batch durable: to be called before the catalog commits.
  void sync();
  /// Ends the batch, keeping or cutting off what it appended.
  void end(bool keep) noexcept;

  /// The stored bytes, mapped. Throws Error(data) when the pack is missing or too short, or its
  /// header at that place does not say what the catalog says.
  [[nodiscard]] ByteView stored(const ExtentRecord& extent);
  /// Null where extents are not sealed.
  [[nodiscard]] const PayloadSeal* seal() const noexcept { return seal_.get(); }
  /// Lets the mapped pages of stored bytes go, as MappedFile::drop: they stay readable.
  static void release(ByteView stored) noexcept;

  [[nodiscard]] std::string path(std::int64_t pack_id) const;
  /// The file that a linked pack shares with the user.
  [[nodiscard]] std::string linked_path(std::int64_t pack_id) const;

 private:
  ExtentRecord write_extent(const ExtentRecord& what, const Pieces& next);
  void open_pack(std::int64_t pack_id, std::uint64_t bytes);
  void create_pack(std::int64_t pack_id);
  [[nodiscard]] ByteView mapped(const std::string& name, std::int64_t pack_id,
                                std::uint64_t end);
  /// Takes back what this batch appended to the pack.
  void cut_off(std::int64_t pack_id) noexcept;
  /// Forgets the mapping of a pack that goes: views into it may still be out.
  void retire_map(std::int64_t pack_id);

  std::string directory_;
  std::unique_ptr<const PayloadSeal> seal_;
  std::map<std::int64_t, MappedFile> maps_;
  /// Mappings outgrown by an append: views into them are still out.
  std::vector<MappedFile> retired_maps_;

  std::unique_ptr<File> file_;  ///< the pack that is appended to
  std::int64_t pack_id_ = 0;
  std::uint64_t end_ = 0;  ///< where the next extent's header goes
  std::int64_t first_pack_id_ = 0;
  std::uint64_t first_bytes_ = 0;  ///< the committed state, to which end(false) goes back
  std::map<std::int64_t, std::uint64_t> touched_;
  std::vector<std::int64_t> linked_;  ///< packs that this batch linked
};

/// The 64 bytes that a pack begins with.
[[nodiscard]] std::array<std::uint8_t, kPackHeaderBytes> pack_header(
    std::int64_t pack_id) noexcept;

/// The 64 bytes before an extent's stored bytes; of a sealed one they tell nothing of the
/// content. Exposed for the tests of the format.
[[nodiscard]] std::array<std::uint8_t, kExtentHeaderBytes> extent_header(
    const ExtentRecord& extent, bool sealed = false) noexcept;

/// Compresses with zstd at `level` when that saves at least a sixteenth; else an empty buffer.
[[nodiscard]] ByteBuffer compress_if_smaller(ByteView bytes, int level);

}  // namespace hart::store
