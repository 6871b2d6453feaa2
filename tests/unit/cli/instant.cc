#include "common/instant.h"

#include <doctest/doctest.h>

using hart::TimeUs;
using hart::cli::find_instant;

namespace {

constexpr TimeUs kHour = TimeUs{3'600} * 1'000'000;

/// Whether `text` is so long before now, to within a minute.
bool is_ago(const char* text, TimeUs ago) {
  const auto time = find_instant(text);
  const TimeUs expected = hart::now_us() - ago;
  return time && *time <= expected && expected - *time < kHour / 60;
}

}  // namespace

TEST_CASE("instant: a time, a date and a month are themselves") {
  CHECK(find_instant("2026-01-31T09:30:00Z") == hart::parse_time("2026-01-31T09:30:00Z"));
  CHECK(find_instant("2026-01-31") == hart::parse_time("2026-01-31"));
  CHECK(find_instant("2026-01") == hart::parse_time("2026-01"));
}

TEST_CASE("instant: a duration is so long ago, and no earlier than 1970") {
  CHECK(is_ago("2h", 2 * kHour));
  CHECK(is_ago("7d", 7 * 24 * kHour));
  CHECK(is_ago("0", 0));
  CHECK(find_instant("9999y") == 0);
}

TEST_CASE("instant: a name is none") {
  for (const char* text :
       {"", "before-tuning", "h", "7", "2026-13", "2026-01-31T", "yesterday"})
    CHECK_FALSE(find_instant(text));
}
