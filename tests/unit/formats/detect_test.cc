#include "formats/detect.h"

#include <doctest/doctest.h>

#include <string>

#include "formats/gguf_writer.h"
#include "formats/safetensors.h"

namespace hart::formats {
namespace {

std::string_view kind(std::string_view text) {
  return file_format_name(detect(as_bytes(text), text.size()));
}

TEST_CASE("detect: models are known by their beginnings") {
  const ByteBuffer gguf = GgufWriter{}.header();
  CHECK(detect(gguf, gguf.size()) == FileFormat::gguf);
  const ByteBuffer safetensors = write_safetensors_header({});
  CHECK(detect(safetensors, safetensors.size()) == FileFormat::safetensors);
  CHECK(detect(ByteView{safetensors}.first(9), safetensors.size()) == FileFormat::safetensors);
  CHECK(kind("FUGG....") == "plain");
}

TEST_CASE("detect: text is UTF-8 without control characters") {
  using namespace std::string_view_literals;
  CHECK(kind("") == "plain");
  CHECK(kind("Grüße\r\n\tund mehr\f") == "plain");
  CHECK(kind("a\0b"sv) == "unknown");
  CHECK(kind("a\x7F") == "unknown");
  CHECK(kind("caf\xE9") == "unknown");
}

TEST_CASE("detect: a sequence cut off by the head's end is text only when the file continues") {
  const std::string_view cut = "abc\xE4\xB8";
  CHECK(detect(as_bytes(cut), 100) == FileFormat::plain);
  CHECK(detect(as_bytes(cut), cut.size()) == FileFormat::unknown);
  CHECK(detect(as_bytes("abc\xE4\xB8zzzz"), 100) == FileFormat::unknown);
}

TEST_CASE("detect: Markdown is told from plain text by its marks") {
  CHECK(kind("# Title\n\ntext") == "markdown");
  CHECK(kind("text\n\n### Part\n") == "markdown");
  CHECK(kind("see [here](http://x)") == "markdown");
  CHECK(kind("```\ncode\n```\n") == "markdown");
  CHECK(kind("- a\n- b\n") == "markdown");
  CHECK(kind("1. a\n2. b\n") == "markdown");
  CHECK(kind("#!/bin/sh\n# comment\necho\n") == "plain");
  CHECK(kind("- one dash\n") == "plain");
  CHECK(kind("#hashtag\n\n#\n\n") == "plain");
  CHECK(kind("an array[i](x is no link") == "plain");
}

TEST_CASE("detect: bytes after the first 64 KiB change nothing") {
  std::string text(kDetectBytes, 'a');
  text[kDetectBytes - 1] = '\n';
  CHECK(kind(text + "# Title\n\n") == "plain");
  CHECK(kind(text + '\0') == "plain");
}

}  // namespace
}  // namespace hart::formats
