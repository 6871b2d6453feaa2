#include "bill/quota_holder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "core/uuid.h"

namespace hart::bill {
namespace {

/// A lock lies beyond the file's end as well: the file stays empty.
struct flock byte_lock(std::int64_t number) noexcept {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = number;
  lock.l_len = 1;
  return lock;
}

}  // namespace

QuotaHolder::QuotaHolder(const std::string& directory) {
  const std::string path = directory + "/reservations";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) throw_errno(Fault::denied, path, errno);
  for (;;) {
    std::uint8_t bytes[7];
    random_bytes(bytes, sizeof bytes);
    number_ = 1;
    for (const std::uint8_t byte : bytes) number_ = (number_ << 8) | byte;
    struct flock lock = byte_lock(number_);
    if (::fcntl(fd_, F_OFD_SETLK, &lock) == 0) return;
    if (errno == EAGAIN || errno == EACCES || errno == EINTR) continue;
    const int error = errno;
    ::close(fd_);
    throw_errno(Fault::io, path, error);
  }
}

QuotaHolder::~QuotaHolder() {
  ::close(fd_);
}

bool QuotaHolder::lives(std::int64_t number) const noexcept {
  if (number == number_) return true;
  struct flock lock = byte_lock(number);
  return ::fcntl(fd_, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

}  // namespace hart::bill
