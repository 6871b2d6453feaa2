#include "common/api_key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/error.h"

namespace hart::cli {
namespace {

/// Far longer than a key and a newline.
constexpr std::size_t kMaxFileBytes = 1024;

struct Descriptor {
  int fd;
  ~Descriptor() { ::close(fd); }
};

}  // namespace

std::string read_api_key_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) throw_errno(Fault::no_input, path, errno);
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) throw_errno(Fault::io, path, errno);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw Error{Fault::denied,
                path + ": others than its owner may read this key; expected mode 600"};
  std::array<char, kMaxFileBytes> buffer{};
  const ssize_t size = ::read(file.fd, buffer.data(), buffer.size());
  if (size < 0) throw_errno(Fault::io, path, errno);
  std::string text{buffer.data(), static_cast<std::size_t>(size)};
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  if (text.empty() || size == static_cast<ssize_t>(buffer.size()))
    throw Error{Fault::data, path + ": holds no API key"};
  return text;
}

void write_api_key_file(const std::string& path, const std::string& key) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) throw_errno(Fault::cannot_create, path, errno);
  const Descriptor file{fd};
  const std::string line = key + "\n";
  if (::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fsync(fd) == 0)
    return;
  const int error = errno;
  ::unlink(path.c_str());
  throw_errno(Fault::io, path, error);
}

}  // namespace hart::cli
