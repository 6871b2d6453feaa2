#include "store/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "core/clock.h"
#include "core/error.h"

namespace hart::store {
namespace {

constexpr int kLongestPauseMs = 8;

}  // namespace

WriterLock::WriterLock(const std::string& path, int timeout_ms)
    : fd_{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)} {
  if (fd_ < 0) throw_errno(Fault::denied, path, errno);
  const double give_up = steady_seconds() + timeout_ms / 1000.0;
  int pause_ms = 1;
  while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      const int error = errno;
      ::close(fd_);
      throw_errno(Fault::io, path, error);
    }
    if (steady_seconds() >= give_up) {
      ::close(fd_);
      throw Error{Fault::busy, "the store is locked by another writer (waited " +
                                   std::to_string(timeout_ms / 1000) + " s)"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{pause_ms});
    pause_ms = std::min(pause_ms * 2, kLongestPauseMs);
  }
}

WriterLock::~WriterLock() {
  ::close(fd_);
}

}  // namespace hart::store
