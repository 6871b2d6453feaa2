#include "store/rate_limit.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "core/error.h"
#include "scratch.h"

namespace hart::store {
namespace {

constexpr TimeUs kStart = 1'700'000'000'000'000;
constexpr TimeUs kSecond = 1'000'000;

TEST_CASE("rate limit: a burst passes at once, then one each interval") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch / "s");
  RateLimiter limiter{scratch / "s"};
  const RateLimit limit{60, 3};  // One a second.
  for (int i = 0; i < 3; ++i) CHECK(limiter.take(1, limit, kStart) == 0);
  CHECK(limiter.take(1, limit, kStart) == kSecond);
  CHECK(limiter.take(1, limit, kStart + kSecond - 1) == 1);
  CHECK(limiter.take(1, limit, kStart + kSecond) == 0);
  CHECK(limiter.take(1, limit, kStart + kSecond) == kSecond);
  // A long pause fills it, and no further than the burst.
  for (int i = 0; i < 3; ++i) CHECK(limiter.take(1, limit, kStart + 3600 * kSecond) == 0);
  CHECK(limiter.take(1, limit, kStart + 3600 * kSecond) > 0);
}

TEST_CASE("rate limit: buckets do not touch one another, near or far") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch / "s");
  RateLimiter limiter{scratch / "s"};
  const RateLimit limit{1, 1};
  for (const std::uint64_t bucket : {0ull, 1ull, 511ull, 512ull, 513ull, 1'000'000ull})
    CHECK(limiter.take(bucket, limit, kStart) == 0);
  for (const std::uint64_t bucket : {1'000'000ull, 512ull, 0ull, 511ull})
    CHECK(limiter.take(bucket, limit, kStart) == 60 * kSecond);
}

TEST_CASE("rate limit: a clock that was set back empties a bucket and leaves no debt") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch / "s");
  RateLimiter limiter{scratch / "s"};
  const RateLimit limit{60, 5};
  CHECK(limiter.take(1, limit, kStart) == 0);
  CHECK(limiter.take(1, limit, kStart - 86'400 * kSecond) <= kSecond);
}

TEST_CASE("rate limit: processes and threads share the bucket, and take no token twice") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch / "s");
  const RateLimit limit{1, 1000};
  constexpr int kProcesses = 4;
  constexpr int kTries = 500;
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  for (int i = 0; i < kProcesses; ++i) {
    if (::fork() != 0) continue;
    RateLimiter limiter{scratch / "s"};
    int taken = 0;
    for (int n = 0; n < kTries; ++n) taken += limiter.take(7, limit, kStart) == 0 ? 1 : 0;
    const bool told = ::write(pipe_ends[1], &taken, sizeof taken) == sizeof taken;
    ::_exit(told ? 0 : 1);
  }
  int total = 0;
  for (int i = 0; i < kProcesses; ++i) {
    int taken = 0;
    REQUIRE(::read(pipe_ends[0], &taken, sizeof taken) == sizeof taken);
    total += taken;
    ::wait(nullptr);
  }
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
  CHECK(total == 1000);
}

TEST_CASE("rate limit: where it cannot be counted nothing passes") {
  const Scratch scratch;
  CHECK_THROWS_AS(RateLimiter{scratch / "missing"}, Error);
}

}  // namespace
}  // namespace hart::store
