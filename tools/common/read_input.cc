#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "common/cli.h"

namespace hart::cli {
namespace {

/// Closes what it opened; leaves standard input alone.
class InputDescriptor {
 public:
  explicit InputDescriptor(const std::string& path)
      : fd_{path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {
    if (fd_ < 0) throw_errno(Fault::io, path, errno);
  }
  ~InputDescriptor() {
    if (fd_ != STDIN_FILENO) ::close(fd_);
  }
  InputDescriptor(const InputDescriptor&) = delete;
  InputDescriptor& operator=(const InputDescriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::string read_input(const std::string& path, std::uint64_t limit_bytes) {
  constexpr std::size_t kReadBytes = 64 * 1024;
  const std::string name = path == "-" ? "standard input" : path;
  const InputDescriptor input{path};
  std::string content;
  for (;;) {
    const std::size_t old_size = content.size();
    content.resize(old_size + kReadBytes);
    const ssize_t count = ::read(input.get(), content.data() + old_size, kReadBytes);
    const int error_number = errno;
    content.resize(old_size + static_cast<std::size_t>(count > 0 ? count : 0));
    if (count == 0) return content;
    // A directory opens, but cannot be read: that is bad input, not a broken disk.
    if (count < 0 && error_number == EISDIR)
      throw Error{Fault::data, name + ": is a directory"};
    if (count < 0 && error_number != EINTR) throw_errno(Fault::io, name, error_number);
    if (content.size() > limit_bytes)
      throw Error{Fault::data, name + ": is longer than " + format_bytes(limit_bytes)};
  }
}

}  // namespace hart::cli
