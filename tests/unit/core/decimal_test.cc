#include "core/decimal.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/error.h"

namespace hart {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::int64_t multiply(std::vector<DecimalFactor> factors, int places) {
  return multiply_decimals(factors, places, "test");
}

TEST_CASE("decimal: parse and format are inverse at every place") {
  for (const char* text : {"0.000000", "1.000000", "-1.000000", "0.000001", "-0.000001",
                           "9223372036854.775807", "-9223372036854.775807"}) {
    CAPTURE(text);
    CHECK(format_decimal(parse_decimal(text, 6, "t"), 6) == text);
  }
  CHECK(parse_decimal("12", 6, "t") == 12'000'000);
  CHECK(parse_decimal("1.5", 4, "t") == 15'000);
  CHECK(parse_decimal("007", 0, "t") == 7);
  CHECK(format_decimal(-7, 0) == "-7");
  CHECK(format_decimal(1, kMaxDecimalPlaces) == "0.000000000000000001");
}

TEST_CASE("decimal: the short form drops zeros after the point and no others") {
  CHECK(format_decimal_short(1'250'000, 6) == "1.25");
  CHECK(format_decimal_short(100'000'000, 6) == "100");
  CHECK(format_decimal_short(0, 6) == "0");
  CHECK(format_decimal_short(-500'000, 6) == "-0.5");
  CHECK(format_decimal_short(100, 0) == "100");
}

TEST_CASE("decimal: the smallest 64-bit integer is formatted without overflow") {
  CHECK(format_decimal(std::numeric_limits<std::int64_t>::min(), 6) == "-9223372036854.775808");
}

TEST_CASE("decimal: what is no plain decimal is refused") {
  for (const char* text : {"", "-", ".", "1.", ".5", "+1", "1e3", " 1", "1 ", "1,5", "--1",
                           "1.2.3", "0x10", "NaN", "1.-5"}) {
    CAPTURE(text);
    CHECK_THROWS_AS((void)parse_decimal(text, 6, "t"), Error);
  }
}

TEST_CASE("decimal: a place too many is refused and not rounded away") {
  CHECK(parse_decimal("0.000001", 6, "t") == 1);
  CHECK_THROWS_AS((void)parse_decimal("0.0000010", 6, "t"), Error);
  CHECK_THROWS_AS((void)parse_decimal("1.0", 0, "t"), Error);
}

TEST_CASE("decimal: both sides of the range") {
  CHECK(parse_decimal("9223372036854775807", 0, "t") == kMax);
  CHECK_THROWS_AS((void)parse_decimal("9223372036854775808", 0, "t"), Error);
  CHECK_THROWS_AS((void)parse_decimal("9223372036854.775808", 6, "t"), Error);
  CHECK_THROWS_AS((void)parse_decimal("99999999999999999999999999999", 0, "t"), Error);
}

TEST_CASE("decimal: a product is rounded half to even, once") {
  // 0.5, 1.5, 2.5, 3.5 to no place.
  CHECK(multiply({{5, 1}}, 0) == 0);
  CHECK(multiply({{15, 1}}, 0) == 2);
  CHECK(multiply({{25, 1}}, 0) == 2);
  CHECK(multiply({{35, 1}}, 0) == 4);
  CHECK(multiply({{-25, 1}}, 0) == -2);
  CHECK(multiply({{-35, 1}}, 0) == -4);
  // Just beside the half: a digit far below decides.
  CHECK(multiply({{2'500'000'000'000'000'001, 18}}, 0) == 3);
  CHECK(multiply({{2'499'999'999'999'999'999, 18}}, 0) == 2);
  // Rounding 1.49 first to 1.5 and then to 2 would be twice.
  CHECK(multiply({{149, 2}}, 0) == 1);
}

TEST_CASE("decimal: the product of five factors is exact before it is rounded") {
  // 0.000002 × 1.5 × 0.8 × 1.25 × 250 = 0.00075 exactly.
  CHECK(multiply({{2, 6}, {15'000, 4}, {8'000, 4}, {12'500, 4}, {250'000'000, 6}}, 6) == 750);
  // Factors whose product passes 128 bits and comes back into range by its places:
  // (9.2e-18 × 10^18)^5 / 10^90, that is 9.223372036854775807^5 = 66 749.5948728...
  const DecimalFactor big{kMax, 18};
  CHECK(multiply({big, big, big, big, big}, 6) == 66'749'594'873);
}

TEST_CASE("decimal: a product out of range is an error, one in range is not") {
  CHECK(multiply({{kMax, 0}, {1, 0}}, 0) == kMax);
  CHECK_THROWS_AS((void)multiply({{kMax, 0}, {2, 0}}, 0), Error);
  CHECK_THROWS_AS((void)multiply({{kMax, 0}, {kMax, 0}, {kMax, 0}}, 0), Error);
  // (2^64 - 1) / 2 is kMax + 0.5 and would round to 2^63.
  CHECK_THROWS_AS((void)multiply({{6'148'914'691'236'517'205, 0}, {15, 1}}, 0), Error);
  CHECK(multiply({{6'148'914'691'236'517'205, 0}, {14, 1}}, 0) == 8'608'480'567'731'124'087);
  CHECK(multiply({}, 0) == 1);
  CHECK(multiply({{kMax, 6}, {0, 6}}, 6) == 0);
}

TEST_CASE("decimal: a sum out of range is an error") {
  CHECK(add_decimals(kMax, -1, "t") == kMax - 1);
  CHECK_THROWS_AS((void)add_decimals(kMax, 1, "t"), Error);
  CHECK_THROWS_AS((void)add_decimals(std::numeric_limits<std::int64_t>::min(), -1, "t"), Error);
}

}  // namespace
}  // namespace hart
