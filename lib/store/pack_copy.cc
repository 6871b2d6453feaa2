#include "store/pack_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/error.h"
#include "store/file_io.h"

namespace hart::store {
namespace {

constexpr std::uint64_t kCopyBytes = std::uint64_t{8} << 20;

struct PackDescriptor {
  PackDescriptor(const std::string& path, int flags, Fault fault)
      : fd{::open(path.c_str(), flags | O_CLOEXEC, 0644)} {
    if (fd < 0) throw_errno(fault, path, errno);
  }
  ~PackDescriptor() { ::close(fd); }
  PackDescriptor(const PackDescriptor&) = delete;
  PackDescriptor& operator=(const PackDescriptor&) = delete;

  int fd;
};

class RangeCopier {
 public:
  RangeCopier(const std::string& from, const std::string& to)
      : from_path_{from},
        to_path_{to},
        from_{from, O_RDONLY, Fault::data},
        to_{to, O_RDWR | O_CREAT | O_EXCL, Fault::cannot_create} {}

  [[nodiscard]] std::uint64_t source_bytes() const {
    struct stat status {};
    if (::fstat(from_.fd, &status) != 0) throw_errno(Fault::io, from_path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }
  void set_size(std::uint64_t bytes) {
    if (::ftruncate(to_.fd, static_cast<off_t>(bytes)) != 0)
      throw_errno(Fault::io, to_path_, errno);
  }

  /// Copies up to `bytes` bytes. Returns how many.
  std::uint64_t copy(std::uint64_t offset, std::uint64_t bytes) {
    if (in_kernel_) {
      auto in = static_cast<off_t>(offset);
      auto out = in;
      const ssize_t copied =
          ::copy_file_range(from_.fd, &in, to_.fd, &out, std::min(bytes, kCopyBytes), 0);
      if (copied > 0) return static_cast<std::uint64_t>(copied);
      // Not between these two file systems, or not on this kernel.
      if (copied < 0 && (errno == ENOSPC || errno == EIO || errno == EDQUOT))
        throw_errno(Fault::io, to_path_, errno);
      in_kernel_ = false;
    }
    return copy_by_hand(offset, std::min(bytes, kCopyBytes));
  }

 private:
  std::uint64_t copy_by_hand(std::uint64_t offset, std::uint64_t bytes) {
    buffer_.resize(bytes);
    const ssize_t got = ::pread(from_.fd, buffer_.data(), bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) return 0;
    if (got < 0) throw_errno(Fault::io, from_path_, errno);
    if (got == 0) throw Error{Fault::data, from_path_ + ": ends while it is copied"};
    for (ssize_t at = 0; at < got;) {
      const ssize_t put =
          ::pwrite(to_.fd, buffer_.data() + at, static_cast<std::size_t>(got - at),
                   static_cast<off_t>(offset) + at);
      if (put < 0 && errno != EINTR) throw_errno(Fault::io, to_path_, errno);
      at += std::max<ssize_t>(put, 0);
    }
    return static_cast<std::uint64_t>(got);
  }

  std::string from_path_;
  std::string to_path_;
  PackDescriptor from_;
  PackDescriptor to_;
  bool in_kernel_ = true;
  ByteBuffer buffer_;
};

/// What is left of the pack between its holes.
std::vector<PackRange> living_ranges(Connection& db, std::int64_t pack_id,
                                     std::uint64_t bytes) {
  std::vector<PackRange> ranges;
  Statement holes = db.prepare(
      "SELECT pack_offset, bytes FROM pack_hole WHERE pack_id = ? ORDER BY pack_offset",
      Scope::owner);
  holes.with(pack_id);
  std::uint64_t at = 0;
  while (pack_id < kFirstLinkedPack && holes.step()) {
    const PackRange hole{pack_id, static_cast<std::uint64_t>(holes.integer(0)),
                         static_cast<std::uint64_t>(holes.integer(1))};
    if (hole.offset > at && hole.offset <= bytes)
      ranges.push_back({pack_id, at, hole.offset - at});
    at = std::max(at, hole.end());
  }
  if (bytes > at) ranges.push_back({pack_id, at, bytes - at});
  return ranges;
}

}  // namespace

std::vector<PackContent> pack_contents(Store& store) {
  std::vector<PackContent> packs;
  Statement rows = store.db().prepare(
      "SELECT pack_id, bytes FROM pack AS p WHERE EXISTS"
      " (SELECT 1 FROM extent AS e WHERE e.pack_id = p.pack_id)"
      " OR pack_id IS (SELECT max(pack_id) FROM pack WHERE pack_id < ?) ORDER BY pack_id",
      Scope::owner);
  rows.with(kFirstLinkedPack);
  while (rows.step()) {
    PackContent pack;
    pack.pack_id = rows.integer(0);
    pack.bytes = static_cast<std::uint64_t>(rows.integer(1));
    pack.ranges = living_ranges(store.db(), pack.pack_id, pack.bytes);
    packs.push_back(std::move(pack));
  }
  return packs;
}

void copy_pack(Store& store, const PackContent& pack, const std::string& directory,
               const std::function<void(std::uint64_t bytes)>& progress) {
  const std::string from = pack.pack_id >= kFirstLinkedPack
                               ? store.packs().linked_path(pack.pack_id)
                               : store.packs().path(pack.pack_id);
  RangeCopier copier{from, directory + "/" + std::filesystem::path{from}.filename().string()};
  if (copier.source_bytes() < pack.bytes)
    throw Error{Fault::data,
                "the store is damaged: " + from + " is shorter than the catalog says"};
  copier.set_size(pack.bytes);
  for (const PackRange& range : pack.ranges)
    for (std::uint64_t at = range.offset; at < range.end();) {
      const std::uint64_t copied = copier.copy(at, range.end() - at);
      at += copied;
      progress(copied);
    }
}

}  // namespace hart::store
