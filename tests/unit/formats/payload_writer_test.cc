#include "formats/payload_writer.h"

#include <doctest/doctest.h>

#include "core/endian.h"
#include "core/error.h"

namespace hart::formats {
namespace {

TEST_CASE("PayloadWriter: gives the same bytes however the payload is cut into pieces") {
  const std::vector<PayloadPart> parts{
      {"empty first", 0, 0}, {"a", 5, 3}, {"none", 0, 2}, {"b", 4, 0}, {"last", 0, 5000}};
  const std::string payload = "aaaaabbbb";
  std::string expected = "HEAD";
  expected += std::string{"aaaaa"} + std::string(5, '\0') + "bbbb" + std::string(5000, '\0');
  for (std::size_t piece = 1; piece <= payload.size(); ++piece) {
    CAPTURE(piece);
    ByteBuffer out;
    PayloadWriter writer{[&](ByteView bytes) { append(out, bytes); }, as_bytes("HEAD"), parts};
    for (std::size_t at = 0; at < payload.size(); at += piece)
      writer.write(as_bytes(std::string_view{payload}.substr(at, piece)));
    writer.finish();
    CHECK(as_text(out) == expected);
    CHECK(writer.written() == expected.size());
    CHECK(writer.next() == nullptr);
  }
}

TEST_CASE("PayloadWriter: refuses bytes beyond the parts and an end before theirs") {
  ByteBuffer out;
  PayloadWriter writer{[&](ByteView bytes) { append(out, bytes); }, {}, {{"t", 2, 0}}};
  REQUIRE(writer.next() != nullptr);
  CHECK(writer.next()->name == "t");
  CHECK_THROWS_WITH_AS(writer.finish(), doctest::Contains("'t' has 0 of its 2"), Error);
  writer.write(as_bytes("xy"));
  CHECK_NOTHROW(writer.finish());
  CHECK_THROWS_AS(writer.write(as_bytes("z")), Error);
  CHECK(as_text(out) == "xy");
}

TEST_CASE("PayloadWriter: a file of no tensors is its header") {
  ByteBuffer out;
  const PayloadWriter writer{[&](ByteView bytes) { append(out, bytes); }, as_bytes("H"), {}};
  CHECK_NOTHROW(writer.finish());
  CHECK(as_text(out) == "H");
}

}  // namespace
}  // namespace hart::formats
