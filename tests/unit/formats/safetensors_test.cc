#include "formats/safetensors.h"

#include <doctest/doctest.h>

#include "core/endian.h"
#include "core/error.h"
#include "support/expect.h"

namespace hart::formats {
namespace {

using Shape = std::vector<std::uint64_t>;

ByteBuffer file_of(std::string_view json, std::size_t data_bytes = 0) {
  ByteBuffer bytes;
  append_le<std::uint64_t>(bytes, json.size());
  append(bytes, as_bytes(json));
  bytes.resize(bytes.size() + data_bytes);
  return bytes;
}

std::string safetensors_refusal(std::string_view json, std::size_t data_bytes = 0) {
  const ByteBuffer bytes = file_of(json, data_bytes);
  try {
    static_cast<void>(parse_safetensors(bytes, bytes.size()));
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    return error.what();
  }
  return "";
}

using test::contains;

std::string one(std::string_view dtype, std::string_view shape, std::string_view offsets,
                std::size_t data_bytes) {
  return safetensors_refusal(R"({"t":{"dtype":")" + std::string{dtype} + R"(","shape":)" +
                                 std::string{shape} + R"(,"data_offsets":)" +
                                 std::string{offsets} + "}}",
                             data_bytes);
}

TEST_CASE("parse_safetensors: lists tensors by their data offsets, innermost dimension first") {
  const ByteBuffer bytes = file_of(R"({"__metadata__":{"format":"pt"},)"
                                   R"("b":{"dtype":"F32","shape":[2,3],"data_offsets":[2,26]},)"
                                   R"("a":{"shape":[],"dtype":"BF16","data_offsets":[0,2]}}  )",
                                   26);
  const SafetensorsHeader header = parse_safetensors(bytes, bytes.size());
  REQUIRE(header.tensors.size() == 2);
  CHECK(header.tensors[0].name == "a");
  CHECK(header.tensors[0].shape.empty());
  CHECK(header.tensors[1].shape == Shape{3, 2});
  CHECK(header.tensors[1].dtype == tensor::DType::f32);
  CHECK(header.tensors[1].offset == 2);
  CHECK(header.tensors[1].bytes == 24);
  CHECK(header.data_offset + header.data_bytes == bytes.size());
  CHECK(header.metadata.at(0).second == "pt");
  CHECK(header.find_tensor("b") == &header.tensors[1]);
  CHECK(header.find_tensor("c") == nullptr);
}

TEST_CASE("parse_safetensors: accepts an empty file, empty tensors and every dtype") {
  CHECK(safetensors_refusal("{}") == "");
  CHECK(one("F32", "[0,4]", "[0,0]", 0) == "");
  CHECK(safetensors_refusal(R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                            R"("empty":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                            R"("late":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})",
                            2) == "");
  for (const auto& [name, size] : {std::pair{"BOOL", 1},
                                   {"U8", 1},
                                   {"I8", 1},
                                   {"F8_E5M2", 1},
                                   {"F8_E4M3", 1},
                                   {"I16", 2},
                                   {"U16", 2},
                                   {"F16", 2},
                                   {"BF16", 2},
                                   {"I32", 4},
                                   {"U32", 4},
                                   {"F32", 4},
                                   {"F64", 8},
                                   {"I64", 8},
                                   {"U64", 8}}) {
    CAPTURE(name);
    CHECK(one(name, "[3]", "[0," + std::to_string(3 * size) + "]", 3 * size) == "");
  }
}

TEST_CASE("parse_safetensors: refuses names, fields and metadata keys given twice") {
  const std::string tensor = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  CHECK(contains(safetensors_refusal(R"({"t":)" + tensor + R"(,"t":)" + tensor + "}"),
                 "'t' again"));
  CHECK(contains(safetensors_refusal(
                     R"({"t":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
                 "'dtype' once"));
  CHECK(contains(safetensors_refusal(R"({"__metadata__":{"k":"a","k":"b"}})"), "'k' again"));
  CHECK(contains(safetensors_refusal(R"({"__metadata__":{},"__metadata__":{}})"), "again"));
}

TEST_CASE("parse_safetensors: refuses missing, unknown and wrongly typed fields") {
  CHECK(contains(safetensors_refusal(R"({"t":{"dtype":"U8","shape":[0]}})"), "found fewer"));
  CHECK(contains(
      safetensors_refusal(R"({"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}})"),
      "found 'x'"));
  CHECK(safetensors_refusal(R"({"t":5})") != "");
  CHECK(safetensors_refusal(R"({"t":null})") != "");
  CHECK(safetensors_refusal(R"({"t":[]})") != "");
  CHECK(safetensors_refusal(R"({"__metadata__":{"k":1}})") != "");
  CHECK(safetensors_refusal(R"({"__metadata__":{"k":{"x":"y"}}})") != "");
  CHECK(contains(one("Q4_0", "[32]", "[0,18]", 18), "known dtype"));
  CHECK(contains(one("f32", "[1]", "[0,4]", 4), "known dtype"));
  CHECK(one("F32", "1", "[0,4]", 4) != "");
  CHECK(one("F32", "[[1]]", "[0,4]", 4) != "");
  CHECK(one("F32", "[-1]", "[0,4]", 4) != "");
  CHECK(one("F32", "[1.0]", "[0,4]", 4) != "");
  CHECK(one("F32", "[18446744073709551616]", "[0,4]", 4) != "");
  CHECK(one("F32", "[true]", "[0,4]", 4) != "");
}

TEST_CASE(
    "parse_safetensors: refuses offsets that leave gaps, overlap, run backwards or wrap") {
  CHECK(one("U8", "[4]", "[0,4]", 4) == "");
  CHECK(contains(one("U8", "[4]", "[0,4]", 5), "end of the file"));
  CHECK(contains(one("U8", "[4]", "[0,4]", 3), "end of the file"));
  CHECK(contains(one("U8", "[4]", "[1,5]", 5), "offset 0, found 1"));
  CHECK(contains(one("U8", "[4]", "[4,0]", 4), "ascending"));
  CHECK(contains(one("U8", "[4]", "[0,5]", 5), "expected 4 bytes"));
  CHECK(contains(one("U8", "[4]", "[0]", 4), "two data_offsets"));
  CHECK(contains(one("U8", "[4]", "[0,4,8]", 4), "two data_offsets"));
  CHECK(contains(one("F32", "[4611686018427387904,4]", "[0,0]", 0), "overflows"));
  CHECK(contains(one("F32", "[0,4611686018427387904,4]", "[0,0]", 0), "overflows"));
  CHECK(contains(safetensors_refusal(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                                     R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                                     6),
                 "found 2"));
}

TEST_CASE("parse_safetensors: refuses header lengths beyond the file or the limit") {
  ByteBuffer bytes;
  append_le<std::uint64_t>(bytes, ~0ull);
  append(bytes, as_bytes("{}"));
  CHECK_THROWS_AS(static_cast<void>(parse_safetensors(bytes, bytes.size())), Error);
  store_le<std::uint64_t>(bytes.data(), 3);
  CHECK_THROWS_AS(static_cast<void>(parse_safetensors(bytes, bytes.size())), Error);
  store_le<std::uint64_t>(bytes.data(), 100'000'001);
  CHECK_THROWS_AS(static_cast<void>(parse_safetensors(bytes, 200'000'000)), Error);
  CHECK_FALSE(looks_like_safetensors(bytes, 200'000'000));
  store_le<std::uint64_t>(bytes.data(), 2);
  CHECK(looks_like_safetensors(bytes, bytes.size()));
  CHECK(parse_safetensors(bytes, bytes.size()).tensors.empty());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_THROWS_AS(static_cast<void>(parse_safetensors(ByteView{bytes}.first(size), size)),
                    Error);
}

TEST_CASE("parse_safetensors: refuses text that is not one UTF-8 JSON object") {
  CHECK(contains(safetensors_refusal("[]"), "expected '{'"));
  CHECK(contains(safetensors_refusal(" {}"), "expected '{'"));
  CHECK(contains(safetensors_refusal("{}x"), "malformed JSON"));
  CHECK(contains(safetensors_refusal("{"), "malformed JSON"));
  CHECK(contains(safetensors_refusal("{\"__metadata__\":{\"k\":\"\xFF\"}}"), "malformed JSON"));
  CHECK(safetensors_refusal("{\"a\":" + std::string(1'000'000, '[')) != "");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  CHECK(contains(safetensors_refusal(deep), "expected"));
}

TEST_CASE("parse_safetensors: refuses data past the end of the file and totals that wrap") {
  CHECK(contains(one("U8", "[100]", "[0,100]", 99), "end of the file"));
  CHECK(contains(one("U8", "[18446744073709551615]", "[0,18446744073709551615]", 8),
                 "end of the file"));
  CHECK(contains(one("F64", "[4398046511105,4398046511105]", "[0,8]", 8), "overflows"));
  CHECK(contains(safetensors_refusal(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                                     R"("b":{"dtype":"U8","shape":[18446744073709551615],)"
                                     R"("data_offsets":[4,18446744073709551615]}})",
                                     4),
                 "expected 18446744073709551615 bytes"));
}

TEST_CASE("parse_safetensors: refuses two tensors on one range and a gap between two") {
  const auto two = [](std::string_view first, std::string_view second, std::size_t bytes) {
    return safetensors_refusal(
        R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + std::string{first} +
            R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + std::string{second} + "}}",
        bytes);
  };
  CHECK(two("[0,4]", "[4,8]", 8) == "");
  CHECK(two("[4,8]", "[0,4]", 8) == "");
  CHECK(contains(two("[0,4]", "[0,4]", 4), "'b': expected its data at offset 4, found 0"));
  CHECK(contains(two("[0,4]", "[5,9]", 9), "expected its data at offset 4, found 5"));
}

TEST_CASE("parse_safetensors: reads a hundred thousand empty tensors at one offset") {
  std::string json = "{";
  for (int i = 0; i < 100'000; ++i)
    json += (i == 0 ? "\"" : ",\"") + std::to_string(i) +
            R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  const ByteBuffer bytes = file_of(json + "}");
  CHECK(parse_safetensors(bytes, bytes.size()).tensors.size() == 100'000);
}

TEST_CASE("parse_safetensors: refuses shapes and keys that balloon") {
  std::string dimensions = "1";
  for (int i = 1; i < 64; ++i) dimensions += ",1";
  CHECK(one("U8", "[" + dimensions + "]", "[0,1]", 1) == "");
  CHECK(contains(one("U8", "[" + dimensions + ",1]", "[0,1]", 1), "at most 64 numbers"));
  CHECK(contains(safetensors_refusal(R"({"t":{"dtype":"U8","shape":[0],"data_offsets":)" +
                                     std::string(100'000, '[')),
                 "expected no array"));
}

TEST_CASE("write_safetensors_header: what it wrote reads back as it was given") {
  std::vector<SafetensorsTensor> tensors(3);
  tensors[0] = {"emb \"x\"\n", tensor::DType::bf16, {4, 3}, 0, 0};
  tensors[1] = {"empty", tensor::DType::f64, {0, 5}, 0, 0};
  tensors[2] = {"scalar", tensor::DType::f32, {}, 0, 0};
  const std::vector<std::pair<std::string, std::string>> metadata{{"z", "1"}, {"a", "ü"}};
  const ByteBuffer bytes = write_safetensors_header(tensors, metadata);
  CHECK(bytes.size() % 8 == 0);
  const SafetensorsHeader header = parse_safetensors(bytes, bytes.size() + 28);
  CHECK(header.metadata == metadata);
  REQUIRE(header.tensors.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    CHECK(header.tensors[i].name == tensors[i].name);
    CHECK(header.tensors[i].dtype == tensors[i].dtype);
    CHECK(header.tensors[i].shape == tensors[i].shape);
  }
  CHECK(header.tensors[2].offset == 24);
}

TEST_CASE("write_safetensors_header: refuses block types and names given twice") {
  std::vector<SafetensorsTensor> tensors{{"t", tensor::DType::q8_0, {32}, 0, 0}};
  CHECK_THROWS_AS(static_cast<void>(write_safetensors_header(tensors)), Error);
  tensors[0].dtype = tensor::DType::u8;
  tensors.push_back(tensors[0]);
  CHECK_THROWS_AS(static_cast<void>(write_safetensors_header(tensors)), Error);
}

TEST_CASE("write_safetensors_header: refuses metadata keys given twice and text not UTF-8") {
  using Metadata = std::vector<std::pair<std::string, std::string>>;
  CHECK_THROWS_WITH_AS(
      static_cast<void>(write_safetensors_header({}, Metadata{{"k", "1"}, {"k", "1"}})),
      doctest::Contains("'k' again"), Error);
  for (const Metadata& metadata : {Metadata{{"\xFF", ""}}, Metadata{{"k", "\xFF"}}})
    CHECK_THROWS_WITH_AS(static_cast<void>(write_safetensors_header({}, metadata)),
                         doctest::Contains("not UTF-8"), Error);
}

TEST_CASE(
    "sort_for_safetensors: aligns every tensor to its element and orders equals by name") {
  std::vector<SafetensorsTensor> tensors{{"b", tensor::DType::u8, {3}, 0, 0},
                                         {"d", tensor::DType::bf16, {1}, 0, 0},
                                         {"c", tensor::DType::f16, {5}, 0, 0},
                                         {"z", tensor::DType::f64, {1}, 0, 0},
                                         {"a", tensor::DType::f8_e4m3, {1}, 0, 0}};
  sort_for_safetensors(tensors);
  std::string order;
  for (const SafetensorsTensor& tensor : tensors) order += tensor.name;
  CHECK(order == "zcdab");
  const ByteBuffer bytes = write_safetensors_header(tensors);
  const SafetensorsHeader header = parse_safetensors(bytes, bytes.size() + 24);
  for (const SafetensorsTensor& tensor : header.tensors)
    CHECK((header.data_offset + tensor.offset) % tensor::dtype_info(tensor.dtype).block_bytes ==
          0);
}

TEST_CASE("safetensors_payload: a file of every dtype streams and reads back") {
  std::vector<SafetensorsTensor> tensors;
  for (const tensor::DTypeInfo& info : tensor::dtypes())
    if (is_safetensors_dtype(info.dtype))
      tensors.push_back({std::string{info.name}, info.dtype, {3, 2}, 0, 0});
  REQUIRE(tensors.size() == 15);
  sort_for_safetensors(tensors);
  ByteBuffer file;
  PayloadWriter writer{[&](ByteView bytes) { append(file, bytes); },
                       write_safetensors_header(tensors), safetensors_payload(tensors)};
  while (writer.next() != nullptr)
    writer.write(ByteBuffer(writer.next()->bytes, std::uint8_t(writer.next()->name[0])));
  writer.finish();
  const SafetensorsHeader header = parse_safetensors(file, file.size());
  REQUIRE(header.tensors.size() == 15);
  for (std::size_t i = 0; i < 15; ++i) {
    CHECK(header.tensors[i].name == tensors[i].name);
    CHECK(header.tensors[i].dtype == tensors[i].dtype);
    CHECK(file[header.data_offset + header.tensors[i].offset] == tensors[i].name[0]);
  }
}

}  // namespace
}  // namespace hart::formats
