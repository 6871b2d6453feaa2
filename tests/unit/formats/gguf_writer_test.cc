#include "formats/gguf_writer.h"

#include <doctest/doctest.h>

#include <bit>
#include <limits>

#include "core/error.h"
#include "formats/gguf_values.h"

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

/// The header of the same contents written anew.
ByteBuffer copied(const GgufHeader& header, ByteOrder order = ByteOrder::little) {
  GgufWriter copy{order};
  copy.add_metadata(header);
  for (const GgufTensor& tensor : header.tensors)
    copy.add_tensor(tensor.name, tensor.dtype, tensor.shape);
  return copy.header();
}

/// Values of every metadata type, their extremes, and arrays of every type.
void add_all_types(GgufWriter& writer) {
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  const GgufArray strings{GgufType::string, {}, {}, {"", "\xFF not UTF-8", "\xE2\x96\x81"}};
  const GgufArray floats{GgufType::f32, {}, {0.0, -0.0, widen_f32(0x7F800000)}, {}};
  const GgufArray doubles{GgufType::f64, {}, {1e-300, 5e-324}, {}};
  writer.add("u8", GgufType::u8, std::int64_t{255});
  writer.add("i8", GgufType::i8, std::int64_t{-128});
  writer.add("u16", GgufType::u16, std::int64_t{65535});
  writer.add("i16", GgufType::i16, std::int64_t{-2});
  writer.add("u32", GgufType::u32, std::int64_t{0xFFFFFFFE});
  writer.add("i32", GgufType::i32, std::int64_t{-3});
  writer.add("f32", GgufType::f32, widen_f32(0x3DCCCCCD));
  writer.add("signalling nan", GgufType::f32, widen_f32(0xFF812345));
  writer.add("bool", GgufType::boolean, true);
  writer.add("string", GgufType::string, std::string_view{"a\0b", 3});
  writer.add("u64", GgufType::u64, std::int64_t{-1});
  writer.add("i64", GgufType::i64, least);
  writer.add("f64", GgufType::f64, std::bit_cast<double>(0x7FF0000000000001));
  writer.add("strings", GgufType::array, strings);
  writer.add("floats", GgufType::array, floats);
  writer.add("doubles", GgufType::array, doubles);
  writer.add("nested", GgufType::array,
             GgufArray{GgufType::array, {}, {}, {}, {strings, floats, doubles, GgufArray{}}});
  for (const GgufType type :
       {GgufType::u8, GgufType::i8, GgufType::u16, GgufType::i16, GgufType::u32, GgufType::i32,
        GgufType::boolean, GgufType::u64, GgufType::i64})
    writer.add("array " + std::to_string(static_cast<int>(type)), GgufType::array,
               GgufArray{type, {0, 1, 1}, {}, {}});
}

TEST_CASE("GgufWriter: copying a parsed header gives the same bytes in either byte order") {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    CAPTURE(static_cast<int>(order));
    GgufWriter writer{order};
    add_all_types(writer);
    for (const tensor::DTypeInfo& info : tensor::dtypes())
      if (is_gguf_dtype(info.dtype))
        writer.add_tensor(info.name, info.dtype, Shape{info.block_elements, 3});
    const ByteBuffer original = writer.header();
    const GgufHeader header = parse_gguf(original, 1 << 20);
    CHECK(header.byte_order == order);
    CHECK(header.metadata.size() == 26);
    CHECK(header.tensors.size() == 35);
    CHECK(copied(header, order) == original);
    // Through the other order and back, so that the contents, not the bytes, are copied.
    const ByteOrder other = order == ByteOrder::little ? ByteOrder::big : ByteOrder::little;
    const ByteBuffer turned = copied(header, other);
    CHECK(turned != original);
    CHECK(turned.size() == original.size());
    CHECK(copied(parse_gguf(turned, 1 << 20), order) == original);
  }
}

TEST_CASE("GgufWriter: writes a big-endian header byte by byte as specified") {
  GgufWriter writer{ByteOrder::big};
  writer.add("k", GgufType::u16, std::int64_t{0x0102});
  const ByteBuffer expected{'G', 'G', 'U', 'F', 0, 0, 0,   3, 0, 0, 0, 0, 0,
                            0,   0,   0,   0,   0, 0, 0,   0, 0, 0, 1, 0, 0,
                            0,   0,   0,   0,   0, 1, 'k', 0, 0, 0, 2, 1, 2};
  const ByteBuffer header = writer.header();
  CHECK(header.size() == 64);
  CHECK(ByteBuffer{header.begin(), header.begin() + expected.size()} == expected);
}

TEST_CASE("GgufWriter: keeps every bit of the floats that a processor might change") {
  for (const std::uint32_t bits : {0x00000000u, 0x80000000u, 0x00000001u, 0x7F7FFFFFu,
                                   0x7F800000u, 0xFF800000u, 0x7F800001u, 0xFFC00000u}) {
    CAPTURE(bits);
    CHECK(f32_bits(widen_f32(bits)) == bits);
  }
  CHECK(f32_bits(0.1) == 0x3DCCCCCD);
  CHECK(f32_bits(std::bit_cast<double>(0x7FF0000000000001)) == 0x7FC00000);
}

TEST_CASE("GgufWriter: its payload is every tensor, padded to the alignment") {
  const GgufWriter writer = sample_writer();
  const ByteBuffer first(12, 0xA1), second(68, 0xB2);
  ByteBuffer streamed;
  PayloadWriter payload{[&](ByteView bytes) { append(streamed, bytes); }, writer.header(),
                        writer.payload()};
  payload.write(first);
  payload.write(second);
  payload.finish();
  CHECK(streamed == writer.file(std::vector<ByteView>{first, second}));
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
  CHECK_THROWS_AS(mistyped.add("k", GgufType::f32, 1e300), Error);
  CHECK_THROWS_AS(mistyped.add("k", GgufType::array, GgufArray{GgufType::u8, {256}, {}, {}}),
                  Error);
  CHECK_THROWS_AS(mistyped.add("k", GgufType::array, GgufArray{GgufType::f32, {1}, {}, {}}),
                  Error);
  GgufArray deep{};
  for (int i = 0; i < 8; ++i) deep = GgufArray{GgufType::array, {}, {}, {}, {deep}};
  CHECK_THROWS_AS(mistyped.add("k", GgufType::array, deep), Error);
  CHECK_THROWS_WITH_AS(mistyped.add_tensor("t", tensor::DType::u8, Shape{1}),
                       doctest::Contains("no type for u8"), Error);
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
