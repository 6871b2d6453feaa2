#include "core/clock.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "core/error.h"

namespace hart {
namespace {

constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kDay = 86'400 * kSecond;

TEST_CASE("clock: known instants read and write as RFC 3339") {
  CHECK(format_time(0) == "1970-01-01T00:00:00.000000Z");
  CHECK(format_time(951'782'400 * kSecond + 1) == "2000-02-29T00:00:00.000001Z");
  CHECK(format_time(253'402'300'799 * kSecond + 999'999) == "9999-12-31T23:59:59.999999Z");
  CHECK(parse_time("2000-02-29T00:00:00.000001Z") == 951'782'400 * kSecond + 1);
  CHECK(parse_time("9999-12-31T23:59:59.999999Z") == 253'402'300'799 * kSecond + 999'999);
}

TEST_CASE("clock: a fraction counts from its first digit") {
  const TimeUs whole = parse_time("2026-01-31T09:30:00Z");
  CHECK(parse_time("2026-01-31T09:30:00.5Z") == whole + 500'000);
  CHECK(parse_time("2026-01-31T09:30:00.05Z") == whole + 50'000);
  CHECK(parse_time("2026-01-31T09:30:00.000001Z") == whole + 1);
  CHECK(parse_time("2026-01-31 09:30:00z") == whole);
}

TEST_CASE("clock: an offset is taken off the local time") {
  const TimeUs noon = parse_time("2026-01-31T12:00:00Z");
  CHECK(parse_time("2026-01-31T14:30:00+02:30") == noon);
  CHECK(parse_time("2026-01-31T07:00:00.25-05:00") == noon + 250'000);
}

TEST_CASE("clock: a date is its midnight, a month its first instant") {
  CHECK(parse_time("1970-01-02") == kDay);
  CHECK(parse_time("1970-02") == 31 * kDay);
  CHECK(parse_time("2026-01") == parse_time("2026-01-01T00:00:00Z"));
}

TEST_CASE("clock: what is no time is refused, instants outside 1970 to 9999 included") {
  for (const char* const bad : {"",
                                "2026",
                                "2026-1",
                                "2026-13",
                                "2026-00",
                                "2026-02-30",
                                "2026-02-29",
                                "2026-01-",
                                "1969-12-31",
                                "2026-01-31T",
                                "2026-01-31T09:30:00",
                                "2026-01-31T09:30Z",
                                "2026-01-31T24:00:00Z",
                                "2026-01-31T09:60:00Z",
                                "2026-01-31T09:30:61Z",
                                "2026-01-31T09:30:00.Z",
                                "2026-01-31T09:30:00.1234567Z",
                                "2026-01-31T09:30:00+2:00",
                                "2026-01-31T09:30:00+02:60",
                                "2026-01-31T09:30:00Zz",
                                "2026-01-31T-9:30:00Z",
                                "2026-01-31X09:30:00Z",
                                "now",
                                "1970-01-01T00:00:00+00:01",
                                "9999-12-31T23:59:59-00:01"}) {
    CAPTURE(std::string{bad});
    CHECK_THROWS_AS((void)parse_time(bad), Error);
  }
}

TEST_CASE("clock: the wall clock never goes back, seen from any thread") {
  std::vector<int> steps_back(4);
  std::vector<std::thread> threads;
  for (int& count : steps_back)
    threads.emplace_back([&] {
      TimeUs latest = now_us();
      for (int i = 0; i < 20'000; ++i) {
        const TimeUs now = now_us();
        count += now < latest;
        latest = now;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(steps_back == std::vector<int>(4, 0));
  // The year in which this was written: the epoch and the unit are right.
  CHECK(now_us() > parse_time("2026-01-01"));
}

}  // namespace
}  // namespace hart
