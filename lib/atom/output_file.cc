#include "atom/output_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/error.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;

void write_all(int fd, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno(Fault::io, path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

mode_t current_umask() noexcept {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return mask;
}

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

bool is_device(const std::string& path) noexcept {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) &&
         !S_ISDIR(status.st_mode);
}

DeviceFile::DeviceFile(const std::string& path)
    : path_{path}, fd_{::open(path.c_str(), O_WRONLY | O_CLOEXEC)} {
  if (fd_ < 0) throw_errno(Fault::cannot_create, path, errno);
}

DeviceFile::~DeviceFile() {
  ::close(fd_);
}

void DeviceFile::write(ByteView bytes) {
  write_all(fd_, bytes, path_);
}

TemporaryFile::TemporaryFile(const std::string& path) : path_{path + ".hart-XXXXXX"} {
  fd_ = ::mkostemp(path_.data(), O_CLOEXEC);
  if (fd_ < 0) throw_errno(Fault::cannot_create, path, errno);
}

TemporaryFile::~TemporaryFile() {
  ::close(fd_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

void TemporaryFile::write(ByteView bytes) {
  constexpr std::uint64_t kWritebackBytes = std::uint64_t{8} << 20;
  write_all(fd_, bytes, path_);
  unstarted_ += bytes.size();
  if (unstarted_ < kWritebackBytes) return;
  // The disk works while the next bytes are made. Only advice: the sync at the end decides.
  ::sync_file_range(fd_, 0, 0, SYNC_FILE_RANGE_WRITE);
  unstarted_ = 0;
}

void TemporaryFile::complete(const std::string& path) {
  if (::fchmod(fd_, 0666 & ~current_umask()) != 0 || ::fsync(fd_) != 0)
    throw_errno(Fault::io, path, errno);
  if (::rename(path_.c_str(), path.c_str()) != 0)
    throw_errno(Fault::cannot_create, path, errno);
  path_.clear();
}

TemporaryFolder::TemporaryFolder(const std::string& path)
    : final_path_{without_slashes(path)}, path_{final_path_ + ".hart-XXXXXX"} {
  std::error_code error;
  if (fs::exists(final_path_, error) &&
      !(fs::is_directory(final_path_, error) && fs::is_empty(final_path_, error)))
    throw Error{Fault::cannot_create, final_path_ + ": exists and is not an empty folder"};
  if (::mkdtemp(path_.data()) == nullptr) throw_errno(Fault::cannot_create, path, errno);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

void TemporaryFolder::complete() {
  if (::chmod(path_.c_str(), 0777 & ~current_umask()) != 0)
    throw_errno(Fault::io, final_path_, errno);
  // Replaces an empty folder, and nothing else.
  if (::rename(path_.c_str(), final_path_.c_str()) != 0)
    throw_errno(Fault::cannot_create, final_path_, errno);
  path_.clear();
}

}  // namespace hart::atom
