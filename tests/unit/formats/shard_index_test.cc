#include "formats/shard_index.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "support/expect.h"

namespace hart::formats {
namespace {

std::string index_refusal(std::string_view json) {
  try {
    static_cast<void>(parse_shard_index(json, "model.safetensors.index.json"));
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    CHECK(std::string{error.what()}.starts_with("model.safetensors.index.json: "));
    return error.what();
  }
  return "";
}

using test::contains;

TEST_CASE("parse_shard_index: reads what transformers writes, unknown members left out") {
  const ShardIndex index = parse_shard_index(
      R"({"metadata":{"total_parameters":3,"x":{"total_size":"no"},"total_size":48},)"
      R"("more":[{"weight_map":1},"s",null,true,-1,1.5],"weight_map":{"b":"2.safetensors",)"
      R"("a":"x/1.safetensors","c":"2.safetensors"}})",
      "index");
  CHECK(index.total_size == 48);
  CHECK(index.weight_map.size() == 3);
  CHECK(index.weight_map.at("a") == "x/1.safetensors");
  CHECK(index.files() == std::vector<std::string>{"2.safetensors", "x/1.safetensors"});
  CHECK_FALSE(parse_shard_index(R"({"weight_map":{}})", "index").total_size.has_value());
}

TEST_CASE("parse_shard_index: reads a total_size that a writer turned into a float") {
  const auto size = [](const std::string& text) {
    return parse_shard_index(R"({"weight_map":{},"metadata":{"total_size":)" + text + "}}", "i")
        .total_size;
  };
  CHECK(size("26031739904.0") == 26031739904);
  CHECK(size("18446744073709551615") == ~0ull);
  CHECK_THROWS_AS(static_cast<void>(size("1.5")), Error);
  CHECK_THROWS_AS(static_cast<void>(size("-1")), Error);
  CHECK_THROWS_AS(static_cast<void>(size("-1.0")), Error);
  CHECK_THROWS_AS(static_cast<void>(size("1e300")), Error);
  CHECK_THROWS_AS(static_cast<void>(size("\"48\"")), Error);
  CHECK_THROWS_AS(static_cast<void>(size("[48]")), Error);
  CHECK_THROWS_AS(static_cast<void>(size("{}")), Error);
  CHECK_THROWS_AS(static_cast<void>(size("1,\"total_size\":1")), Error);
}

TEST_CASE("parse_shard_index: refuses file names that leave the folder or are no shard's") {
  for (const char* name :
       {"../model.safetensors", "a/../../model.safetensors", "/etc/model.safetensors",
        "./model.safetensors", "a//model.safetensors", ".hidden.safetensors",
        ".git/model.safetensors", "a/.safetensors", "..\\\\model.safetensors", "model.bin", "",
        "model.safetensors/", "a\\u0000.safetensors", "a\\n.safetensors"}) {
    CAPTURE(name);
    CHECK(contains(index_refusal(R"({"weight_map":{"t":")" + std::string{name} + "\"}}"),
                   "tensor 't': expected the relative path"));
  }
  CHECK(is_shard_name("model-00001-of-00002.safetensors"));
  CHECK(is_shard_name("transformer/a..b.safetensors"));
  CHECK_FALSE(is_shard_name("\xFF.safetensors"));
}

TEST_CASE("parse_shard_index: refuses what is given twice, missing or of another type") {
  CHECK(contains(index_refusal(R"({"weight_map":{"t":"a.safetensors","t":"a.safetensors"}})"),
                 "'t' again"));
  CHECK(contains(index_refusal(R"({"weight_map":{},"weight_map":{}})"), "'weight_map' again"));
  CHECK(contains(index_refusal("{}"), "expected weight_map, found none"));
  CHECK(contains(index_refusal(R"({"weight_map":[]})"), "weight_map as an object"));
  CHECK(contains(index_refusal(R"({"weight_map":null})"), "weight_map as an object"));
  CHECK(
      contains(index_refusal(R"({"weight_map":"a.safetensors"})"), "weight_map as an object"));
  CHECK(contains(index_refusal(R"({"weight_map":{"t":1}})"), "expected a file name"));
  CHECK(contains(index_refusal(R"({"weight_map":{"t":{}}})"), "expected a file name"));
  CHECK(contains(index_refusal(R"({"weight_map":{"t":["a.safetensors"]}})"),
                 "expected a file name"));
  CHECK(contains(index_refusal("[]"), "expected an object"));
  CHECK(contains(index_refusal("5"), "expected an object"));
  CHECK(contains(index_refusal(""), "malformed JSON"));
  CHECK(contains(index_refusal(R"({"weight_map":{"t":"a.safetensors"})"), "malformed JSON"));
  CHECK(contains(index_refusal(R"({"weight_map":{}} x)"), "malformed JSON"));
  CHECK(contains(index_refusal("{\"weight_map\":{},\"x\":" + std::string(100'000, '[')),
                 "deeper"));
}

TEST_CASE("write_shard_index: gives the text of Hugging Face's libraries, which reads back") {
  ShardIndex index;
  index.total_size = 12;
  index.weight_map = {{"b \"x\"", "model-00002-of-00002.safetensors"},
                      {"a", "model-00001-of-00002.safetensors"}};
  const std::string text = write_shard_index(index);
  CHECK(text == R"({
  "metadata": {
    "total_size": 12
  },
  "weight_map": {
    "a": "model-00001-of-00002.safetensors",
    "b \"x\"": "model-00002-of-00002.safetensors"
  }
}
)");
  const ShardIndex again = parse_shard_index(text, "index");
  CHECK(again.weight_map == index.weight_map);
  CHECK(again.total_size == index.total_size);
  CHECK(parse_shard_index(write_shard_index({}), "index").weight_map.empty());
}

}  // namespace
}  // namespace hart::formats
