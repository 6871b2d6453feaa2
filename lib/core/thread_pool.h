#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>

namespace hart {

/// Threads that stay: what parallel_for runs on. A thread that has nothing to do watches for
/// some microseconds for the next job before it sleeps, so that jobs that follow each other
/// closely, as the matrix products of a token do, are not each paid for with a wake-up.
///
/// One job at a time. The caller takes parts as well, and takes all of them when no other
/// thread wakes up in time.
class ThreadPool {
 public:
  /// The pool of this process. It is never destroyed: its threads may sleep in it to the end.
  [[nodiscard]] static ThreadPool& shared();

  /// Runs part(i) for each i in [0, parts), which must not throw, on at most `parts` threads
  /// and returns when all have ended. False, and nothing was run, when the pool is at work, as
  /// inside a part, or when this process is a fork that has none of its threads. Throws
  /// std::system_error when threads cannot be made.
  bool run(std::size_t parts, const std::function<void(std::size_t)>& part);

 private:
  ThreadPool();

  void start_workers(std::size_t count);
  void work();
  bool take_part();
  void sleep_until_job();
  void wait_for_end();

  std::atomic<bool> is_busy_{false};
  std::size_t workers_ = 0;  ///< changed by who holds is_busy_

  /// Number of the job << 32 | parts that nobody has taken. One word, so that a thread that
  /// comes late can never take a part of a later job by the count of an earlier one.
  std::atomic<std::uint64_t> job_{0};
  // The job; constant from when job_ is set until left_ is zero.
  const std::function<void(std::size_t)>* part_ = nullptr;
  std::size_t parts_ = 0;
  std::atomic<std::size_t> left_{0};  ///< parts that have not ended

  std::mutex mutex_;
  std::condition_variable has_job_, has_ended_;
  std::atomic<std::size_t> sleepers_{0};
  std::atomic<bool> is_caller_asleep_{false};
};

}  // namespace hart
