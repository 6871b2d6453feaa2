#include "formats/convert_metadata.h"

#include <doctest/doctest.h>

#include <bit>
#include <filesystem>

#include "core/error.h"
#include "core/mapped_file.h"
#include "formats/gguf_values.h"
#include "formats/safetensors.h"

namespace hart::formats {
namespace {

GgufHeader parsed(const ByteBuffer& header) {
  return parse_gguf(header, header.size());
}

/// The header of the entries that `metadata` stands for.
ByteBuffer header_of(const SafetensorsMetadata& metadata) {
  GgufWriter writer;
  add_gguf_metadata(writer, metadata);
  return writer.header();
}

std::string converted(GgufType type, const GgufValue& value) {
  GgufWriter writer;
  writer.add("k", type, value);
  const ByteBuffer header = writer.header();
  const SafetensorsMetadata metadata = safetensors_metadata(parsed(header));
  CHECK(header_of(metadata) == header);
  return metadata.at(0).second;
}

std::string metadata_refusal(const std::string& text) {
  try {
    static_cast<void>(header_of({{"some.key", text}}));
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::data);
    return error.what();
  }
  return "";
}

TEST_CASE("safetensors_metadata: writes each type as documented, and all come back") {
  CHECK(converted(GgufType::u32, std::int64_t{32}) == R"({"type":"u32","value":32})");
  CHECK(converted(GgufType::u8, std::int64_t{255}) == R"({"type":"u8","value":255})");
  CHECK(converted(GgufType::i8, std::int64_t{-128}) == R"({"type":"i8","value":-128})");
  CHECK(converted(GgufType::u16, std::int64_t{1}) == R"({"type":"u16","value":1})");
  CHECK(converted(GgufType::i16, std::int64_t{-1}) == R"({"type":"i16","value":-1})");
  CHECK(converted(GgufType::i32, std::int64_t{-1}) == R"({"type":"i32","value":-1})");
  CHECK(converted(GgufType::i64, std::int64_t{INT64_MIN}) ==
        R"({"type":"i64","value":-9223372036854775808})");
  CHECK(converted(GgufType::u64, std::int64_t{-1}) ==
        R"({"type":"u64","value":18446744073709551615})");
  CHECK(converted(GgufType::boolean, true) == R"({"type":"bool","value":true})");
  CHECK(converted(GgufType::f32, 0.5) == R"({"type":"f32","value":0.5})");
  CHECK(converted(GgufType::f64, -0.0) == R"({"type":"f64","value":-0.0})");
  CHECK(converted(GgufType::array, GgufArray{GgufType::f32, {}, {0.5, 1}, {}}) ==
        R"({"type":"array","of":"f32","value":[0.5,1.0]})");
  CHECK(converted(GgufType::array, GgufArray{GgufType::boolean, {1, 0}, {}, {}}) ==
        R"({"type":"array","of":"bool","value":[true,false]})");
  const GgufArray nested{
      GgufType::array, {}, {}, {}, {GgufArray{GgufType::u8, {1}, {}, {}}, GgufArray{}}};
  CHECK(converted(GgufType::array, nested) ==
        R"({"type":"array","of":"array","value":[{"of":"u8","value":[1]},)"
        R"({"of":"u8","value":[]}]})");
}

TEST_CASE("safetensors_metadata: floats keep every bit, finite or not") {
  for (const std::uint32_t bits : {0x3DCCCCCDu, 0x00000001u, 0x7F7FFFFFu, 0x80000000u})
    CHECK(converted(GgufType::f32, widen_f32(bits)).find("\"value\":\"") == std::string::npos);
  CHECK(converted(GgufType::f32, widen_f32(0x7F800001)) ==
        R"({"type":"f32","value":"7f800001"})");
  CHECK(converted(GgufType::f32, widen_f32(0xFF800000)) ==
        R"({"type":"f32","value":"ff800000"})");
  CHECK(converted(GgufType::f64, std::bit_cast<double>(0x7FF8000000000001)) ==
        R"({"type":"f64","value":"7ff8000000000001"})");
  for (const double value : {0.1, 5e-324, 1.7976931348623157e308, 1.0 / 3})
    static_cast<void>(converted(GgufType::f64, value));
}

TEST_CASE("safetensors_metadata: a string stays itself unless it could be misread") {
  const auto text = [](std::string_view value) { return converted(GgufType::string, value); };
  CHECK(text("llama") == "llama");
  CHECK(text("") == "");
  CHECK(text("{% for m in messages %}") == "{% for m in messages %}");
  CHECK(text(R"({"json":1})") == R"({"json":1})");
  CHECK(text(R"({"type":"u8","value":1})") ==
        R"({"type":"string","value":"{\"type\":\"u8\",\"value\":1}"})");
  CHECK(text("\xFF") == R"({"type":"string","value":{"base64":"/w=="}})");
  CHECK(converted(GgufType::array, GgufArray{GgufType::string, {}, {}, {"a", "\xC3"}}) ==
        R"({"type":"array","of":"string","value":["a",{"base64":"ww=="}]})");
}

TEST_CASE("add_gguf_metadata: what is not of the documented form is a string") {
  for (const char* text : {"pt", "{\"type\":\"u8\"}", "{\"type\":\"u7\",\"value\":1}",
                           "{\"type\":\"u8\",\"value\":1", "{\"type\":\"x", "{\"type\": 1}"}) {
    CAPTURE(text);
    const ByteBuffer header = header_of({{"k", text}});
    CHECK(parsed(header).get_string("k", "") == text);
  }
}

TEST_CASE("add_gguf_metadata: refuses values that their type cannot hold and names the key") {
  for (const char* text :
       {R"({"type":"u8","value":256})", R"({"type":"u8","value":-1})",
        R"({"type":"u8","value":1.5})", R"({"type":"u64","value":-1})",
        R"({"type":"i64","value":9223372036854775808})", R"({"type":"bool","value":1})",
        R"({"type":"f32","value":1e300})", R"({"type":"f32","value":"7f80"})",
        R"({"type":"f32","value":"zz"})", R"({"type":"f64","value":null})",
        R"({"type":"string","value":5})", R"({"type":"string","value":{"base64":"!"}})",
        R"({"type":"array","value":[]})", R"({"type":"array","of":"u7","value":[]})",
        R"({"type":"array","of":"u8","value":5})",
        R"({"type":"array","of":"u8","value":[300]})",
        R"({"type":"array","of":"array","value":[1]})"}) {
    CAPTURE(text);
    CHECK(metadata_refusal(text).starts_with("metadata 'some.key': "));
  }
  std::string deep = R"({"of":"u8","value":[]})";
  for (int i = 0; i < 7; ++i) deep = R"({"of":"array","value":[)" + deep + "]}";
  CHECK(metadata_refusal(R"({"type":"array",)" + deep.substr(1)) == "");
  deep = R"({"of":"array","value":[)" + deep + "]}";
  CHECK(metadata_refusal(R"({"type":"array",)" + deep.substr(1)) != "");
}

TEST_CASE("add_gguf_metadata: plain SafeTensors metadata comes back after a way through GGUF") {
  const SafetensorsMetadata metadata{
      {"format", "pt"}, {"config", R"({"a":{"b":1}})"}, {"z", ""}, {"a", "\xC3\xBC"}};
  const ByteBuffer header = header_of(metadata);
  CHECK(safetensors_metadata(parsed(header)) == metadata);
}

TEST_CASE("add_gguf_metadata: the architecture is the metadata's, the folder's or unknown") {
  const auto architecture = [](const SafetensorsMetadata& metadata, std::string_view type) {
    GgufWriter writer;
    add_gguf_metadata(writer, metadata, type);
    const ByteBuffer header = writer.header();
    return std::string{parsed(header).get_string("general.architecture", "")};
  };
  CHECK(architecture({{"format", "pt"}}, "") == "unknown");
  CHECK(architecture({{"format", "pt"}}, "gemma3_text") == "gemma3_text");
  CHECK(architecture({{"general.architecture", "llama"}}, "bert") == "llama");
}

TEST_CASE(
    "safetensors_metadata: every shared GGUF file's header survives the way there and back") {
  namespace fs = std::filesystem;
  const fs::path shared{HART_SHARED_DATA};
  if (!fs::is_directory(shared)) {
    MESSAGE("skipped: " << shared.string() << " is not there");
    return;
  }
  for (const char* name : {"stories260K.gguf", "vocab/gpt-2.gguf", "vocab/llama-spm.gguf",
                           "vocab/bert-bge.gguf", "gguf-wellformed/KV_RANDOM_KV.gguf"}) {
    CAPTURE(name);
    const MappedFile file{(shared / name).string()};
    const GgufHeader header = parse_gguf(file.bytes(), file.bytes().size());
    GgufWriter copy;
    copy.add_metadata(header);
    // By way of a real SafeTensors header.
    const ByteBuffer safetensors = write_safetensors_header({}, safetensors_metadata(header));
    const SafetensorsHeader read = parse_safetensors(safetensors, safetensors.size());
    CHECK(header_of(read.metadata) == copy.header());
  }
}

}  // namespace
}  // namespace hart::formats
