#include "common/duration.h"

#include <doctest/doctest.h>

#include "core/error.h"

namespace hart::cli {
namespace {

TEST_CASE("duration: a whole number and a unit are microseconds") {
  CHECK(parse_duration("0") == 0);
  CHECK(parse_duration("0d") == 0);
  CHECK(parse_duration("30s") == 30'000'000);
  CHECK(parse_duration("10m") == 600'000'000);
  CHECK(parse_duration("2h") == TimeUs{7'200} * 1'000'000);
  CHECK(parse_duration("7d") == TimeUs{604'800} * 1'000'000);
  CHECK(parse_duration("4w") == 4 * parse_duration("7d"));
  CHECK(parse_duration("1y") == 365 * parse_duration("1d"));
  CHECK(parse_duration("10000y") == 10'000 * parse_duration("1y"));
}

TEST_CASE("duration: anything else is refused as a wrong call") {
  for (const char* text : {"", "7", "d", "-1d", "+1d", "1.5h", " 7d", "7d ", "7 d", "7dd", "7D",
                           "7ms", "10001y", "99999999999999999999s", "0x10s"}) {
    CAPTURE(text);
    try {
      static_cast<void>(parse_duration(text));
      FAIL_CHECK("accepted");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::usage);
    }
  }
}

}  // namespace
}  // namespace hart::cli
