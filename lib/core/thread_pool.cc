#include "core/thread_pool.h"

#include <pthread.h>

#include <chrono>
#include <thread>

#include "core/parallel.h"

namespace hart {
namespace {

constexpr std::uint64_t kCount = 0xFFFFFFFF;
constexpr std::uint64_t kNextJob = kCount + 1;

// About what a sleeping thread takes to wake: watching longer costs more than it can save.
constexpr std::chrono::microseconds kWatchTime{50};
constexpr int kChecksPerClock = 64;

std::atomic<bool> is_fork{false};

void pause_briefly() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Watches for `condition`, for kWatchTime at most, and not at all where another thread would
/// need this processor to make it true.
template <typename Condition> bool watch_for(Condition condition) {
  static const bool has_others = default_threads() > 1;
  if (!has_others) return condition();
  const auto start = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < kChecksPerClock; ++i) {
      if (condition()) return true;
      pause_briefly();
    }
  } while (std::chrono::steady_clock::now() - start < kWatchTime);
  return false;
}

}  // namespace

ThreadPool::ThreadPool() {
  ::pthread_atfork(nullptr, nullptr, [] { is_fork = true; });
}

ThreadPool& ThreadPool::shared() {
  static auto* pool = new ThreadPool;
  return *pool;
}

bool ThreadPool::run(std::size_t parts, const std::function<void(std::size_t)>& part) {
  if (is_fork || is_busy_.exchange(true, std::memory_order_acquire)) return false;
  try {
    start_workers(parts - 1);
  } catch (...) {
    is_busy_ = false;
    throw;
  }
  part_ = &part;
  parts_ = parts;
  left_ = parts;
  job_ = (job_ & ~kCount) + kNextJob + parts;
  if (sleepers_ > 0) {
    { const std::lock_guard lock{mutex_}; }
    for (std::size_t i = 1; i < parts; ++i) has_job_.notify_one();
  }
  while (take_part()) {
  }
  wait_for_end();
  is_busy_.store(false, std::memory_order_release);
  return true;
}

void ThreadPool::start_workers(std::size_t count) {
  for (; workers_ < count; ++workers_) std::thread{[this] { work(); }}.detach();
}

void ThreadPool::work() {
  for (;;) {
    while (take_part()) {
    }
    if (!watch_for([this] { return (job_ & kCount) != 0; })) sleep_until_job();
  }
}

/// Takes and runs one part; false when none is left.
bool ThreadPool::take_part() {
  std::uint64_t job = job_;
  do {
    if ((job & kCount) == 0) return false;
  } while (!job_.compare_exchange_weak(job, job - 1));
  (*part_)(parts_ - (job & kCount));
  // After this the job may be gone, and another begun.
  if (left_.fetch_sub(1) == 1 && is_caller_asleep_) {
    { const std::lock_guard lock{mutex_}; }
    has_ended_.notify_one();
  }
  return true;
}

void ThreadPool::sleep_until_job() {
  std::unique_lock lock{mutex_};
  ++sleepers_;
  has_job_.wait(lock, [this] { return (job_ & kCount) != 0; });
  --sleepers_;
}

void ThreadPool::wait_for_end() {
  if (watch_for([this] { return left_ == 0; })) return;
  std::unique_lock lock{mutex_};
  is_caller_asleep_ = true;
  has_ended_.wait(lock, [this] { return left_ == 0; });
  is_caller_asleep_ = false;
}

}  // namespace hart
