#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <string>

#include "core/endian.h"
#include "core/error.h"
#include "core/mapped_file.h"
#include "formats/gguf.h"
#include "support/expect.h"

namespace hart::formats {
namespace {

namespace fs = std::filesystem;

/// A header written field by field, so that each can be wrong.
struct RawGguf {
  ByteBuffer bytes;

  explicit RawGguf(std::uint64_t n_tensors = 0, std::uint64_t n_entries = 0,
                   std::uint32_t version = 3) {
    append(bytes, as_bytes("GGUF"));
    u32(version);
    u64(n_tensors);
    u64(n_entries);
  }
  RawGguf& u32(std::uint32_t value) { return append_le(bytes, value), *this; }
  RawGguf& u64(std::uint64_t value) { return append_le(bytes, value), *this; }
  RawGguf& text(std::string_view value) {
    u64(value.size());
    return append(bytes, as_bytes(value)), *this;
  }
  RawGguf& tensor(std::string_view name, std::vector<std::uint64_t> shape, std::uint32_t type,
                  std::uint64_t offset) {
    text(name).u32(static_cast<std::uint32_t>(shape.size()));
    for (const std::uint64_t size : shape) u64(size);
    return u32(type).u64(offset);
  }
  RawGguf& zeros(std::size_t count) { return bytes.resize(bytes.size() + count), *this; }
};

/// The message with which `bytes` are refused; empty when they are accepted.
std::string refusal(ByteView bytes) {
  try {
    static_cast<void>(parse_gguf(bytes, bytes.size()));
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    return error.what();
  }
  return "";
}

using test::contains;

std::vector<fs::path> shared_files(const std::string& folder) {
  std::vector<fs::path> paths;
  const fs::path root = fs::path{HART_SHARED_DATA} / folder;
  if (!fs::is_directory(root)) {
    MESSAGE("skipped: " << root.string() << " is not there");
    return paths;
  }
  for (const auto& entry : fs::directory_iterator{root})
    if (entry.path().extension() == ".gguf") paths.push_back(entry.path());
  return paths;
}

TEST_CASE("parse_gguf: reads every well-formed file of the shared data") {
  for (const char* folder : {"gguf-wellformed", "vocab", "."}) {
    for (const fs::path& path : shared_files(folder)) {
      CAPTURE(path.string());
      const MappedFile file{path.string()};
      CHECK(refusal(file.bytes()) == "");
    }
  }
}

TEST_CASE("parse_gguf: refuses every malformed file of the shared data and says where") {
  const auto paths = shared_files("gguf-malformed");
  for (const fs::path& path : paths) {
    CAPTURE(path.string());
    const MappedFile file{path.string()};
    const std::string message = refusal(file.bytes());
    CHECK(message.starts_with("GGUF byte "));
    CHECK(contains(message, "expected"));
  }
  if (!paths.empty()) CHECK(paths.size() == 20);
}

TEST_CASE("parse_gguf: reads the metadata and tensors of a real model") {
  const fs::path path = fs::path{HART_SHARED_DATA} / "stories260K.gguf";
  if (!fs::exists(path)) {
    MESSAGE("skipped: " << path.string() << " is not there");
    return;
  }
  const MappedFile file{path.string()};
  const GgufHeader header = parse_gguf(file.bytes(), file.bytes().size());
  CHECK(header.get_string("general.architecture", "") == "llama");
  CHECK(header.get_uint("llama.block_count", 0) == 5);
  CHECK(header.get_float("llama.attention.layer_norm_rms_epsilon", 0) == doctest::Approx(1e-5));
  CHECK(header.get_array("tokenizer.ggml.tokens")->strings.size() == 512);
  CHECK(header.get_uint("no.such.key", 7) == 7);
  CHECK_THROWS_AS(static_cast<void>(header.get_uint("general.architecture", 0)), Error);
  REQUIRE(header.find_tensor("token_embd.weight") != nullptr);
  CHECK(header.find_tensor("token_embd.weight")->shape == std::vector<std::uint64_t>{64, 512});
  CHECK(header.find_tensor("none") == nullptr);
  CHECK(header.data_offset + header.data_bytes <= file.bytes().size());
}

TEST_CASE("parse_gguf: accepts an empty header of each version and of no trailing padding") {
  CHECK(refusal(RawGguf{}.bytes) == "");
  CHECK(refusal(RawGguf{0, 0, 2}.bytes) == "");
  const GgufHeader header = parse_gguf(RawGguf{}.bytes, 24);
  CHECK(header.data_offset == 24);
  ByteBuffer v1{'G', 'G', 'U', 'F', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  CHECK(refusal(v1) == "");
}

TEST_CASE("parse_gguf: reads version 1 with its 32-bit lengths") {
  ByteBuffer v1{'G', 'G', 'U', 'F', 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
  append_le<std::uint32_t>(v1, 1);
  v1.push_back('k');
  append_le<std::uint32_t>(v1, 8);
  append_le<std::uint32_t>(v1, 2);
  append(v1, as_bytes("hi"));
  append_le<std::uint32_t>(v1, 1);
  v1.push_back('t');
  append_le<std::uint32_t>(v1, 1);
  append_le<std::uint32_t>(v1, 8);
  append_le<std::uint32_t>(v1, 0);
  append_le<std::uint64_t>(v1, 0);
  const std::size_t header_bytes = v1.size();
  v1.resize(96);
  const GgufHeader header = parse_gguf(v1, v1.size());
  CHECK(header.version == 1);
  CHECK(header.get_string("k", "") == "hi");
  CHECK(header.header_bytes == header_bytes);
  CHECK(header.tensors.at(0).bytes == 32);
}

TEST_CASE("parse_gguf: refuses other versions in either byte order") {
  CHECK(contains(refusal(RawGguf{0, 0, 0}.bytes), "found 0"));
  CHECK(contains(refusal(RawGguf{0, 0, 4}.bytes), "found 4, little-endian"));
  CHECK(contains(refusal(RawGguf{0, 0, 0x04000000}.bytes), "found 4, big-endian"));
  CHECK(contains(refusal(RawGguf{0, 0, 0x00010000}.bytes), "found 256, big-endian"));
  CHECK(contains(refusal(as_bytes("GGUX")), "magic"));
  CHECK(contains(refusal(as_bytes("GG")), "found the end"));
}

TEST_CASE("parse_gguf: refuses every truncation of a small model") {
  RawGguf raw{1, 2};
  raw.text("a").u32(8).text("value").text("b").u32(9).u32(4).u64(2).u32(1).u32(2);
  raw.tensor("t", {32}, 8, 0);
  raw.zeros((32 - raw.bytes.size() % 32) % 32 + 64);
  REQUIRE(refusal(raw.bytes) == "");
  for (std::size_t size = 0; size < raw.bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(refusal(ByteView{raw.bytes}.first(size)) != "");
  }
}

TEST_CASE(
    "parse_gguf: refuses counts and lengths that the file cannot hold before allocating") {
  CHECK(contains(refusal(RawGguf{~0ull, 0}.bytes), "number of tensors"));
  CHECK(contains(refusal(RawGguf{0, 1ull << 60}.bytes), "number of entries"));
  CHECK(contains(refusal(RawGguf{0, 1}.u64(~0ull).zeros(8).bytes), "at most 65535"));
  CHECK(contains(refusal(RawGguf{0, 1}.text("k").u32(8).u64(~0ull).bytes), "found the end"));
  for (const std::uint32_t element : {0u, 3u, 7u, 8u, 9u, 12u}) {
    CAPTURE(element);
    const auto raw = RawGguf{0, 1}.text("k").u32(9).u32(element).u64(1ull << 61).zeros(8);
    CHECK(contains(refusal(raw.bytes), "array that fits"));
  }
}

TEST_CASE("parse_gguf: reads nested arrays, but not to any depth") {
  const auto nested = [](int depth) {
    RawGguf raw{0, 1};
    raw.text("k").u32(9);
    for (int i = 1; i < depth; ++i) raw.u32(9).u64(1);
    return raw.u32(0).u64(1).zeros(1);
  };
  CHECK(refusal(nested(8).bytes) == "");
  CHECK(contains(refusal(nested(9).bytes), "at most 8 deep"));
  CHECK(contains(refusal(nested(100'000).bytes), "at most 8 deep"));
  const auto raw = nested(2);
  const GgufHeader header = parse_gguf(raw.bytes, raw.bytes.size());
  const GgufArray* outer = header.get_array("k");
  REQUIRE(outer->size() == 1);
  CHECK(outer->arrays[0].element == GgufType::u8);
  CHECK(outer->arrays[0].integers == std::vector<std::int64_t>{0});
}

TEST_CASE("parse_gguf: refuses unknown value types") {
  CHECK(contains(refusal(RawGguf{0, 1}.text("k").u32(13).zeros(8).bytes), "found 13"));
  CHECK(contains(refusal(RawGguf{0, 1}.text("k").u32(9).u32(13).u64(0).bytes), "found 13"));
}

TEST_CASE("parse_gguf: refuses keys and names that are double, too long or not UTF-8") {
  const auto twice = RawGguf{0, 2}.text("k").u32(4).u32(1).text("k").u32(4).u32(1);
  CHECK(contains(refusal(twice.bytes), "'k' again"));
  CHECK(contains(refusal(RawGguf{0, 1}.text("\xC3").u32(4).u32(1).bytes), "UTF-8"));
  const std::string longest(63, 'n'), longer(64, 'n');
  CHECK(refusal(RawGguf{1, 0}.tensor(longest, {8}, 0, 0).zeros(64).bytes) == "");
  CHECK(contains(refusal(RawGguf{1, 0}.tensor(longer, {8}, 0, 0).zeros(64).bytes), "63"));
  const auto same = RawGguf{2, 0}.tensor("t", {8}, 0, 0).tensor("t", {8}, 0, 32).zeros(128);
  CHECK(contains(refusal(same.bytes), "'t' again"));
}

TEST_CASE("parse_gguf: refuses an alignment of zero, of no power of two or of another type") {
  const auto aligned = [](std::uint32_t type, std::uint32_t value) {
    return refusal(
        RawGguf{0, 1}.text("general.alignment").u32(type).u32(value).zeros(64).bytes);
  };
  CHECK(aligned(4, 64) == "");
  CHECK(aligned(4, 1) == "");
  CHECK(contains(aligned(4, 0), "power of two"));
  CHECK(contains(aligned(4, 48), "power of two"));
  CHECK(contains(aligned(5, 32), "u32"));
}

TEST_CASE("parse_gguf: reads big-endian files of each version") {
  // One entry "k" = u16 0x0102, one tensor "t" of two f32, alignment 32.
  for (const std::uint8_t version : {1, 2, 3}) {
    CAPTURE(int{version});
    ByteBuffer bytes{'G', 'G', 'U', 'F', 0, 0, 0, version};
    const auto length = [&](std::uint8_t value) {
      bytes.resize(bytes.size() + (version == 1 ? 3 : 7));
      bytes.push_back(value);
    };
    const auto u32 = [&](std::uint8_t value) { append(bytes, ByteBuffer{0, 0, 0, value}); };
    length(1), length(1);
    length(1), bytes.push_back('k'), u32(2), append(bytes, ByteBuffer{1, 2});
    length(1), bytes.push_back('t'), u32(1), length(2), u32(0);
    append(bytes, ByteBuffer(8));
    const std::size_t header_bytes = bytes.size();
    bytes.resize((header_bytes + 31) / 32 * 32 + 32);
    const GgufHeader header = parse_gguf(bytes, bytes.size());
    CHECK(header.byte_order == ByteOrder::big);
    CHECK(header.version == version);
    CHECK(header.header_bytes == header_bytes);
    CHECK(header.get_uint("k", 0) == 0x0102);
    REQUIRE(header.tensors.size() == 1);
    CHECK(header.tensors[0].shape == std::vector<std::uint64_t>{2});
    CHECK(header.tensors[0].bytes == 8);
    CHECK_THROWS_WITH_AS(require_little_endian(header), doctest::Contains("export --as gguf"),
                         Error);
  }
  CHECK(parse_gguf(RawGguf{}.bytes, 24).byte_order == ByteOrder::little);
  CHECK_NOTHROW(require_little_endian(parse_gguf(RawGguf{}.bytes, 24)));
}

TEST_CASE("parse_gguf: refuses bad shapes, types and offsets of tensors") {
  const auto one = [](std::vector<std::uint64_t> shape, std::uint32_t type,
                      std::uint64_t offset) {
    return refusal(RawGguf{1, 0}.tensor("t", std::move(shape), type, offset).zeros(4096).bytes);
  };
  CHECK(one({8, 1, 1, 1}, 0, 0) == "");
  CHECK(one({}, 0, 0) == "");
  CHECK(contains(one({8, 1, 1, 1, 1}, 0, 0), "at most 4 dimensions"));
  CHECK(contains(one({8, 0}, 0, 0), "at least 1"));
  CHECK(contains(one({31}, 8, 0), "whole blocks"));
  CHECK(contains(one({1ull << 62, 4}, 0, 0), "overflows"));
  CHECK(contains(one({1ull << 62}, 0, 0), "overflows"));
  CHECK(contains(one({(1ull << 42) + 1, (1ull << 42) + 1}, 0, 0), "overflows"));
  CHECK(contains(one({8}, 0, 32), "data offset 0, found 32"));
  CHECK(contains(one({8}, 4, 0), "removed"));
  CHECK(contains(one({8}, 37, 0), "removed"));
  CHECK(contains(one({8}, 97, 0), "private"));
  CHECK(contains(one({8}, 399, 0), "private"));
  CHECK(contains(one({8}, 1002, 0), "unknown tensor type 1002"));
}

TEST_CASE("parse_gguf: refuses data past the end of the file, padding included") {
  RawGguf raw{1, 0};
  raw.tensor("t", {1}, 0, 0);
  raw.zeros((32 - raw.bytes.size() % 32) % 32 + 32);
  CHECK(refusal(raw.bytes) == "");
  raw.bytes.pop_back();
  CHECK(contains(refusal(raw.bytes), "padded tensor data"));
}

TEST_CASE("parse_gguf: refuses totals that wrap to a small number after padding") {
  // The first tensor ends within the alignment of 2^64, so its padded end would be 0.
  const std::uint64_t nearly = ~0ull - 7;
  const auto wrapped = RawGguf{2, 0}.tensor("a", {nearly}, 24, 0).tensor("b", {8}, 24, 0);
  CHECK(contains(refusal(wrapped.bytes), "overflows"));
  const std::uint64_t half = 1ull << 63;
  const auto sum = RawGguf{2, 0}.tensor("a", {half}, 24, 0).tensor("b", {half}, 24, half);
  CHECK(contains(refusal(sum.bytes), "overflows"));
}

TEST_CASE("parse_gguf: needs only the header's bytes when told the size of the file") {
  RawGguf raw{1, 0};
  raw.tensor("t", {1024}, 0, 0);
  CHECK(parse_gguf(raw.bytes, 1 << 20).tensors.size() == 1);
  CHECK_THROWS_AS(static_cast<void>(parse_gguf(raw.bytes, 1024)), Error);
}

TEST_CASE("looks_like_gguf: goes by the magic and not by what follows") {
  CHECK(looks_like_gguf(as_bytes("GGUF????")));
  CHECK_FALSE(looks_like_gguf(as_bytes("GGU")));
  CHECK_FALSE(looks_like_gguf(as_bytes(" GGUF")));
}

}  // namespace
}  // namespace hart::formats
