#include "atom/chunker.h"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>

using namespace hart;
using namespace hart::atom;

namespace {

ByteBuffer random_bytes(std::size_t size, unsigned seed) {
  std::mt19937_64 random{seed};
  ByteBuffer bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

std::vector<std::string> chunks_of(ByteView bytes) {
  std::vector<std::string> chunks;
  while (!bytes.empty()) {
    const std::size_t length = chunk_length(bytes);
    chunks.emplace_back(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    bytes = bytes.subspan(length);
  }
  return chunks;
}

}  // namespace

TEST_CASE("chunks keep to their limits and average near the target") {
  const ByteBuffer bytes = random_bytes(std::size_t{8} << 20, 1);
  const auto chunks = chunks_of(bytes);
  for (std::size_t i = 0; i + 1 < chunks.size(); ++i) {
    CHECK(chunks[i].size() >= kSmallestChunk);
    CHECK(chunks[i].size() <= kLargestChunk);
  }
  const std::size_t average = bytes.size() / chunks.size();
  CHECK(average > kTargetChunk / 2);
  CHECK(average < kLargestChunk);
}

TEST_CASE("an insertion changes only the chunks around it") {
  const ByteBuffer before = random_bytes(std::size_t{4} << 20, 2);
  ByteBuffer after = before;
  const ByteBuffer inserted = random_bytes(1000, 3);
  after.insert(after.begin() + 2'000'000, inserted.begin(), inserted.end());
  const auto old_chunks = chunks_of(before);
  const std::set<std::string> known{old_chunks.begin(), old_chunks.end()};
  std::size_t fresh = 0;
  for (const std::string& chunk : chunks_of(after)) fresh += known.contains(chunk) ? 0 : 1;
  CHECK(fresh <= 4);
}

TEST_CASE("few or equal bytes are cut by the limits alone") {
  CHECK(chunk_length({}) == 0);
  CHECK(chunk_length(ByteBuffer(5)) == 5);
  CHECK(chunk_length(ByteBuffer(kSmallestChunk)) == kSmallestChunk);
  const ByteBuffer same(kLargestChunk * 2, 7);
  CHECK(chunk_length(same) == chunk_length(same));
  CHECK(chunk_length(same) <= kLargestChunk);
}

TEST_CASE("bytes beyond the largest chunk play no part") {
  ByteBuffer bytes = random_bytes(kLargestChunk * 2, 5);
  const std::size_t length = chunk_length(bytes);
  bytes.resize(kLargestChunk);
  CHECK(chunk_length(bytes) == length);
}
