#include "core/parallel.h"

#include <sched.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/thread_pool.h"

namespace hart {
namespace {

/// For a job inside another one, or beside one.
void run_on_new_threads(std::size_t parts, const std::function<void(std::size_t)>& part) {
  std::vector<std::thread> workers;
  workers.reserve(parts - 1);
  for (std::size_t i = 1; i < parts; ++i) workers.emplace_back(part, i);
  part(0);
  for (std::thread& worker : workers) worker.join();
}

}  // namespace

unsigned default_threads() noexcept {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

void parallel_for(std::size_t count, std::size_t grain, unsigned threads,
                  const std::function<void(std::size_t, std::size_t)>& body) {
  if (count == 0) return;
  const std::size_t most = std::max<std::size_t>(1, count / std::max<std::size_t>(1, grain));
  const std::size_t parts = std::min<std::size_t>(std::max(1u, threads), most);
  if (parts == 1) return body(0, count);
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto run_part = [&](std::size_t part) {
    try {
      body(count * part / parts, count * (part + 1) / parts);
    } catch (...) {
      const std::lock_guard lock{failure_mutex};
      if (!failure) failure = std::current_exception();
    }
  };
  // By reference: no memory is asked for.
  const std::function<void(std::size_t)> by_reference = std::cref(run_part);
  if (!ThreadPool::shared().run(parts, by_reference)) run_on_new_threads(parts, by_reference);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace hart
