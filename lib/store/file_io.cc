#include "store/file_io.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "core/error.h"

namespace hart::store {
namespace {

constexpr int kFileMode = 0644;

/// A descriptor, closed by the destructor.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_{::open(path.c_str(), flags | O_CLOEXEC, kFileMode)} {
    if (fd_ < 0) throw_errno(Fault::io, path, errno);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

int open_flags(FileIo::Mode mode) {
  switch (mode) {
    case FileIo::Mode::read:
      return O_RDONLY;
    case FileIo::Mode::read_write:
      return O_RDWR;
    case FileIo::Mode::create:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

/// Runs a system call again when a signal interrupted it.
template <typename Call> auto uninterrupted(const std::string& path, const Call& call) {
  for (;;) {
    const auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) throw_errno(Fault::io, path, errno);
  }
}

class PosixFile final : public File {
 public:
  PosixFile(const std::string& path, FileIo::Mode mode)
      : File{path}, descriptor_{path, open_flags(mode)} {}

  std::uint64_t size() override {
    struct stat status {};
    if (::fstat(descriptor_.get(), &status) != 0) throw_errno(Fault::io, path(), errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  void truncate(std::uint64_t bytes) override {
    uninterrupted(path(),
                  [&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(bytes)); });
  }

  void sync() override {
    uninterrupted(path(), [&] { return ::fdatasync(descriptor_.get()); });
  }

  bool punch_hole(std::uint64_t offset, std::uint64_t bytes) override {
    for (;;) {
      const int failed =
          ::fallocate(descriptor_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                      static_cast<off_t>(offset), static_cast<off_t>(bytes));
      if (failed == 0) return true;
      if (errno == EOPNOTSUPP || errno == ENOSYS) return false;
      if (errno != EINTR) throw_errno(Fault::io, path(), errno);
    }
  }

 protected:
  std::size_t read_some(std::uint64_t offset, std::span<std::uint8_t> into) override {
    return static_cast<std::size_t>(uninterrupted(path(), [&] {
      return ::pread(descriptor_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    }));
  }

  std::size_t write_some(std::uint64_t offset, ByteView bytes) override {
    const auto written = static_cast<std::size_t>(uninterrupted(path(), [&] {
      return ::pwrite(descriptor_.get(), bytes.data(), bytes.size(),
                      static_cast<off_t>(offset));
    }));
    unstarted_ += written;
    if (unstarted_ >= kWritebackBytes) {
      // The disk works while the next bytes are coded, so that the sync has less to wait for.
      // Only advice: whether it fails, the sync will tell.
      ::sync_file_range(descriptor_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
      unstarted_ = 0;
    }
    return written;
  }

 private:
  static constexpr std::size_t kWritebackBytes = std::size_t{8} << 20;

  Descriptor descriptor_;
  std::size_t unstarted_ = 0;  ///< written since the disk was last told to begin
};

class PosixFileIo final : public FileIo {
 public:
  std::unique_ptr<File> open(const std::string& path, Mode mode) override {
    return std::make_unique<PosixFile>(path, mode);
  }

  bool remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0) return true;
    if (errno != ENOENT) throw_errno(Fault::io, path, errno);
    return false;
  }

  void rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) throw_errno(Fault::io, from, errno);
  }

  void sync_directory(const std::string& directory) override {
    const Descriptor descriptor{directory, O_RDONLY | O_DIRECTORY};
    uninterrupted(directory, [&] { return ::fsync(descriptor.get()); });
  }
};

std::atomic<FileIo*>& current_io() noexcept {
  static std::atomic<FileIo*> current{&posix_file_io()};
  return current;
}

}  // namespace

void File::read_at(std::uint64_t offset, std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const std::size_t part = read_some(offset, into);
    if (part == 0)
      throw Error{Fault::data, path_ + ": ends at byte " + std::to_string(offset) +
                                   ", expected " + std::to_string(into.size()) + " more"};
    offset += part;
    into = into.subspan(part);
  }
}

void File::write_at(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const std::size_t part = write_some(offset, bytes);
    // A device that takes nothing and gives no reason would keep this loop for ever.
    if (part == 0) throw_errno(Fault::io, path_, EIO);
    offset += part;
    bytes = bytes.subspan(part);
  }
}

bool FileIo::share(const std::string& from, const std::string& to) {
  const int source = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) throw_errno(Fault::io, from, errno);
  const int target = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (target < 0) {
    const int error = errno;
    ::close(source);
    throw_errno(Fault::io, to, error);
  }
  const bool cloned = ::ioctl(target, FICLONE, source) == 0 && ::fsync(target) == 0;
  ::close(source);
  ::close(target);
  if (cloned) return true;
  ::unlink(to.c_str());
  return ::link(from.c_str(), to.c_str()) == 0;
}

FileIo& posix_file_io() noexcept {
  static PosixFileIo io;
  return io;
}

FileIo& file_io() noexcept {
  return *current_io().load(std::memory_order_acquire);
}

FileIoOverride::FileIoOverride(FileIo& io) noexcept
    : before_{current_io().exchange(&io, std::memory_order_acq_rel)} {}

FileIoOverride::~FileIoOverride() {
  current_io().store(before_, std::memory_order_release);
}

}  // namespace hart::store
