#include "store/packs.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "core/checked.h"
#include "core/endian.h"
#include "core/error.h"
#include "crypto/crc32c.h"
#include "store/payload_key.h"
#include "store/sealed_extent.h"

namespace hart::store {
namespace {

constexpr char kPackMagic[8] = {'H', 'A', 'R', 'T', 'P', 'A', 'C', 'K'};
constexpr char kExtentMagic[4] = {'H', 'X', 'T', '1'};
constexpr std::uint32_t kPackVersion = 1;
/// Stands in the place of a sealed extent's codec.
constexpr std::uint16_t kSealedCodec = 0x8000;
/// Written at a time, so that a mapped source need not be resident as a whole.
constexpr std::uint64_t kWriteBytes = std::uint64_t{8} << 20;

/// Runs `open` for a pack that the catalog names: that is no input of the user's, so without it
/// the store is damaged.
template <typename Open> auto open_named(const Open& open) {
  try {
    return open();
  } catch (const Error& error) {
    if (error.fault() != Fault::no_input) throw;
    throw Error{Fault::data, "the store is damaged: " + std::string{error.what()}};
  }
}

/// Stored bytes in pieces, each let go when the next one is asked for.
Packs::Pieces cut_in_pieces(ByteView stored, Packs::Written written) {
  return [stored, written = std::move(written), at = std::uint64_t{0},
          size = std::uint64_t{0}]() mutable {
    if (written && size > 0) written(at, size);
    at += size;
    size = std::min<std::uint64_t>(kWriteBytes, stored.size() - at);
    return stored.subspan(at, size);
  };
}

}  // namespace

std::array<std::uint8_t, kPackHeaderBytes> pack_header(std::int64_t pack_id) noexcept {
  std::array<std::uint8_t, kPackHeaderBytes> header{};
  std::memcpy(header.data(), kPackMagic, sizeof kPackMagic);
  store_le(header.data() + 8, kPackVersion);
  store_le(header.data() + 16, static_cast<std::uint64_t>(pack_id));
  store_le(header.data() + 60, crypto::crc32c({header.data(), 60}));
  return header;
}

std::array<std::uint8_t, kExtentHeaderBytes> extent_header(const ExtentRecord& extent,
                                                           bool sealed) noexcept {
  std::array<std::uint8_t, kExtentHeaderBytes> header{};
  std::uint8_t* at = header.data();
  std::memcpy(at, kExtentMagic, sizeof kExtentMagic);
  if (sealed) {
    store_le(at + 4, kSealedCodec);
  } else {
    store_le(at + 4, static_cast<std::uint16_t>(extent.codec));
    store_le(at + 6, static_cast<std::uint16_t>(extent.hash_kind));
    store_le(at + 8, extent.decoded_bytes);
    std::memcpy(at + 24, extent.hash.data(), extent.hash.size());
  }
  store_le(at + 16, extent.stored_bytes);
  store_le(at + 56, extent.checksum);
  store_le(at + 60, crypto::crc32c({at, 60}));
  return header;
}

Packs::Packs(std::string directory) : Packs{std::move(directory), nullptr} {}

Packs::Packs(std::string directory, std::unique_ptr<const PayloadSeal> seal)
    : directory_{std::move(directory)}, seal_{std::move(seal)} {}

Packs::~Packs() = default;

std::string Packs::path(std::int64_t pack_id) const {
  char name[40];
  std::snprintf(name, sizeof name, "/pack-%08lld.hpk", static_cast<long long>(pack_id));
  return directory_ + name;
}

std::string Packs::linked_path(std::int64_t pack_id) const {
  char name[40];
  std::snprintf(name, sizeof name, "/link-%08lld.bin",
                static_cast<long long>(pack_id - kFirstLinkedPack));
  return directory_ + name;
}

void Packs::begin(std::int64_t last_pack_id, std::uint64_t committed_bytes) {
  file_.reset();
  touched_.clear();
  linked_.clear();
  first_pack_id_ = last_pack_id;
  first_bytes_ = committed_bytes;
  // A crash may have left packs that no transaction names.
  for (std::int64_t stray = last_pack_id + 1; file_io().remove(path(stray)); ++stray) {
  }
  if (last_pack_id != 0) open_pack(last_pack_id, committed_bytes);
}

void Packs::open_pack(std::int64_t pack_id, std::uint64_t bytes) {
  const std::string name = path(pack_id);
  file_ = open_named([&] { return file_io().open(name, FileIo::Mode::read_write); });
  const std::uint64_t size = file_->size();
  if (size < bytes)
    throw Error{Fault::data, name + ": " + std::to_string(size) +
                                 " bytes, but the catalog refers to " + std::to_string(bytes)};
  if (size > bytes) file_->truncate(bytes);
  pack_id_ = pack_id;
  end_ = bytes;
}

void Packs::create_pack(std::int64_t pack_id) {
  if (file_) file_->sync();
  file_ = file_io().open(path(pack_id), FileIo::Mode::create);
  pack_id_ = pack_id;
  end_ = 0;
  // Named before anything is written, so that a failure from here on removes the file.
  touched_[pack_id] = end_;
  file_->write_at(0, pack_header(pack_id));
  end_ = kPackHeaderBytes;
  file_io().sync_directory(directory_);
}

ExtentRecord Packs::append(const ExtentRecord& what, ByteView stored, const Written& written,
                           const ExtentRecord* base) {
  return append_pieces(what, cut_in_pieces(stored, written), base);
}

ExtentRecord Packs::append_pieces(const ExtentRecord& what, const Pieces& next,
                                  const ExtentRecord* base) {
  if (!seal_) return write_extent(what, next);
  if (what.base_extent_id != 0 && base == nullptr)
    throw Error{Fault::internal, "a difference is sealed together with its base's digest"};
  ExtentSealer sealer{seal_->key(), what, base, next};
  return write_extent(what, [&] { return sealer.next(); });
}

ExtentRecord Packs::append_stored(const ExtentRecord& extent, ByteView stored) {
  return write_extent(extent, cut_in_pieces(stored, {}));
}

ExtentRecord Packs::write_extent(const ExtentRecord& what, const Pieces& next) {
  if (!file_ || end_ >= kPackTargetBytes)
    create_pack(!file_ ? first_pack_id_ + 1 : pack_id_ + 1);
  // A write that fails half-way, on a full disk, must be cut off as well.
  touched_[pack_id_] = end_;
  ExtentRecord extent = what;
  extent.checksum = 0;
  extent.stored_bytes = 0;
  extent.pack_id = pack_id_;
  extent.pack_offset = end_ + kExtentHeaderBytes;
  for (ByteView piece = next(); !piece.empty(); piece = next()) {
    extent.checksum = crypto::crc32c(piece, extent.checksum);
    file_->write_at(extent.pack_offset + extent.stored_bytes, piece);
    extent.stored_bytes += piece.size();
  }
  file_->write_at(end_, extent_header(extent, seal_ != nullptr));
  const std::uint64_t used = extent.pack_offset + extent.stored_bytes;
  end_ = checked_align(used, kExtentAlignment, "pack size");
  if (end_ > used) {
    constexpr std::array<std::uint8_t, kExtentAlignment> kZeros{};
    file_->write_at(used, ByteView{kZeros}.first(end_ - used));
  }
  touched_[pack_id_] = end_;
  return extent;
}

bool Packs::link(const std::string& source, std::int64_t pack_id) {
  // A crash may have left a link that no transaction names.
  file_io().remove(linked_path(pack_id));
  if (!file_io().share(source, linked_path(pack_id))) return false;
  linked_.push_back(pack_id);
  return true;
}

Packs::Mark Packs::mark() const noexcept {
  return file_ ? Mark{pack_id_, end_, linked_.size()} : Mark{0, 0, linked_.size()};
}

void Packs::rewind(const Mark& mark) {
  for (; linked_.size() > mark.linked; linked_.pop_back()) {
    retire_map(linked_.back());
    file_io().remove(linked_path(linked_.back()));
  }
  if (!file_ || (pack_id_ == mark.pack_id && end_ == mark.end)) return;
  const std::int64_t oldest = mark.pack_id == 0 ? first_pack_id_ : mark.pack_id;
  if (pack_id_ != oldest) file_.reset();
  for (; pack_id_ > oldest; --pack_id_) {
    retire_map(pack_id_);
    file_io().remove(path(pack_id_));
    touched_.erase(pack_id_);
  }
  if (mark.pack_id == 0) return;
  if (!file_) file_ = file_io().open(path(pack_id_), FileIo::Mode::read_write);
  end_ = mark.end;
  // A mapping that reaches further shows what is appended next.
  file_->truncate(end_);
  if (pack_id_ == first_pack_id_ && end_ == first_bytes_)
    touched_.erase(pack_id_);
  else
    touched_[pack_id_] = end_;
}

void Packs::sync() {
  if (!touched_.empty()) file_->sync();
  if (!linked_.empty()) file_io().sync_directory(directory_);
}

void Packs::end(bool keep) noexcept {
  file_.reset();
  if (!keep)
    for (const auto& [pack_id, bytes] : touched_) cut_off(pack_id);
  if (!keep)
    for (const std::int64_t pack_id : linked_) cut_off(pack_id);
  touched_.clear();
  linked_.clear();
}

void Packs::cut_off(std::int64_t pack_id) noexcept {
  // No transaction named these bytes, so nobody reads them. Should this fail, the next writer
  // does it again.
  try {
    if (pack_id >= kFirstLinkedPack) {
      file_io().remove(linked_path(pack_id));
      maps_.erase(pack_id);
    } else if (pack_id == first_pack_id_) {
      file_io().open(path(pack_id), FileIo::Mode::read_write)->truncate(first_bytes_);
    } else if (file_io().remove(path(pack_id))) {
      maps_.erase(pack_id);
    }
  } catch (const std::exception&) {
  }
}

void Packs::retire_map(std::int64_t pack_id) {
  const auto found = maps_.find(pack_id);
  if (found == maps_.end()) return;
  retired_maps_.push_back(std::move(found->second));
  maps_.erase(found);
}

ByteView Packs::mapped(const std::string& name, std::int64_t pack_id, std::uint64_t end) {
  auto found = maps_.find(pack_id);
  if (found == maps_.end() || found->second.bytes().size() < end) {
    MappedFile mapped = open_named([&] { return MappedFile{name}; });
    if (found != maps_.end()) retired_maps_.push_back(std::move(found->second));
    found = maps_.insert_or_assign(pack_id, std::move(mapped)).first;
  }
  return found->second.bytes();
}

ByteView Packs::stored(const ExtentRecord& extent) {
  const bool linked = extent.codec == Codec::linked;
  const std::string name = linked ? linked_path(extent.pack_id) : path(extent.pack_id);
  if (linked && seal_)
    throw Error{Fault::data, name +
                                 ": in a store whose payload is encrypted, no extent is shared "
                                 "with a file of the user's"};
  const std::uint64_t end = checked_add(extent.pack_offset, extent.stored_bytes, "extent");
  const ByteView pack = mapped(name, extent.pack_id, end);
  const std::uint64_t first = linked ? 0 : kPackHeaderBytes + kExtentHeaderBytes;
  if (extent.pack_offset < first || pack.size() < end)
    throw Error{Fault::data, name + ": extent at offset " + std::to_string(extent.pack_offset) +
                                 " lies outside the pack"};
  const ByteView stored_bytes = pack.subspan(extent.pack_offset, extent.stored_bytes);
  if (linked) return stored_bytes;
  const auto header = extent_header(extent, seal_ != nullptr);
  if (!std::equal(header.begin(), header.end(), stored_bytes.data() - kExtentHeaderBytes))
    throw Error{Fault::data, name + ": extent header at offset " +
                                 std::to_string(extent.pack_offset - kExtentHeaderBytes) +
                                 " is not what the catalog says"};
  return stored_bytes;
}

void Packs::release(ByteView stored) noexcept {
  // Whole pages only; a page that a neighbour shares comes back when it is read.
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(stored.data()) / page * page;
  const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(stored.data()) + stored.size();
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

ByteBuffer compress_if_smaller(ByteView bytes, int level) {
  ByteBuffer compressed(ZSTD_compressBound(bytes.size()));
  const std::size_t size =
      ZSTD_compress(compressed.data(), compressed.size(), bytes.data(), bytes.size(), level);
  if (ZSTD_isError(size) != 0 || size > bytes.size() - bytes.size() / 16) return {};
  compressed.resize(size);
  return compressed;
}

}  // namespace hart::store
