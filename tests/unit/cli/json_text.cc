#include "common/json_text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/json.h"

using hart::Id;
using hart::IdSpace;
using hart::Json;
using hart::cli::append_id;
using hart::cli::append_rounded;
using hart::cli::append_string;

namespace {

std::string rounded(double value) {
  std::string text = "x";
  append_rounded(text, value);
  REQUIRE(text.starts_with('x'));
  return text.substr(1);
}

}  // namespace

TEST_CASE("json text: a number has at most six decimals and at least one") {
  CHECK(rounded(0.25) == "0.25");
  CHECK(rounded(-0.2500004) == "-0.25");
  CHECK(rounded(0.9999996) == "1.0");
  CHECK(rounded(-3) == "-3.0");
  CHECK(rounded(0.710424) == "0.710424");
  CHECK(rounded(0.000101) == "0.000101");
  CHECK(rounded(1e-7) == "0.0");
  CHECK(rounded(0) == "0.0");
  CHECK(rounded(1e-6) == "1e-06");
  CHECK(rounded(999'999'999.999999) == "999999999.999999");
  CHECK(rounded(1e300) == "1e+300");
  CHECK(rounded(std::numeric_limits<double>::infinity()) == "null");
  CHECK(rounded(std::numeric_limits<double>::quiet_NaN()) == "null");
}

TEST_CASE("json text: a number reads as what it is rounded to, at every magnitude") {
  std::mt19937_64 random{1};
  std::uniform_real_distribution<double> mantissa{-1, 1};
  std::size_t wrong = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::ldexp(mantissa(random), i % 80 - 25);
    wrong += Json::parse(rounded(value)).get<double>() != std::round(value * 1e6) / 1e6;
  }
  CHECK(wrong == 0);
}

TEST_CASE("json text: an id is the string of its text") {
  Id id;
  for (std::size_t i = 0; i < id.hash.size(); ++i)
    id.hash[i] = static_cast<std::uint8_t>(37 * i + 5);
  for (const IdSpace space : {IdSpace::content, IdSpace::structure, IdSpace::keyed}) {
    id.space = space;
    std::string text;
    append_id(text, id);
    CHECK(text == '"' + id.text() + '"');
  }
}

TEST_CASE("json text: a string is written as a Json of it is") {
  for (const std::string value :
       {"", "plain words, and 'more'", "a \"quote\"", "back\\slash", "two\nlines",
        "caf\xc3\xa9", "broken \xc3", "bell \x07", "delete \x7f"}) {
    std::string text = "x";
    append_string(text, value);
    CHECK(text == "x" + hart::dump_json(Json(value)));
  }
}
