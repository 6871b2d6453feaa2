#include "common/number_array.h"

#include <doctest/doctest.h>

#include <bit>
#include <random>

#include "core/json.h"

using hart::Json;
using hart::cli::take_numbers;

namespace {

struct Taken {
  bool done;
  std::string text;
  std::vector<float> numbers;
};

Taken take(std::string text) {
  std::vector<float> numbers;
  const bool done = take_numbers(text, "vector", numbers);
  return {done, text, numbers};
}

}  // namespace

TEST_CASE("number array: is read and replaced by null, wherever its key stands") {
  const Taken plain = take(R"({"vector":[1,-2.5,3e2]})");
  CHECK(plain.done);
  CHECK(plain.text == R"({"vector":null})");
  CHECK(plain.numbers == std::vector<float>{1, -2.5f, 300});
  const Taken spaced = take("{ \"id\": 7, \"vector\" :\t[ 0 , -0.0,1E-3 ] , \"k\": [2]}");
  CHECK(spaced.done);
  CHECK(spaced.text == "{ \"id\": 7, \"vector\" :\tnull , \"k\": [2]}");
  CHECK(spaced.numbers == std::vector<float>{0, 0, 0.001f});
}

TEST_CASE("number array: reads every finite value to the bits that Json gives") {
  std::mt19937 random{1};
  std::uniform_real_distribution<double> mantissa{-1, 1};
  Json array = Json::array();
  for (int i = 0; i < 5000; ++i) array.push_back(std::ldexp(mantissa(random), i % 250 - 149));
  const Taken taken = take(Json{{"vector", array}}.dump());
  REQUIRE(taken.done);
  REQUIRE(taken.numbers.size() == array.size());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < array.size(); ++i)
    wrong += taken.numbers[i] != static_cast<float>(array[i].get<double>());
  CHECK(wrong == 0);
}

TEST_CASE("number array: a number of any length is the binary32 that its binary64 rounds to") {
  std::mt19937_64 random{2};
  std::string text = "{\"vector\":[0";
  std::vector<float> expected{0};
  const auto add = [&](const std::string& number) {
    text += ", " + number;
    expected.push_back(static_cast<float>(Json::parse(number).get<double>()));
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string digits = std::to_string(random());
    digits.resize(1 + random() % digits.size());
    if (digits.size() > 1 && random() % 3 != 0) {
      const std::size_t point = 1 + random() % (digits.size() - 1);
      digits.insert(point, ".");
      if (point > 1 && digits[0] == '0') digits[0] = '1';
    }
    add((random() % 2 == 0 ? "-" : "") + digits);
  }
  // What lies in the middle between two binary32, and beside it.
  for (const char* const number : {"1.00000005960464477539",
                                   "1.0000000596046447754",
                                   "1.000000059604644775",
                                   "1.000000059604644776",
                                   "1.000000059604644774",
                                   "16777217",
                                   "16777219",
                                   "16777217.00000001",
                                   "0.000000000000000001",
                                   "1e-18",
                                   "0.0000000000000000012345",
                                   "9999999999999999999",
                                   "99999999999999999999",
                                   "3.4028235e38",
                                   "1e-45",
                                   "1e-46",

                                   "12345678",
                                   "123456789.12345678",
                                   "0.12345678",
                                   "0.1234567812345678"})
    add(number);
  const Taken taken = take(text + "]}");
  REQUIRE(taken.done);
  REQUIRE(taken.numbers.size() == expected.size());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    wrong += std::bit_cast<std::uint32_t>(taken.numbers[i]) !=
             std::bit_cast<std::uint32_t>(expected[i]);
  CHECK(wrong == 0);
}

TEST_CASE("number array: floats in base64 are taken, too, their keys in either order") {
  for (const char* const packed : {R"({"dtype":"f32","base64":"AACAPwAAIMA="})",
                                   R"({ "base64" : "AACAPwAAIMA=" ,	"dtype":"f32" })"}) {
    CAPTURE(packed);
    const Taken taken = take(std::string{R"({"id":1,"vector":)"} + packed + R"(,"k":2})");
    CHECK(taken.done);
    CHECK(taken.text == R"({"id":1,"vector":null,"k":2})");
    CHECK(taken.numbers == std::vector<float>{1, -2.5f});
  }
}

TEST_CASE("number array: what is out of the ordinary is left to the Json reader") {
  for (const char* const text : {
           R"({})",
           R"({"text":"vector"})",
           R"({"vector":null})",
           R"({"vector":[]})",
           R"({"vector":[1,]})",
           R"({"vector":[,1]})",
           R"({"vector":[1 2]})",
           R"({"vector":[1)",
           R"({"vector":[)",
           R"({"vector":)",
           R"({"vector")",
           R"({"vector":[1,"2"]})",
           R"({"vector":[[1]]})",
           R"({"vector":[nan]})",
           R"({"vector":[inf]})",
           R"({"vector":[.5]})",
           R"({"vector":[5.]})",
           R"({"vector":[1.e5]})",
           R"({"vector":[01]})",
           R"({"vector":[-01]})",
           R"({"vector":[+1]})",
           R"({"vector":[-]})",
           R"({"vector":[1e]})",
           R"({"vector":[1e400]})",
           R"({"vector":[1e39]})",
           R"({"vector":[0x10]})",
           R"({"vector":[12345678901234567890123.]})",
           R"({"vector":[1.2.3]})",
           R"({"vector":[0.12345678:]})",
           R"({"vector":{"base64":"AAAA"}})",
           R"({"vector":{"dtype":"f32"}})",
           R"({"vector":{"dtype":"f32","base64":"AAAA"}})",
           R"({"vector":{"dtype":"f32","base64":"AACAPw"}})",
           R"({"vector":{"dtype":"f32","base64":""}})",
           R"({"vector":{"dtype":"f32","base64":"AACAfw=="}})",
           R"({"vector":{"dtype":"f16","base64":"AACAPw=="}})",
           R"({"vector":{"dtype":"f32","base64":"AACAPw==","n":1}})",
           R"({"vector":{"dtype":"f32","base64":"AACAPw==")",
           R"({"vector":{"dtype":"f32","base64":"AACAPw==)",
           R"({"vector":{"base64":"AACAPw==","base64":"AACAPw=="}})",
           R"({"vector":{)",
           R"({"text":"say \"vector\":[1]"})",
           R"({"a":{"vector":[1]},"vector":[2]})",
           R"({"vector":[1],"vector":[2]})",
       }) {
    CAPTURE(text);
    std::string kept = text;
    std::vector<float> numbers{9};
    CHECK_FALSE(take_numbers(kept, "vector", numbers));
    CHECK(kept == text);
    CHECK(numbers == std::vector<float>{9});
  }
}

TEST_CASE("number array: a key of an inner object shows, because the outer one has no null") {
  const Taken taken = take(R"({"query":{"vector":[1]}})");
  CHECK(taken.done);
  CHECK_FALSE(Json::parse(taken.text).contains("vector"));
}
