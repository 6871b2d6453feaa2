#include "common/number_array.h"

#include <doctest/doctest.h>

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
           R"({"vector":{"base64":"AAAA"}})",
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
