#include "crypto/secret_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <span>

#include "core/error.h"

namespace hart::crypto {
namespace {

/// Far longer than a secret and a newline.
constexpr std::size_t kMaxFileBytes = 1024;

struct SecretDescriptor {
  int fd;
  ~SecretDescriptor() { ::close(fd); }
};

/// Whether all of it was written; errno tells why not.
bool write_all(int fd, std::string_view bytes) {
  const ssize_t written = ::write(fd, bytes.data(), bytes.size());
  if (written >= 0 && written < static_cast<ssize_t>(bytes.size())) errno = ENOSPC;
  return written == static_cast<ssize_t>(bytes.size());
}

/// As much as there is, a pipe's bytes included, up to the size of the buffer. -1 and errno on
/// failure.
ssize_t read_all(int fd, std::span<char> buffer) {
  std::size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t count = ::read(fd, buffer.data() + size, buffer.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  return static_cast<ssize_t>(size);
}

void sync_parent(const std::string& path) {
  const std::string parent = std::filesystem::path{path}.parent_path().string();
  const SecretDescriptor directory{
      ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.fd < 0 || ::fsync(directory.fd) != 0) throw_errno(Fault::io, path, errno);
}

}  // namespace

void wipe(std::string& text) noexcept {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

std::string read_secret_file(const std::string& path, std::string_view what) {
  const SecretDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) throw_errno(Fault::no_input, path, errno);
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) throw_errno(Fault::io, path, errno);
  if (S_ISDIR(status.st_mode))
    throw Error{Fault::data, path + ": is a directory, and holds no " + std::string{what}};
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw Error{Fault::denied,
                path + ": others than its owner may read this key; expected mode 600"};
  std::array<char, kMaxFileBytes> buffer{};
  const ssize_t size = read_all(file.fd, buffer);
  if (size < 0) throw_errno(Fault::io, path, errno);
  const std::string_view content{buffer.data(), static_cast<std::size_t>(size)};
  std::string text{content.substr(0, content.find_first_of("\r\n"))};
  OPENSSL_cleanse(buffer.data(), buffer.size());
  if (!text.empty() && content.size() < buffer.size()) return text;
  wipe(text);
  throw Error{Fault::data, path + ": holds no " + std::string{what}};
}

void write_secret_file(const std::string& path, std::string_view secret) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) throw_errno(Fault::cannot_create, path, errno);
  const SecretDescriptor file{fd};
  if (!write_all(fd, secret) || !write_all(fd, "\n") || ::fsync(fd) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    throw_errno(Fault::io, path, error);
  }
  sync_parent(path);
}

}  // namespace hart::crypto
