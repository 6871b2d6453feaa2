#include "store/reader_lease.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.h"
#include "store/connection.h"

namespace hart::store {
namespace {

bool lock_bytes(int fd, short type, std::int64_t first, std::int64_t count) noexcept {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = first;
  range.l_len = count;
  int failed = ::fcntl(fd, F_OFD_SETLK, &range);
  while (failed != 0 && errno == EINTR) failed = ::fcntl(fd, F_OFD_SETLK, &range);
  return failed == 0;
}

std::string lease_file(const std::string& directory) {
  return directory + "/readers";
}

}  // namespace

ReaderLease::ReaderLease(const std::string& directory, Connection& catalog)
    : fd_{::open(lease_file(directory).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)} {
  if (fd_ < 0) fd_ = ::open(lease_file(directory).c_str(), O_RDONLY | O_CLOEXEC);
  renew(catalog);
}

ReaderLease::~ReaderLease() {
  if (fd_ >= 0) ::close(fd_);
}

void ReaderLease::renew(Connection& catalog) {
  if (fd_ < 0) return;
  constexpr int kAttempts = 1000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::int64_t epoch = catalog.query_integer("SELECT epoch FROM reader_epoch");
    lock_bytes(fd_, F_UNLCK, 0, 0);
    const bool locked = lock_bytes(fd_, F_RDLCK, epoch, 1);
    // A collection may have begun the next epoch in between: then this byte protects nothing.
    if (locked && catalog.query_integer("SELECT epoch FROM reader_epoch") == epoch) return;
    if (!locked && errno != EAGAIN && errno != EACCES) return;
  }
  throw Error{Fault::busy, "the store's reader epoch does not settle"};
}

bool ReaderLease::nobody_before(const std::string& directory, std::int64_t epoch) {
  const int fd = ::open(lease_file(directory).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return false;
  const bool alone = lock_bytes(fd, F_WRLCK, 0, epoch + 1);
  ::close(fd);
  return alone;
}

}  // namespace hart::store
