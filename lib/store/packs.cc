#include "store/packs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/checked.h"
#include "core/endian.h"
#include "core/error.h"
#include "crypto/crc32c.h"
#include "crypto/sha256.h"

namespace hart::store {
namespace {

constexpr char kPackMagic[8] = {'H', 'A', 'R', 'T', 'P', 'A', 'C', 'K'};
constexpr char kExtentMagic[4] = {'H', 'X', 'T', '1'};
constexpr std::uint32_t kPackVersion = 1;
constexpr int kFileMode = 0644;
/// Written at a time, so that a mapped source need not be resident as a whole.
constexpr std::uint64_t kWindowBytes = std::uint64_t{8} << 20;

std::array<std::uint8_t, kPackHeaderBytes> pack_header(std::int64_t pack_id) {
  std::array<std::uint8_t, kPackHeaderBytes> header{};
  std::memcpy(header.data(), kPackMagic, sizeof kPackMagic);
  store_le(header.data() + 8, kPackVersion);
  store_le(header.data() + 16, static_cast<std::uint64_t>(pack_id));
  store_le(header.data() + 60, crypto::crc32c({header.data(), 60}));
  return header;
}

void sync_directory(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw_errno(Fault::io, directory, errno);
  const int failed = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (failed != 0) throw_errno(Fault::io, directory, error);
}

/// A pack that the catalog names is no input of the user's: without it the store is damaged.
MappedFile map_pack(const std::string& name) {
  try {
    return MappedFile{name};
  } catch (const Error& error) {
    if (error.fault() != Fault::no_input) throw;
    throw Error{Fault::data, "the store is damaged: " + std::string{error.what()}};
  }
}

}  // namespace

std::array<std::uint8_t, kExtentHeaderBytes> extent_header(
    const ExtentRecord& extent) noexcept {
  std::array<std::uint8_t, kExtentHeaderBytes> header{};
  std::uint8_t* at = header.data();
  std::memcpy(at, kExtentMagic, sizeof kExtentMagic);
  store_le(at + 4, static_cast<std::uint16_t>(extent.codec));
  store_le(at + 8, extent.decoded_bytes);
  store_le(at + 16, extent.stored_bytes);
  std::memcpy(at + 24, extent.hash.data(), extent.hash.size());
  store_le(at + 56, extent.checksum);
  store_le(at + 60, crypto::crc32c({at, 60}));
  return header;
}

Packs::~Packs() {
  close_pack();
}

std::string Packs::path(std::int64_t pack_id) const {
  char name[40];
  std::snprintf(name, sizeof name, "/pack-%08lld.hpk", static_cast<long long>(pack_id));
  return directory_ + name;
}

void Packs::begin(std::int64_t last_pack_id, std::uint64_t committed_bytes) {
  close_pack();
  touched_.clear();
  first_pack_id_ = last_pack_id;
  first_bytes_ = committed_bytes;
  // A crash may have left packs that no transaction names.
  for (std::int64_t stray = last_pack_id + 1; ::unlink(path(stray).c_str()) == 0; ++stray) {
  }
  if (last_pack_id != 0) open_pack(last_pack_id, committed_bytes);
}

void Packs::open_pack(std::int64_t pack_id, std::uint64_t bytes) {
  const std::string name = path(pack_id);
  fd_ = ::open(name.c_str(), O_RDWR | O_CLOEXEC);
  if (fd_ < 0)
    throw Error{Fault::data, name + ": the catalog names this pack, but it cannot be opened: " +
                                 std::strerror(errno)};
  struct stat status {};
  if (::fstat(fd_, &status) != 0) throw_errno(Fault::io, name, errno);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < bytes)
    throw Error{Fault::data, name + ": " + std::to_string(size) +
                                 " bytes, but the catalog refers to " + std::to_string(bytes)};
  if (size > bytes && ::ftruncate(fd_, static_cast<off_t>(bytes)) != 0)
    throw_errno(Fault::io, name, errno);
  pack_id_ = pack_id;
  end_ = bytes;
}

void Packs::create_pack(std::int64_t pack_id) {
  if (fd_ >= 0) {
    if (::fdatasync(fd_) != 0) throw_errno(Fault::io, path(pack_id_), errno);
    close_pack();
  }
  const std::string name = path(pack_id);
  fd_ = ::open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode);
  if (fd_ < 0) throw_errno(Fault::io, name, errno);
  pack_id_ = pack_id;
  end_ = 0;
  // Named before anything is written, so that a failure from here on removes the file.
  touched_[pack_id] = end_;
  write_at(0, pack_header(pack_id));
  end_ = kPackHeaderBytes;
  sync_directory(directory_);
}

void Packs::close_pack() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Packs::write_at(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno(Fault::io, path(pack_id_), errno);
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

ExtentRecord Packs::append(const Hash256& hash, std::uint64_t decoded_bytes, Codec codec,
                           ByteView stored, const Written& written) {
  if (fd_ < 0 || end_ >= kPackTargetBytes)
    create_pack(fd_ < 0 ? first_pack_id_ + 1 : pack_id_ + 1);
  // A write that fails half-way, on a full disk, must be cut off as well.
  touched_[pack_id_] = end_;
  ExtentRecord extent;
  extent.hash = hash;
  extent.decoded_bytes = decoded_bytes;
  extent.stored_bytes = stored.size();
  extent.codec = codec;
  extent.pack_id = pack_id_;
  extent.pack_offset = end_ + kExtentHeaderBytes;
  for (std::uint64_t at = 0; at < stored.size();) {
    const ByteView window =
        stored.subspan(at, std::min<std::uint64_t>(kWindowBytes, stored.size() - at));
    extent.checksum = crypto::crc32c(window, extent.checksum);
    write_at(extent.pack_offset + at, window);
    if (written) written(at, window.size());
    at += window.size();
  }
  write_at(end_, extent_header(extent));
  const std::uint64_t used = extent.pack_offset + stored.size();
  end_ = checked_align(used, kExtentAlignment, "pack size");
  if (end_ > used) {
    constexpr std::array<std::uint8_t, kExtentAlignment> kZeros{};
    write_at(used, ByteView{kZeros}.first(end_ - used));
  }
  touched_[pack_id_] = end_;
  return extent;
}

void Packs::sync() {
  if (touched_.empty()) return;
  if (::fdatasync(fd_) != 0) throw_errno(Fault::io, path(pack_id_), errno);
}

void Packs::end(bool keep) noexcept {
  if (!keep) {
    for (const auto& [pack_id, bytes] : touched_) {
      // No transaction named these bytes, so nobody reads them. Should this fail, the next
      // writer does it again.
      const int failed =
          pack_id == first_pack_id_
              ? ::truncate(path(pack_id).c_str(), static_cast<off_t>(first_bytes_))
              : ::unlink(path(pack_id).c_str());
      if (failed == 0 && pack_id != first_pack_id_) maps_.erase(pack_id);
    }
  }
  close_pack();
  touched_.clear();
}

ByteView Packs::stored(const ExtentRecord& extent) {
  const std::string name = path(extent.pack_id);
  const std::uint64_t end = checked_add(extent.pack_offset, extent.stored_bytes, "extent");
  auto found = maps_.find(extent.pack_id);
  if (found == maps_.end() || found->second.bytes().size() < end) {
    MappedFile mapped = map_pack(name);
    if (found != maps_.end()) retired_maps_.push_back(std::move(found->second));
    found = maps_.insert_or_assign(extent.pack_id, std::move(mapped)).first;
  }
  const ByteView pack = found->second.bytes();
  if (extent.pack_offset < kPackHeaderBytes + kExtentHeaderBytes || pack.size() < end)
    throw Error{Fault::data, name + ": extent at offset " + std::to_string(extent.pack_offset) +
                                 " lies outside the pack"};
  const auto header = extent_header(extent);
  if (!std::equal(header.begin(), header.end(),
                  pack.begin() + static_cast<std::ptrdiff_t>(extent.pack_offset) -
                      static_cast<std::ptrdiff_t>(kExtentHeaderBytes)))
    throw Error{Fault::data, name + ": extent header at offset " +
                                 std::to_string(extent.pack_offset - kExtentHeaderBytes) +
                                 " is not what the catalog says"};
  return pack.subspan(extent.pack_offset, extent.stored_bytes);
}

ExtentBytes Packs::read(const ExtentRecord& extent, bool verify) {
  const ByteView stored_bytes = stored(extent);
  const auto damaged = [&](const char* what) {
    return Error{Fault::data, path(extent.pack_id) + ": extent at offset " +
                                  std::to_string(extent.pack_offset) + " " + what};
  };
  const bool raw = extent.codec == Codec::raw;
  if ((verify || !raw) && crypto::crc32c(stored_bytes) != extent.checksum)
    throw damaged("is damaged: its checksum differs");
  if (raw) {
    if (extent.stored_bytes != extent.decoded_bytes) throw damaged("has two sizes");
    if (verify && crypto::sha256(stored_bytes) != extent.hash)
      throw damaged("is damaged: its hash differs");
    return ExtentBytes{stored_bytes};
  }
  if (extent.codec != Codec::zstd) throw damaged("has an unknown codec");
  ByteBuffer decoded(extent.decoded_bytes);
  const std::size_t got =
      ZSTD_decompress(decoded.data(), decoded.size(), stored_bytes.data(), stored_bytes.size());
  if (ZSTD_isError(got) != 0 || got != decoded.size()) throw damaged("cannot be decoded");
  if (verify && crypto::sha256(decoded) != extent.hash)
    throw damaged("is damaged: its hash differs");
  return ExtentBytes{std::move(decoded)};
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
