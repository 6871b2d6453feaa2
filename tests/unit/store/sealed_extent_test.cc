#include "store/sealed_extent.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <vector>

#include "core/endian.h"
#include "core/error.h"
#include "core/json.h"
#include "crypto/secret_file.h"
#include "crypto/sha256.h"
#include "faults.h"
#include "scratch.h"

namespace hart::store {
namespace {

using test::fault_of;

PayloadKey key_of_hex(const std::string& digits) {
  const Scratch scratch;
  crypto::write_secret_file(scratch / "key", digits);
  return PayloadKey::read(scratch / "key");
}

PayloadKey new_key() {
  const Scratch scratch;
  return PayloadKey::create(scratch / "key");
}

ByteBuffer pattern(std::size_t size) {
  ByteBuffer bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + (i >> 8));
  return bytes;
}

Hash256 hash_of_hex(const Json& digits) {
  const ByteBuffer bytes = from_hex(digits.get<std::string>());
  Hash256 hash;
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

/// Pieces of `bytes`, each of up to `size` bytes.
Packs::Pieces pieces_of(ByteView bytes, std::size_t size) {
  return [bytes, size]() mutable {
    const ByteView piece = bytes.first(std::min(size, bytes.size()));
    bytes = bytes.subspan(piece.size());
    return piece;
  };
}

ByteBuffer all_pieces(ExtentSealer& sealer) {
  ByteBuffer all;
  for (ByteView piece = sealer.next(); !piece.empty(); piece = sealer.next())
    append(all, piece);
  CHECK(sealer.next().empty());
  return all;
}

/// An extent of a name's own.
ExtentRecord extent_named(std::string_view name, std::uint64_t bytes) {
  ExtentRecord extent;
  extent.hash = crypto::sha256(as_bytes(name));
  extent.decoded_bytes = bytes;
  return extent;
}

struct Sealed {
  explicit Sealed(std::size_t size) : plain{pattern(size)}, extent{extent_named("a", size)} {
    ExtentSealer sealer{key, extent, nullptr, pieces_of(plain, plain.size())};
    stored = all_pieces(sealer);
  }
  [[nodiscard]] bool opens(ByteView bytes) const { return opens(key, extent, nullptr, bytes); }
  [[nodiscard]] bool opens(const PayloadKey& with, const ExtentRecord& as,
                           const ExtentRecord* base, ByteView bytes) const {
    try {
      SealedExtent sealed{with, as, base, bytes};
      ByteBuffer out(sealed.size());
      sealed.open(0, out);
      return out == plain;
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::data);
      return false;
    }
  }

  PayloadKey key = new_key();
  ByteBuffer plain;
  ExtentRecord extent;
  ByteBuffer stored;
};

TEST_CASE("sealed extents: the bytes are those that another implementation makes") {
  std::ifstream in{std::string{HART_TEST_DATA} + "/sealed-extents.json"};
  REQUIRE(in);
  const Json vectors = Json::parse(in);
  const PayloadKey key = key_of_hex(vectors.at("key").get<std::string>());
  CHECK(to_hex(key.id()) == vectors.at("key_id").get<std::string>());
  for (const Json& vector : vectors.at("extents")) {
    ExtentRecord extent;
    extent.codec = static_cast<Codec>(vector.at("codec").get<int>());
    extent.hash_kind = static_cast<HashKind>(vector.at("hash_kind").get<int>());
    extent.decoded_bytes = vector.at("decoded_bytes").get<std::uint64_t>();
    extent.hash = hash_of_hex(vector.at("digest"));
    ExtentRecord base;
    const ExtentRecord* with_base = nullptr;
    if (vector.contains("base")) {
      with_base = &base;
      base.hash_kind = static_cast<HashKind>(vector.at("base").at("hash_kind").get<int>());
      base.hash = hash_of_hex(vector.at("base").at("digest"));
      extent.base_offset = vector.at("base").at("offset").get<std::uint64_t>();
    }
    CHECK(to_hex(seal_binding(extent, with_base)) == vector.at("binding").get<std::string>());
    const ByteBuffer plain = pattern(vector.at("plain_bytes").get<std::size_t>());
    for (const std::size_t size : {plain.size(), std::size_t{1000}, kSealSegmentBytes}) {
      ExtentSealer sealer{key, hash_of_hex(vector.at("salt")), extent, with_base,
                          pieces_of(plain, size)};
      const ByteBuffer sealed = all_pieces(sealer);
      CHECK(sealed.size() == vector.at("sealed_bytes").get<std::uint64_t>());
      CHECK(sealed.size() == sealed_bytes(plain.size()));
      CHECK(to_hex(crypto::sha256(sealed)) == vector.at("sealed_sha256").get<std::string>());
      if (vector.contains("sealed"))
        CHECK(to_hex(sealed) == vector.at("sealed").get<std::string>());
      SealedExtent opened{key, extent, with_base, sealed};
      ByteBuffer out(opened.size());
      opened.open(0, out);
      CHECK(out == plain);
    }
  }
}

TEST_CASE("sealed extents: every flipped bit is found") {
  const Sealed small{100};
  REQUIRE(small.opens(small.stored));
  for (std::size_t bit = 0; bit < 8 * small.stored.size(); ++bit) {
    ByteBuffer changed = small.stored;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CAPTURE(bit);
    CHECK_FALSE(small.opens(changed));
  }
  const Sealed large{2 * kSealSegmentBytes + 300};
  REQUIRE(large.opens(large.stored));
  for (std::size_t at = 0; at < large.stored.size(); at += 997) {
    ByteBuffer changed = large.stored;
    changed[at] ^= 0x80;
    CAPTURE(at);
    CHECK_FALSE(large.opens(changed));
  }
}

TEST_CASE("sealed extents: segments that are swapped, doubled or missing are found") {
  const std::size_t segment = kSealSegmentBytes + crypto::kGcmTagBytes;
  // Whole segments only, so that nothing but their numbers tells them apart.
  const Sealed sealed{3 * kSealSegmentBytes};
  REQUIRE(sealed.opens(sealed.stored));
  const auto at = [&](std::size_t i) {
    return sealed.stored.begin() + static_cast<std::ptrdiff_t>(kSealSaltBytes + i * segment);
  };
  for (const auto& [a, b] : {std::pair{0, 1}, {1, 2}, {0, 2}}) {
    ByteBuffer swapped = sealed.stored;
    std::copy(at(a), at(a + 1), swapped.begin() + (at(b) - sealed.stored.begin()));
    CHECK_FALSE(sealed.opens(swapped));
    std::copy(at(b), at(b + 1), swapped.begin() + (at(a) - sealed.stored.begin()));
    CHECK_FALSE(sealed.opens(swapped));
  }
  for (const std::size_t i : {0u, 1u, 2u}) {
    ByteBuffer shorter{sealed.stored.begin(), at(i)};
    shorter.insert(shorter.end(), at(i + 1), sealed.stored.end());
    CHECK_FALSE(sealed.opens(shorter));
    ByteBuffer longer{sealed.stored.begin(), at(i)};
    longer.insert(longer.end(), at(i), at(i + 1));
    longer.insert(longer.end(), at(i), sealed.stored.end());
    CHECK_FALSE(sealed.opens(longer));
  }
}

TEST_CASE("sealed extents: one that was cut anywhere is found") {
  const Sealed sealed{kSealSegmentBytes + 20};
  for (std::size_t size = 0;
       size<sealed.stored.size(); size += size> 200 && size + 400 < sealed.stored.size() ? 211
                                                                                         : 1) {
    CAPTURE(size);
    CHECK_FALSE(sealed.opens(ByteView{sealed.stored}.first(size)));
  }
}

TEST_CASE("sealed extents: none opens as another, on another base, or with another key") {
  const Sealed sealed{500};
  ExtentRecord other = sealed.extent;
  const ExtentRecord base = extent_named("base", 900);
  other.hash[31] ^= 1;
  CHECK_FALSE(sealed.opens(sealed.key, other, nullptr, sealed.stored));
  other = sealed.extent;
  other.codec = Codec::zstd;
  CHECK_FALSE(sealed.opens(sealed.key, other, nullptr, sealed.stored));
  other = sealed.extent;
  other.hash_kind = HashKind::blocks;
  CHECK_FALSE(sealed.opens(sealed.key, other, nullptr, sealed.stored));
  other = sealed.extent;
  other.decoded_bytes += 1;
  CHECK_FALSE(sealed.opens(sealed.key, other, nullptr, sealed.stored));
  CHECK_FALSE(sealed.opens(sealed.key, sealed.extent, &base, sealed.stored));
  CHECK_FALSE(sealed.opens(new_key(), sealed.extent, nullptr, sealed.stored));
  // Its place in the packs is not part of what it is.
  other = sealed.extent;
  other.pack_id = 9;
  other.pack_offset = 640;
  other.extent_id = 77;
  CHECK(sealed.opens(sealed.key, other, nullptr, sealed.stored));
}

TEST_CASE("sealed extents: any range is what it is in the whole") {
  const Sealed sealed{3 * kSealSegmentBytes + 17};
  SealedExtent extent{sealed.key, sealed.extent, nullptr, sealed.stored};
  REQUIRE(extent.size() == sealed.plain.size());
  const std::vector<std::uint64_t> places{0,
                                          1,
                                          kSealSegmentBytes - 1,
                                          kSealSegmentBytes,
                                          kSealSegmentBytes + 1,
                                          2 * kSealSegmentBytes + 500,
                                          3 * kSealSegmentBytes,
                                          sealed.plain.size() - 1,
                                          sealed.plain.size()};
  for (const std::uint64_t begin : places)
    for (const std::uint64_t end : places) {
      if (end < begin) continue;
      ByteBuffer part(end - begin);
      extent.open(begin, part);
      CHECK(std::equal(part.begin(), part.end(),
                       sealed.plain.begin() + static_cast<std::ptrdiff_t>(begin)));
    }
  ByteBuffer beyond(2);
  CHECK(fault_of([&] { extent.open(sealed.plain.size() - 1, beyond); }) == Fault::data);
  CHECK(fault_of([&] { extent.open(sealed.plain.size() + 1, {}); }) == Fault::data);
}

TEST_CASE("sealed extents: a range is opened although another segment is damaged") {
  const Sealed sealed{3 * kSealSegmentBytes};
  ByteBuffer changed = sealed.stored;
  changed[kSealSaltBytes + 10] ^= 1;
  SealedExtent extent{sealed.key, sealed.extent, nullptr, changed};
  ByteBuffer part(1000);
  extent.open(kSealSegmentBytes, part);
  CHECK(std::equal(part.begin(), part.end(), sealed.plain.begin() + kSealSegmentBytes));
  CHECK(fault_of([&] { extent.open(kSealSegmentBytes - 1, part); }) == Fault::data);
  const ByteView range = sealed_range(changed, kSealSegmentBytes + 5, 10);
  CHECK(range.size() == kSealSegmentBytes + crypto::kGcmTagBytes);
  CHECK(range.data() == changed.data() + kSealSaltBytes + range.size());
}

TEST_CASE("sealed extents: the same bytes are never sealed to the same") {
  const Sealed sealed{500};
  ExtentSealer again{sealed.key, sealed.extent, nullptr, pieces_of(sealed.plain, 500)};
  const ByteBuffer other = all_pieces(again);
  CHECK(other.size() == sealed.stored.size());
  CHECK_FALSE(std::equal(other.begin(), other.begin() + kSealSaltBytes, sealed.stored.begin()));
  CHECK_FALSE(std::equal(other.begin() + kSealSaltBytes, other.end(),
                         sealed.stored.begin() + kSealSaltBytes));
}

}  // namespace
}  // namespace hart::store
