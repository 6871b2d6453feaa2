#include "core/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/error.h"

namespace hart {
namespace {

constexpr std::size_t kPageBytes = 4096;

struct Descriptor {
  int fd;
  ~Descriptor() { ::close(fd); }
};

}  // namespace

MappedFile::MappedFile(const std::string& path, Access access) {
  // O_NONBLOCK keeps the open of a pipe that nobody writes from waiting; files ignore it.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw_errno(Fault::io, path, errno);
  const Descriptor descriptor{fd};
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno(Fault::io, path, errno);
  if (S_ISDIR(status.st_mode))
    throw Error{Fault::data, path + ": is a directory, expected a file"};
  if (!S_ISREG(status.st_mode)) throw Error{Fault::data, path + ": not a regular file"};
  if (status.st_size == 0) return;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) throw_errno(Fault::io, path, errno);
  data_ = static_cast<const std::uint8_t*>(data);
  size_ = size;
  if (access != Access::normal)
    ::madvise(data, size, access == Access::sequential ? MADV_SEQUENTIAL : MADV_RANDOM);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_{std::exchange(other.data_, nullptr)}, size_{std::exchange(other.size_, 0)} {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::drop(std::size_t offset, std::size_t size) const noexcept {
  const std::size_t begin = (offset + kPageBytes - 1) / kPageBytes * kPageBytes;
  const std::size_t end = (offset + size) / kPageBytes * kPageBytes;
  if (begin < end && end <= size_)
    ::madvise(const_cast<std::uint8_t*>(data_) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace hart
