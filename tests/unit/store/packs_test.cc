#include "store/packs.h"
#include "store/extent_reader.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "core/endian.h"
#include "core/error.h"
#include "core/json.h"
#include "crypto/crc32c.h"
#include "crypto/sha256.h"
#include "faults.h"
#include "scratch.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;
using test::fault_of;

ExtentRecord described(std::string_view bytes, Codec codec) {
  ExtentRecord what;
  what.hash = crypto::sha256(as_bytes(bytes));
  what.decoded_bytes = bytes.size();
  what.codec = codec;
  return what;
}

ExtentBytes read(Packs& packs, const ExtentRecord& extent, bool verify = false) {
  ExtentDecoder decoder;
  return read_located(decoder, {extent, packs.stored(extent), {}, {}}, verify);
}

/// Packs in a directory of their own, and the catalog's part played by hand.
struct PackRoom {
  Scratch scratch;
  Packs packs{(fs::create_directory(scratch / "packs"), scratch / "packs")};

  /// One batch of one extent, kept. The bytes are stored as they are.
  ExtentRecord keep(std::string_view bytes) {
    const ExtentRecord extent = append(bytes);
    packs.sync();
    committed = packs.touched().at(extent.pack_id);
    last = extent.pack_id;
    packs.end(true);
    return extent;
  }
  ExtentRecord append(std::string_view bytes) {
    packs.begin(last, committed);
    return append_more(bytes);
  }
  /// To the batch that has begun.
  ExtentRecord append_more(std::string_view bytes) {
    return packs.append(described(bytes, Codec::raw), as_bytes(bytes));
  }

  std::int64_t last = 0;
  std::uint64_t committed = 0;
};

ByteBuffer read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void flip(const std::string& path, std::uint64_t offset) {
  std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
  file.seekg(static_cast<std::streamoff>(offset));
  const auto byte = static_cast<char>(file.get() ^ 1);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(byte);
}

TEST_CASE("packs: raw and zstd extents come back as they went in, in any order") {
  PackRoom room;
  const std::string text(5000, 'a');
  const std::string odd = "three";
  const ByteBuffer compressed = compress_if_smaller(as_bytes(text), 3);
  REQUIRE(!compressed.empty());
  room.packs.begin(0, 0);
  const auto coded = room.packs.append(described(text, Codec::zstd), compressed);
  const auto raw = room.packs.append(described(odd, Codec::raw), as_bytes(odd));
  room.packs.sync();
  room.packs.end(true);

  const ExtentBytes in_place = read(room.packs, raw, true);
  CHECK(as_text(in_place.bytes()) == odd);
  CHECK(in_place.mapped());
  const ExtentBytes decoded = read(room.packs, coded, true);
  CHECK(as_text(decoded.bytes()) == text);
  CHECK_FALSE(decoded.mapped());
  CHECK(coded.pack_offset % kExtentAlignment == 0);
  CHECK(raw.pack_offset % kExtentAlignment == 0);
}

TEST_CASE("packs: a pack is its header, then each extent's header, bytes and zeros up to 64") {
  PackRoom room;
  const ExtentRecord extent = room.keep("hello");
  CHECK(extent.pack_offset == 128);
  const ByteBuffer file = read_file(room.packs.path(1));
  REQUIRE(file.size() == 192);

  ByteBuffer header;
  append(header, as_bytes("HARTPACK"));
  append_le(header, std::uint32_t{1});
  append_le(header, std::uint32_t{0});
  append_le(header, std::uint64_t{1});
  header.resize(60);
  append_le(header, crypto::crc32c(header));
  append(header, as_bytes("HXT1"));
  append_le(header, std::uint16_t{0});
  append_le(header, std::uint16_t{0});
  append_le(header, std::uint64_t{5});
  append_le(header, std::uint64_t{5});
  append(header, crypto::sha256(as_bytes("hello")));
  append_le(header, crypto::crc32c(as_bytes("hello")));
  append_le(header, crypto::crc32c(ByteView{header}.subspan(64, 60)));
  append(header, as_bytes("hello"));
  header.resize(192);
  CHECK(to_hex(file) == to_hex(header));
}

TEST_CASE("packs: headers are those of the published vectors") {
  std::ifstream in{std::string{HART_TEST_DATA} + "/identity-vectors.json"};
  REQUIRE(in);
  const Json vectors = Json::parse(in);
  for (const Json& vector : vectors.at("extents")) {
    ExtentRecord extent;
    extent.hash = crypto::sha256(from_hex(vector.at("decoded").get<std::string>()));
    const ByteBuffer stored = from_hex(vector.at("stored").get<std::string>());
    extent.decoded_bytes = vector.at("decoded").get<std::string>().size() / 2;
    extent.stored_bytes = stored.size();
    extent.codec = static_cast<Codec>(vector.at("codec").get<int>());
    extent.checksum = crypto::crc32c(stored);
    CHECK(extent.checksum == vector.at("checksum").get<std::uint32_t>());
    CHECK(to_hex(extent_header(extent)) == vector.at("header").get<std::string>());
  }
  PackRoom room;
  room.keep("x");
  CHECK(to_hex(ByteView{read_file(room.packs.path(1))}.first(kPackHeaderBytes)) ==
        vectors.at("pack_headers")[0].at("header").get<std::string>());
}

TEST_CASE("packs: a flipped byte of a coded extent is found whenever it is read") {
  const std::string text(5000, 'a');
  const ByteBuffer compressed = compress_if_smaller(as_bytes(text), 3);
  for (std::size_t at = 0; at < compressed.size(); ++at) {
    PackRoom room;
    room.packs.begin(0, 0);
    const auto extent = room.packs.append(described(text, Codec::zstd), compressed);
    room.packs.end(true);
    flip(room.packs.path(1), extent.pack_offset + at);
    CAPTURE(at);
    CHECK(fault_of([&] { (void)read(room.packs, extent); }) == Fault::data);
  }
}

TEST_CASE("packs: a flipped byte of a raw extent is found when it is verified") {
  PackRoom room;
  const ExtentRecord extent = room.keep("some bytes");
  flip(room.packs.path(1), extent.pack_offset + 3);
  CHECK(fault_of([&] { (void)read(room.packs, extent, true); }) == Fault::data);
}

TEST_CASE("packs: an extent whose header is not what the catalog says is refused") {
  PackRoom room;
  const ExtentRecord extent = room.keep("some bytes");
  for (std::uint64_t at = 0; at < kExtentHeaderBytes; ++at) {
    flip(room.packs.path(1), extent.pack_offset - kExtentHeaderBytes + at);
    CAPTURE(at);
    CHECK(fault_of([&] { (void)read(room.packs, extent); }) == Fault::data);
    flip(room.packs.path(1), extent.pack_offset - kExtentHeaderBytes + at);
  }
  CHECK(as_text(read(room.packs, extent).bytes()) == "some bytes");
  ExtentRecord elsewhere = extent;
  elsewhere.pack_offset = 64;
  CHECK(fault_of([&] { (void)read(room.packs, elsewhere); }) == Fault::data);
  elsewhere.pack_offset = ~std::uint64_t{0};
  CHECK(fault_of([&] { (void)read(room.packs, elsewhere); }) == Fault::data);
}

TEST_CASE("packs: a pack that is missing or shorter than the catalog says is damage") {
  PackRoom room;
  const ExtentRecord extent = room.keep("some bytes");
  fs::resize_file(room.packs.path(1), 130);
  Packs reader{room.scratch / "packs"};
  CHECK(fault_of([&] { (void)read(reader, extent); }) == Fault::data);
  CHECK(fault_of([&] { room.packs.begin(1, room.committed); }) == Fault::data);
  CHECK(fs::file_size(room.packs.path(1)) == 130);
  fs::remove(room.packs.path(1));
  Packs another{room.scratch / "packs"};
  CHECK(fault_of([&] { (void)read(another, extent); }) == Fault::data);
  CHECK(fault_of([&] { room.packs.begin(1, room.committed); }) == Fault::data);
}

TEST_CASE("packs: the next writer cuts off what a crash left, packs that nobody names too") {
  PackRoom room;
  const ExtentRecord first = room.keep("first");
  std::ofstream{room.packs.path(1), std::ios::app} << "half an extent";
  std::ofstream{room.packs.path(2)} << "half a pack";
  std::ofstream{room.packs.path(3)} << "another";
  const ExtentRecord second = room.append("second");
  CHECK(second.pack_id == 1);
  CHECK(second.pack_offset == room.committed + kExtentHeaderBytes);
  CHECK_FALSE(fs::exists(room.packs.path(2)));
  CHECK_FALSE(fs::exists(room.packs.path(3)));
  room.packs.end(true);
  CHECK(as_text(read(room.packs, first, true).bytes()) == "first");
  CHECK(as_text(read(room.packs, second, true).bytes()) == "second");
}

TEST_CASE("packs: a batch that is not kept leaves the packs as they were") {
  PackRoom room;
  room.append("gone");
  room.packs.end(false);
  CHECK_FALSE(fs::exists(room.packs.path(1)));
  const ExtentRecord first = room.keep("first");
  const ByteBuffer before = read_file(room.packs.path(1));
  room.append("gone as well");
  room.packs.end(false);
  CHECK(read_file(room.packs.path(1)) == before);
  CHECK(as_text(read(room.packs, first, true).bytes()) == "first");
}

TEST_CASE("packs: what was mapped before an append is read on, and what came after is seen") {
  PackRoom room;
  const ExtentRecord first = room.keep("first");
  const ExtentBytes view = read(room.packs, first);
  const ExtentRecord second = room.keep(std::string(100'000, 'b'));
  CHECK(read(room.packs, second, true).bytes().size() == 100'000);
  CHECK(as_text(view.bytes()) == "first");
}

TEST_CASE("packs: the checksum of bytes above one window is that of all of them") {
  PackRoom room;
  std::string large((std::size_t{8} << 20) + 12'345, '\0');
  std::iota(large.begin(), large.end(), '\1');
  std::uint64_t reported = 0;
  room.packs.begin(0, 0);
  const auto extent = room.packs.append(described(large, Codec::raw), as_bytes(large),
                                        [&](std::uint64_t offset, std::uint64_t bytes) {
                                          CHECK(offset == reported);
                                          reported += bytes;
                                        });
  room.packs.end(true);
  CHECK(reported == large.size());
  CHECK(extent.checksum == crypto::crc32c(as_bytes(large)));
  CHECK(read(room.packs, extent, true).bytes().size() == large.size());
}

TEST_CASE("packs: compression is taken only when it saves a sixteenth") {
  ByteBuffer noise(4096);
  std::uint32_t state = 1;
  for (auto& byte : noise)
    byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  CHECK(compress_if_smaller(noise, 3).empty());
  CHECK(compress_if_smaller(ByteBuffer(4096), 3).size() < 100);
  CHECK(compress_if_smaller({}, 3).empty());
}

TEST_CASE("packs: a batch goes back to where it was, and on from there") {
  PackRoom room;
  const ExtentRecord kept = room.keep("kept before");
  const ExtentRecord first = room.append("first");
  const Packs::Mark mark = room.packs.mark();
  const ExtentRecord second = room.append_more(std::string(100'000, 'x'));
  CHECK(as_text(read(room.packs, second).bytes()) == std::string(100'000, 'x'));
  room.packs.rewind(mark);
  CHECK(fs::file_size(room.packs.path(1)) == room.packs.touched().at(1));
  const ExtentRecord third = room.append_more("third");
  CHECK(third.pack_offset == second.pack_offset);
  room.packs.sync();
  room.packs.end(true);
  CHECK(as_text(read(room.packs, kept, true).bytes()) == "kept before");
  CHECK(as_text(read(room.packs, first, true).bytes()) == "first");
  CHECK(as_text(read(room.packs, third, true).bytes()) == "third");
}

TEST_CASE("packs: back at its beginning a batch has touched nothing") {
  PackRoom room;
  SUBCASE("without a pack") {}
  SUBCASE("with one") {
    room.keep("kept before");
  }
  SUBCASE("with one that is full") {
    room.keep("kept before");
    fs::resize_file(room.packs.path(1), room.committed = kPackTargetBytes);
  }
  room.packs.begin(room.last, room.committed);
  const Packs::Mark mark = room.packs.mark();
  room.packs.rewind(mark);
  room.append_more("taken back");
  REQUIRE(room.packs.touched().size() == 1);
  room.packs.rewind(mark);
  CHECK(room.packs.touched().empty());
  const std::int64_t next = room.committed == kPackTargetBytes ? 2 : 1;
  CHECK(fs::exists(room.packs.path(next)) == (next == room.last));
  const ExtentRecord after = room.append_more("after");
  CHECK(after.pack_id == next);
  room.packs.sync();
  room.packs.end(true);
  CHECK(as_text(read(room.packs, after, true).bytes()) == "after");
}

TEST_CASE("packs: what was linked since goes when a batch goes back") {
  PackRoom room;
  const std::string user_file = room.scratch / "model.bin";
  std::ofstream{user_file} << "the user's bytes";
  room.packs.begin(0, 0);
  REQUIRE(room.packs.link(user_file, kFirstLinkedPack));
  const Packs::Mark mark = room.packs.mark();
  REQUIRE(room.packs.link(user_file, kFirstLinkedPack + 1));
  room.packs.rewind(mark);
  CHECK(fs::exists(room.packs.linked_path(kFirstLinkedPack)));
  CHECK_FALSE(fs::exists(room.packs.linked_path(kFirstLinkedPack + 1)));
  CHECK(fs::exists(user_file));
  room.packs.end(true);
}

}  // namespace
}  // namespace hart::store
