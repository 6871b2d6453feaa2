#include "store/rate_limit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "core/error.h"

namespace hart::store {
namespace {

constexpr TimeUs kMinuteUs = 60'000'000;
constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kBucketsPerPage = kPageBytes / sizeof(std::int64_t);

static_assert(std::atomic_ref<std::int64_t>::is_always_lock_free,
              "a lock of one process would mean nothing to another");

/// One step of the algorithm; `due` is the bucket.
TimeUs take_from(std::atomic_ref<std::int64_t> due, const RateLimit& limit, TimeUs now) {
  const TimeUs interval = std::max<TimeUs>(1, kMinuteUs / limit.per_minute);
  const TimeUs tolerance = interval * (limit.burst - 1);
  TimeUs before = due.load();
  for (;;) {
    // It cannot stand further ahead than a full burst; then the clock was set back.
    const TimeUs sound = std::min(before, now + tolerance + interval);
    if (sound - now > tolerance) return sound - now - tolerance;
    if (due.compare_exchange_weak(before, std::max(sound, now) + interval)) return 0;
  }
}

}  // namespace

struct RateLimiter::Map {
  Map(int fd, std::uint64_t page_number, const std::string& path) : page{page_number} {
    const auto offset = static_cast<off_t>(page * kPageBytes);
    // Grows the file where it is too short, and never cuts what another process made.
    if (const int error = ::posix_fallocate(fd, offset, kPageBytes))
      throw_errno(Fault::io, path, error);
    memory = ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
    if (memory == MAP_FAILED) throw_errno(Fault::io, path, errno);
  }
  ~Map() { ::munmap(memory, kPageBytes); }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  std::uint64_t page;
  void* memory;
};

RateLimiter::RateLimiter(const std::string& directory) : path_{directory + "/rate-limits"} {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) throw_errno(Fault::denied, path_, errno);
}

RateLimiter::~RateLimiter() {
  map_.reset();
  if (fd_ >= 0) ::close(fd_);
}

RateLimiter::RateLimiter(RateLimiter&& other) noexcept
    : path_{std::move(other.path_)},
      fd_{std::exchange(other.fd_, -1)},
      map_{std::move(other.map_)} {}

RateLimiter& RateLimiter::operator=(RateLimiter&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(map_, other.map_);
  return *this;
}

TimeUs RateLimiter::take(std::uint64_t bucket, const RateLimit& limit, TimeUs now) {
  const std::uint64_t page = bucket / kBucketsPerPage;
  if (!map_ || map_->page != page) map_ = std::make_unique<Map>(fd_, page, path_);
  auto* buckets = static_cast<std::int64_t*>(map_->memory);
  return take_from(std::atomic_ref{buckets[bucket % kBucketsPerPage]}, limit, now);
}

}  // namespace hart::store
