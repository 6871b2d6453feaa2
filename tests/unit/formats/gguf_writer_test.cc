#include "formats/gguf_writer.h"

#include <doctest/doctest.h>

#include "core/error.h"

namespace hart::formats {
namespace {

using Shape = std::vector<std::uint64_t>;

GgufWriter sample_writer() {
  GgufWriter writer;
  writer.add_string("general.architecture", "llama");
  writer.add_u32("general.alignment", 64);
  writer.add_f32("scale", 0.1f);
  writer.add_bool("flag", true);
  writer.add_strings("tokens", std::vector<std::string_view>{"a", "", "\xE2\x96\x81the"});
  writer.add_floats("scores", std::vector<float>{0, -1.5f});
  writer.add_i32s("types", std::vector<std::int32_t>{1, -2, 3});
  writer.add("wide", GgufType::u64, std::int64_t{-1});
  writer.add_tensor("first", tensor::DType::f32, Shape{3});
  writer.add_tensor("second", tensor::DType::q8_0, Shape{32, 2});
  return writer;
}

TEST_CASE("GgufWriter: what it wrote reads back as it was added") {
  const GgufWriter writer = sample_writer();
  const ByteBuffer first(12, 0xA1), second(68, 0xB2);
  const ByteBuffer file = writer.file(std::vector<ByteView>{first, second});
  const GgufHeader header = parse_gguf(file, file.size());
  CHECK(header.version == 3);
  CHECK(header.alignment == 64);
  CHECK(header.get_string("general.architecture", "") == "llama");
  CHECK(header.get_float("scale", 0) == double{0.1f});
  CHECK(header.get_bool("flag", false));
  CHECK(header.get_uint("wide", 0) == ~0ull);
  CHECK(header.get_array("tokens")->strings.at(2) == "\xE2\x96\x81the");
  CHECK(header.get_array("scores")->floats == std::vector<double>{0, -1.5});
  CHECK(header.get_array("types")->integers == std::vector<std::int64_t>{1, -2, 3});
  REQUIRE(header.tensors.size() == 2);
  CHECK(header.tensors[1].shape == Shape{32, 2});
  CHECK(header.tensors[1].offset == 64);
  CHECK(header.data_offset % 64 == 0);
  CHECK(file[header.data_offset + 11] == 0xA1);
  CHECK(file[header.data_offset + 12] == 0);
  CHECK(file[header.data_offset + 64] == 0xB2);
  CHECK(file.size() == header.data_offset + 64 + 128);
}

TEST_CASE("GgufWriter: copying a parsed header entry by entry gives the same bytes") {
  const ByteBuffer original = sample_writer().header();
  const GgufHeader header = parse_gguf(original, original.size() + 192);
  GgufWriter copy;
  for (const GgufEntry& entry : header.metadata) copy.add(entry.key, entry.type, entry.value);
  for (const GgufTensor& tensor : header.tensors)
    copy.add_tensor(tensor.name, tensor.dtype, tensor.shape);
  CHECK(copy.header() == original);
}

TEST_CASE("GgufWriter: every scalar type keeps its extreme values") {
  struct Limit {
    GgufType type;
    std::int64_t least, most;
  };
  for (const Limit& limit :
       {Limit{GgufType::u8, 0, 255}, Limit{GgufType::i8, -128, 127},
        Limit{GgufType::u16, 0, 65535}, Limit{GgufType::i16, -32768, 32767},
        Limit{GgufType::u32, 0, 4294967295}, Limit{GgufType::i32, INT32_MIN, INT32_MAX},
        Limit{GgufType::i64, INT64_MIN, INT64_MAX}}) {
    CAPTURE(static_cast<int>(limit.type));
    GgufWriter writer;
    writer.add("least", limit.type, limit.least);
    writer.add("most", limit.type, limit.most);
    const ByteBuffer bytes = writer.header();
    const GgufHeader header = parse_gguf(bytes, bytes.size());
    CHECK(std::get<std::int64_t>(header.find("least")->value) == limit.least);
    CHECK(std::get<std::int64_t>(header.find("most")->value) == limit.most);
    if (limit.type == GgufType::i64) continue;
    CHECK_THROWS_AS(writer.add("over", limit.type, limit.most + 1), Error);
    CHECK_THROWS_AS(writer.add("under", limit.type, limit.least - 1), Error);
  }
}

TEST_CASE("GgufWriter: refuses what no reader would accept") {
  GgufWriter twice;
  twice.add_u32("k", 1);
  twice.add_u32("k", 2);
  CHECK_THROWS_AS(static_cast<void>(twice.header()), Error);
  GgufWriter long_name;
  long_name.add_tensor(std::string(64, 'n'), tensor::DType::f32, Shape{1});
  CHECK_THROWS_AS(static_cast<void>(long_name.header()), Error);
  GgufWriter misaligned;
  misaligned.add_u32("general.alignment", 13);
  CHECK_THROWS_AS(static_cast<void>(misaligned.header()), Error);
  GgufWriter mistyped;
  CHECK_THROWS_AS(mistyped.add("k", GgufType::f32, std::int64_t{1}), Error);
  CHECK_THROWS_AS(mistyped.add("k", GgufType::u8, 1.0), Error);
  CHECK_THROWS_AS(mistyped.add("k", GgufType::boolean, std::int64_t{1}), Error);
  CHECK(parse_gguf(mistyped.header(), 32).metadata.empty());
}

TEST_CASE("GgufWriter: refuses data that does not match the descriptions") {
  const GgufWriter writer = sample_writer();
  const ByteBuffer first(12), second(67);
  CHECK_THROWS_AS(static_cast<void>(writer.file(std::vector<ByteView>{first})), Error);
  CHECK_THROWS_AS(static_cast<void>(writer.file(std::vector<ByteView>{first, second})), Error);
}

}  // namespace
}  // namespace hart::formats
