#include "tensor/weight_kernels.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "core/endian.h"
#include "tensor/weight_rows.h"
#include "weight_samples.h"

using namespace hart;
using namespace hart::tensor;

namespace {

template <typename T> const DifferenceKernels<T>& of(const WeightKernels& kernels) {
  if constexpr (sizeof(T) == 2)
    return kernels.half;
  else
    return kernels.single;
}

/// Differences of which about `share` are not 0, of all magnitudes.
template <typename T> std::vector<T> mixed_differences(std::size_t n, double share) {
  std::mt19937 random{1};
  std::vector<T> z(n + kKernelSlack);
  for (std::size_t i = 0; i < n; ++i)
    if (random() % 1000 < share * 1000) z[i] = T(T(random()) >> (random() % (8 * sizeof(T))));
  return z;
}

template <typename T> T float_order(T bits) {
  const T sign = T(T(1) << (8 * sizeof(T) - 1));
  return (bits & sign) != 0 ? T(~bits) : T(bits | sign);
}

constexpr std::size_t kSizes[] = {0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 100, 4095, 4096};

}  // namespace

TEST_CASE_TEMPLATE("weight kernels: differences follow the order of floats and turn back", T,
                   std::uint16_t, std::uint32_t) {
  std::mt19937 random{1};
  for (const std::size_t n : kSizes)
    for (const WeightKernels& kernels : all_weight_kernels()) {
      ByteBuffer values = random_bytes(n * sizeof(T), 1), base = random_bytes(n * sizeof(T), 2);
      if (n > 7) std::fill_n(base.begin(), 4 * sizeof(T), std::uint8_t{0});
      std::vector<T> z(n + kKernelSlack);
      of<T>(kernels).differences(values.data(), base.data(), n, z.data());
      for (std::size_t i = 0; i < n; ++i) {
        const T d = T(float_order(load_le<T>(&values[i * sizeof(T)])) -
                      float_order(load_le<T>(&base[i * sizeof(T)])));
        const T zigzag = T(d >> (8 * sizeof(T) - 1)) != 0 ? T(T(~d) * 2 + 1) : T(d * 2);
        REQUIRE(z[i] == zigzag);
      }
      ByteBuffer out(values.size());
      of<T>(kernels).add_differences(z.data(), base.data(), n, out.data());
      CHECK(out == values);
    }
}

TEST_CASE_TEMPLATE(
    "weight kernels: contexts, symbols, gathering and scattering agree with the "
    "portable ones",
    T, std::uint16_t, std::uint32_t) {
  const auto& reference = of<T>(all_weight_kernels().front());
  for (const std::size_t n : kSizes)
    for (const double share : {0.0, 0.03, 0.5, 1.0})
      for (const WeightKernels& candidate : all_weight_kernels()) {
        CAPTURE(n);
        CAPTURE(candidate.name);
        const auto& kernels = of<T>(candidate);
        const ByteBuffer base = random_bytes(n * sizeof(T), 3);
        const ExponentRange range{130, 9, sizeof(T) == 2 ? std::uint8_t{7} : std::uint8_t{23},
                                  255};
        std::vector<std::uint8_t> expected_contexts(n + kKernelSlack),
            contexts(n + kKernelSlack);
        reference.contexts(base.data(), n, range, expected_contexts.data());
        kernels.contexts(base.data(), n, range, contexts.data());
        for (std::size_t i = 0; i < n; ++i) REQUIRE(contexts[i] == expected_contexts[i]);

        const std::vector<T> z = mixed_differences<T>(n, share);
        std::vector<std::uint8_t> symbols(n + kKernelSlack), flags(n + kKernelSlack);
        ByteBuffer raw(n * sizeof(T) + 16), expected_raw(raw.size());
        BitWriter bits{raw.data()}, expected_bits{expected_raw.data()};
        std::vector<std::uint8_t> expected_symbols(n + kKernelSlack);
        reference.to_symbols(z.data(), n, expected_symbols.data(), expected_bits);
        kernels.to_symbols(z.data(), n, symbols.data(), bits);
        for (std::size_t i = 0; i < n; ++i) REQUIRE(symbols[i] == expected_symbols[i]);
        CHECK(bits.fill == expected_bits.fill);
        CHECK(raw == expected_raw);
        BitReader reader{raw.data(), 0, 8 * std::uint64_t(bits.next - raw.data()) + bits.fill};
        std::vector<T> back(n + kKernelSlack);
        REQUIRE(kernels.from_symbols(symbols.data(), n, back.data(), reader));
        for (std::size_t i = 0; i < n; ++i) REQUIRE(back[i] == z[i]);

        std::vector<T> packed = z;
        std::vector<std::uint8_t> packed_contexts = contexts, again(n + kKernelSlack);
        const std::size_t kept =
            kernels.gather(packed.data(), packed_contexts.data(), n, flags.data());
        std::size_t expected_kept = 0;
        for (std::size_t i = 0; i < n; ++i) {
          REQUIRE(((flags[i / 4] >> (i % 4)) & 1) == (z[i] != 0));
          if (z[i] == 0) continue;
          REQUIRE(packed[expected_kept] == T(z[i] - 1));
          REQUIRE(packed_contexts[expected_kept++] == contexts[i]);
        }
        REQUIRE(kept == expected_kept);
        CHECK(candidate.gather_contexts(flags.data(), contexts.data(), n, again.data()) ==
              kept);
        for (std::size_t i = 0; i < kept; ++i) REQUIRE(again[i] == packed_contexts[i]);
        CHECK(kernels.scatter(flags.data(), packed.data(), n, back.data()) == kept);
        for (std::size_t i = 0; i < n; ++i) REQUIRE(back[i] == z[i]);
      }
}

TEST_CASE("weight kernels: symbols without their raw bits, and impossible ones, are refused") {
  for (const WeightKernels& kernels : all_weight_kernels()) {
    std::vector<std::uint8_t> symbols(100, 40);
    std::vector<std::uint16_t> half(200);
    std::vector<std::uint32_t> single(200);
    const ByteBuffer raw(1000);
    BitReader empty{raw.data(), 0, 7}, plenty{raw.data(), 0, 8 * 900};
    CHECK(!kernels.half.from_symbols(symbols.data(), 100, half.data(), empty));
    CHECK(kernels.half.from_symbols(symbols.data(), 100, half.data(), plenty));
    symbols[50] = 255;
    plenty.position = 0;
    CHECK(!kernels.half.from_symbols(symbols.data(), 100, half.data(), plenty));
    CHECK(!kernels.single.from_symbols(symbols.data(), 100, single.data(), plenty));
  }
}

TEST_CASE("weight kernels: split and join, pack and unpack, halve and unhalve turn back") {
  for (const WeightKernels& kernels : all_weight_kernels())
    for (const std::size_t n : {1, 7, 8, 100, 4096}) {
      const ByteBuffer bytes = random_bytes(4 * n, 5);
      std::vector<std::uint16_t> upper(n), lower(n), joined(n);
      const std::uint16_t any = kernels.halve(bytes.data(), n, upper.data(), lower.data());
      std::uint16_t expected_any = 0;
      for (const std::uint16_t x : lower) expected_any |= x;
      CHECK(any == expected_any);
      ByteBuffer whole(4 * n);
      kernels.unhalve(upper.data(), lower.data(), n, whole.data());
      CHECK(whole == bytes);

      std::vector<std::uint8_t> symbols(n), low(n + 8), packed(n + 8), unpacked(n + 8);
      kernels.split(upper.data(), n, {0, 0}, symbols.data(), low.data());
      kernels.join(symbols.data(), low.data(), n, {0, 0}, joined.data());
      CHECK(joined == upper);
      // With a mantissa bit, for values in a window of exponents, zeros among them.
      for (std::size_t i = 0; i < n; ++i)
        upper[i] = i % 9 == 0 ? upper[i] & 0x803f : (upper[i] & 0x9fff) | 0x2000;
      std::uint16_t least = 0, greatest = 0;
      kernels.range(upper.data(), n, 1, least, greatest);
      CHECK(least == (n == 1 ? 0xffff : least));
      CHECK(greatest < 256);
      const PlainSplit split{1, n == 1 ? std::uint16_t{0} : std::uint16_t(least - 1)};
      kernels.split(upper.data(), n, split, symbols.data(), low.data());
      const std::size_t stride = (n + 7) / 8;
      kernels.pack7(low.data(), stride, packed.data());
      kernels.unpack7(packed.data(), stride, unpacked.data());
      kernels.join(symbols.data(), unpacked.data(), n, split, joined.data());
      CHECK(joined == upper);
    }
}

TEST_CASE("row pieces: boundaries stand at every row and are 256 to 1024 elements apart") {
  for (const std::uint64_t row : {256u, 257u, 1000u, 1024u, 1025u, 4096u, 11'008u})
    for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{5}, 3 * row + 100}) {
      const RowPieces pieces = choose_row_pieces(first, row);
      std::uint64_t previous = 0;
      bool whole = false;  // the first piece may begin within a row
      for (std::uint64_t i = 0; i < 5 * row; i = previous) {
        const std::uint64_t next = pieces.next(i);
        REQUIRE(next > i);
        REQUIRE(next - i <= 1024);
        if (whole) REQUIRE(next - i >= 128);
        // No piece spans the begin of a row.
        REQUIRE((first + i) / row == (first + next - 1) / row);
        whole = true;
        previous = next;
      }
    }
}

TEST_CASE("row pieces: short rows share a piece, and a vector has pieces of its own") {
  const RowPieces shorts = choose_row_pieces(7, 64);
  CHECK(shorts.next(0) == 256 - 7);
  CHECK(shorts.next(256 - 7) == 512 - 7);
  CHECK(choose_row_pieces(0, 0).next(0) == 1024);
  CHECK(choose_row_pieces(0, 1).next(1024) == 2048);
  CHECK(choose_row_pieces(~std::uint64_t{0}, ~std::uint64_t{0}).next(0) <= 1024);
}

TEST_CASE("row classes: equal means share a class, and far ones do not") {
  std::vector<std::uint32_t> means;
  for (std::uint32_t i = 0; i < 400; ++i) means.push_back(i % 4 * 1000 + i % 3);
  std::vector<std::uint8_t> classes(means.size());
  const std::size_t count = classify_rows(means, 32, classes.data());
  CHECK(count == 32);
  for (std::size_t i = 0; i < means.size(); ++i) {
    REQUIRE(classes[i] < count);
    for (std::size_t k = 0; k < i; ++k) {
      if (means[i] == means[k]) REQUIRE(classes[i] == classes[k]);
      if (means[i] / 1000 != means[k] / 1000) REQUIRE(classes[i] != classes[k]);
    }
  }
  CHECK(classify_rows(std::span{means}.first(7), 32, classes.data()) == 1);
}
