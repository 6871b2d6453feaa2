#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "core/error.h"
#include "tensor/rans.h"
#include "tensor/weight_kernels.h"

using namespace hart;
using namespace hart::tensor;

namespace {

RansCounts geometric_counts(int symbols, std::uint32_t first) {
  RansCounts counts{};
  for (int s = 0; s < symbols; ++s) counts[std::size_t(s)] = std::max(1u, first >> s);
  return counts;
}

/// Contexts of very different shapes: lone, none, flat, steep, all 256 with one dominant.
RansTables mixed_tables() {
  RansTables tables;
  RansCounts lone{}, dominant{}, flat{};
  lone[7] = 1'000'000;
  dominant.fill(1);
  dominant[200] = 4'000'000'000u;
  flat.fill(3);
  for (const RansCounts& counts :
       {lone, RansCounts{}, flat, geometric_counts(20, 1 << 19), dominant})
    tables.add(counts);
  return tables;
}

std::uint32_t sum(const RansTables& tables, std::size_t context) {
  std::uint32_t total = 0;
  for (std::size_t s = 0; s < 256; ++s) total += tables.frequency(context, s);
  return total;
}

}  // namespace

TEST_CASE("rans tables: frequencies sum to the total and every counted symbol has one") {
  const RansTables tables = mixed_tables();
  for (std::size_t c = 0; c < tables.contexts(); ++c) {
    CHECK(sum(tables, c) == kRansTotal);
    for (std::size_t s = 0; s < 256; ++s) CHECK(tables.frequency(c, s) < kRansTotal);
  }
  CHECK(tables.frequency(0, 7) == kRansTotal - 1);
  for (std::size_t s = 0; s < 256; ++s) {
    CHECK(tables.frequency(2, s) > 0);
    CHECK(tables.frequency(4, s) > 0);
  }
}

TEST_CASE("rans tables: what was stored loads as the same frequencies") {
  const RansTables tables = mixed_tables();
  ByteBuffer stored;
  tables.store(stored);
  RansTables loaded;
  loaded.load(stored, tables.contexts());
  for (std::size_t c = 0; c < tables.contexts(); ++c)
    for (std::size_t s = 0; s < 256; ++s)
      REQUIRE(loaded.frequency(c, s) == tables.frequency(c, s));
}

TEST_CASE("rans tables: cut or longer tables are refused") {
  const RansTables tables = mixed_tables();
  ByteBuffer stored;
  tables.store(stored);
  RansTables loaded;
  for (std::size_t size = 0; size < stored.size(); ++size)
    REQUIRE_THROWS_AS(loaded.load(ByteView{stored}.first(size), tables.contexts()), Error);
  stored.push_back(0);
  CHECK_THROWS_AS(loaded.load(stored, tables.contexts()), Error);
}

TEST_CASE("rans tables: random bytes never load as a table that does not sum up") {
  std::mt19937 random{1};
  std::size_t loaded_ones = 0;
  for (int round = 0; round < 20'000; ++round) {
    ByteBuffer bytes(3 + random() % 40);
    for (std::uint8_t& byte : bytes) byte = std::uint8_t(random());
    bytes[1] &= 15;  // a short table, or nearly all would end early
    RansTables tables;
    try {
      tables.load(bytes, 1);
    } catch (const Error& error) {
      REQUIRE(error.fault() == Fault::data);
      continue;
    }
    ++loaded_ones;
    REQUIRE(sum(tables, 0) == kRansTotal);
  }
  CHECK(loaded_ones > 0);
}

TEST_CASE("rans: every kernel writes the same words and reads them back") {
  RansTables tables = mixed_tables();
  std::mt19937 random{2};
  for (const std::size_t n : {0, 1, 31, 32, 33, 63, 64, 1000, 4096, 70'001}) {
    std::vector<std::uint8_t> contexts(n + kKernelSlack), symbols(n + kKernelSlack);
    for (std::size_t i = 0; i < n; ++i) {
      contexts[i] = std::uint8_t(random() % tables.contexts());
      do symbols[i] = std::uint8_t(random() % 3 == 0 ? random() : random() % 8);
      while (tables.frequency(contexts[i], symbols[i]) == 0);
    }
    ByteBuffer expected;
    for (const WeightKernels& kernels : all_weight_kernels()) {
      CAPTURE(kernels.name);
      CAPTURE(n);
      ByteBuffer words(2 * n + 16), coded;
      RansWriter writer;
      rans_start(writer, words.data() + words.size());
      kernels.rans_encode(tables.encoder(), contexts.data(), symbols.data(), n, writer);
      rans_finish(writer, words.data() + words.size(), coded);
      if (expected.empty()) expected = coded;
      REQUIRE(coded == expected);

      RansReader reader;
      rans_start(reader, coded);
      std::vector<std::uint8_t> out(n + kKernelSlack);
      REQUIRE(kernels.rans_decode(tables.decoder(), contexts.data(), out.data(), n, reader));
      rans_finish(reader);
      REQUIRE(std::equal(out.begin(), out.begin() + std::ptrdiff_t(n), symbols.begin()));
    }
  }
}

TEST_CASE("rans: the coded size is within 2 % of the entropy") {
  RansTables tables;
  const RansCounts counts = geometric_counts(20, 1 << 16);
  tables.add(counts);
  std::discrete_distribution<int> draw(counts.begin(), counts.end());
  std::mt19937 random{3};
  const std::size_t n = 100'000;
  std::vector<std::uint8_t> contexts(n), symbols(n);
  for (std::uint8_t& symbol : symbols) symbol = std::uint8_t(draw(random));
  double total = 0, bits = 0;
  for (const std::uint32_t count : counts) total += count;
  for (const std::uint8_t symbol : symbols) bits -= std::log2(counts[symbol] / total);
  ByteBuffer words(2 * n + 16), coded;
  RansWriter writer;
  rans_start(writer, words.data() + words.size());
  weight_kernels().rans_encode(tables.encoder(), contexts.data(), symbols.data(), n, writer);
  rans_finish(writer, words.data() + words.size(), coded);
  CHECK(double(coded.size()) < 1.02 * bits / 8 + kRansStateBytes);
}

TEST_CASE("rans: states that do not close, and words left over, are refused") {
  RansTables tables = mixed_tables();
  const std::vector<std::uint8_t> contexts(200, 3), symbols(200, 1);
  ByteBuffer words(1000), coded;
  RansWriter writer;
  rans_start(writer, words.data() + words.size());
  weight_kernels().rans_encode(tables.encoder(), contexts.data(), symbols.data(), 200, writer);
  rans_finish(writer, words.data() + words.size(), coded);
  const auto refused = [&](ByteView bytes) {
    try {
      RansReader reader;
      rans_start(reader, bytes);
      std::vector<std::uint8_t> out(264);
      if (!weight_kernels().rans_decode(tables.decoder(), contexts.data(), out.data(), 200,
                                        reader))
        return true;
      rans_finish(reader);
    } catch (const Error&) {
      return true;
    }
    return false;
  };
  CHECK(!refused(coded));
  for (std::size_t size = 0; size < coded.size(); ++size)
    REQUIRE(refused(ByteView{coded}.first(size)));
  coded.push_back(0);
  coded.push_back(0);
  CHECK(refused(coded));
}
