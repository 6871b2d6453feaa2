#include "core/parallel.h"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace hart {
namespace {

std::vector<std::pair<std::size_t, std::size_t>> parts_of(std::size_t count, std::size_t grain,
                                                          unsigned threads) {
  std::vector<std::pair<std::size_t, std::size_t>> parts;
  std::mutex mutex;
  parallel_for(count, grain, threads, [&](std::size_t begin, std::size_t end) {
    const std::lock_guard lock{mutex};
    parts.emplace_back(begin, end);
  });
  std::sort(parts.begin(), parts.end());
  return parts;
}

TEST_CASE("parallel_for: the parts cover the range once, in at most as many as threads") {
  for (const std::size_t count : {1u, 2u, 7u, 100u, 1001u})
    for (const std::size_t grain : {0u, 1u, 10u, 1000u})
      for (const unsigned threads : {0u, 1u, 3u, 8u}) {
        const auto parts = parts_of(count, grain, threads);
        REQUIRE(parts.size() <= std::max(1u, threads));
        std::size_t at = 0;
        for (const auto& [begin, end] : parts) {
          REQUIRE(begin == at);
          REQUIRE(end > begin);
          REQUIRE(end - begin >= std::min(grain, count));
          at = end;
        }
        REQUIRE(at == count);
      }
}

TEST_CASE("parallel_for: the split is the same every time") {
  CHECK(parts_of(1000, 7, 6) == parts_of(1000, 7, 6));
  CHECK(parts_of(12, 1, 3) == decltype(parts_of(0, 0, 0)){{0, 4}, {4, 8}, {8, 12}});
}

TEST_CASE("parallel_for: nothing to do calls nothing") {
  CHECK(parts_of(0, 1, 4).empty());
}

TEST_CASE("parallel_for: an exception of any part comes out after all parts have ended") {
  for (const std::size_t guilty : {0u, 50u, 99u}) {
    std::atomic<int> ended{0};
    CHECK_THROWS_AS(parallel_for(100, 1, 4,
                                 [&](std::size_t begin, std::size_t end) {
                                   ++ended;
                                   if (begin <= guilty && guilty < end)
                                     throw std::runtime_error{"guilty"};
                                 }),
                    std::runtime_error);
    CHECK(ended == 4);
  }
}

TEST_CASE("parallel_for: many short jobs, one after the other, each run every part once") {
  for (int job = 0; job < 20'000; ++job) {
    const std::size_t parts = 1 + static_cast<std::size_t>(job) % 4;
    std::array<std::atomic<int>, 4> runs{};
    parallel_for(parts, 1, 4, [&](std::size_t begin, std::size_t) { ++runs[begin]; });
    for (std::size_t part = 0; part < runs.size(); ++part)
      REQUIRE(runs[part] == (part < parts ? 1 : 0));
  }
}

TEST_CASE("parallel_for: a job after a pause finds its sleeping threads again") {
  for (int job = 0; job < 5; ++job) {
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
    std::atomic<int> sum{0};
    parallel_for(3, 1, 3, [&](std::size_t begin, std::size_t) { sum += 1 << (8 * begin); });
    CHECK(sum == 0x010101);
  }
}

TEST_CASE("parallel_for: may be called from inside a part and from several threads") {
  std::atomic<int> sum{0};
  const auto add = [&](std::size_t begin, std::size_t end) {
    sum += static_cast<int>(end - begin);
  };
  parallel_for(4, 1, 4, [&](std::size_t, std::size_t) { parallel_for(100, 1, 3, add); });
  CHECK(sum == 400);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller)
    callers.emplace_back([&] {
      for (int job = 0; job < 200; ++job) parallel_for(10, 1, 2, add);
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(sum == 400 + 3 * 200 * 10);
}

TEST_CASE("parallel_for: works in a forked process, which has none of the threads") {
  parallel_for(4, 1, 4, [](std::size_t, std::size_t) {});
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::atomic<int> sum{0};
    parallel_for(4, 1, 4, [&](std::size_t begin, std::size_t) { sum += 1 << (8 * begin); });
    ::_exit(sum == 0x01010101 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("default_threads: is at least one") {
  CHECK(default_threads() >= 1);
}

}  // namespace
}  // namespace hart
