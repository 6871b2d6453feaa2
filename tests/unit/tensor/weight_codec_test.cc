#include "tensor/weight_codec.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "tensor/weight_format.h"
#include "tensor/weight_kernels.h"
#include "weight_samples.h"

using namespace hart;
using namespace hart::tensor;

namespace {

/// Encodes alone, or against a base that is not empty.
ByteBuffer encoded(WeightEncoder& encoder, DType dtype, ByteView values, ByteView base,
                   WeightEffort effort = WeightEffort::fast, std::uint64_t first = 0,
                   std::uint64_t row = 100) {
  const ByteView coded = base.empty() ? encoder.encode(dtype, values, first, row, effort)
                                      : encoder.encode_delta(dtype, values, base, effort);
  return {coded.begin(), coded.end()};
}

ByteBuffer decoded(WeightDecoder& decoder, ByteView coded, ByteView base, std::size_t size) {
  ByteBuffer out(size, 0xa5);
  decoder.decode(coded, base, out);
  return out;
}

Fault fault_of(WeightDecoder& decoder, ByteView coded, ByteView base, std::size_t size) {
  try {
    decoded(decoder, coded, base, size);
  } catch (const Error& error) {
    return error.fault();
  }
  return Fault::usage;
}

double ratio(DType dtype, const ByteBuffer& values, const ByteBuffer& base, std::uint64_t row,
             WeightEffort effort = WeightEffort::fast) {
  WeightEncoder encoder;
  const auto coded = encoded(encoder, dtype, values, base, effort, 0, row);
  return double(coded.size()) / double(values.size());
}

}  // namespace

TEST_CASE("weight codec: bf16, f16 and f32 have one, other types have none") {
  for (const DTypeInfo& info : dtypes()) {
    const bool expected =
        info.dtype == DType::bf16 || info.dtype == DType::f16 || info.dtype == DType::f32;
    CHECK(has_weight_codec(info.dtype) == expected);
  }
}

TEST_CASE("weight codec: every bit pattern comes back, alone and against a base") {
  WeightEncoder encoder;
  WeightDecoder decoder;
  std::size_t coded_ones = 0;
  for (const DType dtype : kWeightTypes)
    for (const std::size_t n : {1, 2, 3, 31, 33, 1000, 4097, 65'537, 131'072, 200'003})
      for (const WeightSample& sample : edge_samples(dtype, n))
        for (const WeightEffort effort : {WeightEffort::fast, WeightEffort::best})
          for (const bool with_base : {false, true}) {
            CAPTURE(dtype_info(dtype).name);
            CAPTURE(n);
            CAPTURE(sample.name);
            CAPTURE(with_base);
            const ByteView base = with_base ? ByteView{sample.base} : ByteView{};
            const auto coded = encoded(encoder, dtype, sample.values, base, effort);
            if (coded.empty()) continue;
            ++coded_ones;
            REQUIRE(coded.size() <= sample.values.size() - sample.values.size() / 64);
            REQUIRE(decoded(decoder, coded, base, sample.values.size()) == sample.values);
          }
  CHECK(coded_ones > 300);
}

TEST_CASE("weight codec: all kernels write the same stream and read each other's") {
  for (const DType dtype : kWeightTypes)
    for (const std::size_t n : {33, 4097, 200'003})
      for (const WeightSample& sample : edge_samples(dtype, n))
        for (const bool with_base : {false, true}) {
          CAPTURE(dtype_info(dtype).name);
          CAPTURE(n);
          CAPTURE(sample.name);
          const ByteView base = with_base ? ByteView{sample.base} : ByteView{};
          WeightEncoder first{all_weight_kernels().front()};
          const auto expected = encoded(first, dtype, sample.values, base);
          for (const WeightKernels& kernels : all_weight_kernels()) {
            WeightEncoder encoder{kernels};
            REQUIRE(encoded(encoder, dtype, sample.values, base) == expected);
            WeightDecoder decoder{kernels};
            if (!expected.empty())
              REQUIRE(decoded(decoder, expected, base, sample.values.size()) == sample.values);
          }
        }
}

TEST_CASE("weight codec: a stream does not depend on what the encoder did before") {
  WeightEncoder used;
  for (const DType dtype : kWeightTypes)
    for (const WeightSample& sample : edge_samples(dtype, 150'000)) {
      WeightEncoder fresh;
      CHECK(encoded(used, dtype, sample.values, {}) ==
            encoded(fresh, dtype, sample.values, {}));
      CHECK(encoded(used, dtype, sample.values, sample.base) ==
            encoded(fresh, dtype, sample.values, sample.base));
    }
}

TEST_CASE("weight codec: input, base and output may lie at odd addresses") {
  WeightEncoder encoder;
  WeightDecoder decoder;
  for (const DType dtype : kWeightTypes) {
    const ByteBuffer base = normal_weights(dtype, 10'000, 100, 1);
    const ByteBuffer values = moved_weights(dtype, base, 0.5, 2);
    ByteBuffer odd_base(1), odd_values(1);
    append(odd_base, base);
    append(odd_values, values);
    const ByteView b = ByteView{odd_base}.subspan(1), v = ByteView{odd_values}.subspan(1);
    for (const ByteView with : {ByteView{}, b}) {
      ByteBuffer coded(1);
      append(coded, encoded(encoder, dtype, v, with));
      CHECK(ByteView{coded}.subspan(1).size() ==
            encoded(encoder, dtype, values, with.empty() ? ByteView{} : ByteView{base}).size());
      ByteBuffer out(values.size() + 2, 0x5a);
      decoder.decode(ByteView{coded}.subspan(1), with,
                     std::span{out}.subspan(1, values.size()));
      CHECK(std::memcmp(out.data() + 1, values.data(), values.size()) == 0);
      CHECK(out.front() == 0x5a);
      CHECK(out.back() == 0x5a);
    }
  }
}

TEST_CASE("weight codec: any range of a segment decodes to that part of it") {
  WeightEncoder encoder;
  WeightDecoder decoder;
  for (const DType dtype : kWeightTypes) {
    const std::size_t n = 700'000 / element_bytes(dtype);
    const ByteBuffer base = normal_weights(dtype, n, 300, 1);
    ByteBuffer values = moved_weights(dtype, base, 0.1, 2);
    // The second block equals the base.
    std::memcpy(&values[kWeightBlockBytes], &base[kWeightBlockBytes], kWeightBlockBytes);
    for (const bool with_base : {false, true}) {
      const ByteView b = with_base ? ByteView{base} : ByteView{};
      const auto coded = encoded(encoder, dtype, values, b, WeightEffort::fast, 77, 300);
      REQUIRE(!coded.empty());
      const std::size_t block = kWeightBlockBytes, size = values.size();
      const std::pair<std::size_t, std::size_t> ranges[] = {{0, 0},
                                                            {0, 1},
                                                            {size - 1, 1},
                                                            {size, 0},
                                                            {0, size},
                                                            {block, block},
                                                            {block - 1, 2},
                                                            {3, block},
                                                            {block + 5, 7},
                                                            {5, size - 9},
                                                            {2 * block, size - 2 * block}};
      for (const auto& [offset, length] : ranges) {
        CAPTURE(offset);
        CAPTURE(length);
        ByteBuffer out(length);
        decoder.decode_range(coded, b, offset, out);
        CHECK(std::equal(out.begin(), out.end(), values.begin() + std::ptrdiff_t(offset)));
      }
      ByteBuffer out(2);
      CHECK_THROWS_AS(decoder.decode_range(coded, b, size - 1, out), Error);
      CHECK_THROWS_AS(decoder.decode_range(coded, b, ~std::uint64_t{0}, out), Error);
    }
  }
}

TEST_CASE("weight codec: a range needs the payloads of its own blocks only") {
  WeightEncoder encoder;
  WeightDecoder decoder;
  const ByteBuffer values = normal_weights(DType::bf16, 300'000, 300, 1);
  auto coded = encoded(encoder, DType::bf16, values, {});
  for (std::size_t i = coded.size() - 1000; i < coded.size(); ++i) coded[i] ^= 0x55;
  ByteBuffer out(kWeightBlockBytes);
  decoder.decode_range(coded, {}, 0, out);
  CHECK(std::equal(out.begin(), out.end(), values.begin()));
  CHECK(fault_of(decoder, coded, {}, values.size()) == Fault::data);
}

TEST_CASE("weight codec: a stream cut anywhere is refused") {
  WeightEncoder encoder;
  WeightDecoder decoder;
  for (const DType dtype : kWeightTypes)
    for (const double share : {0.0, 0.1, 0.9}) {
      const ByteBuffer base = normal_weights(dtype, 900, 100, 1);
      const ByteBuffer values = moved_weights(dtype, base, share, 2);
      for (const bool with_base : {false, true}) {
        const ByteView b = with_base ? ByteView{base} : ByteView{};
        const auto coded = encoded(encoder, dtype, values, b);
        REQUIRE(!coded.empty());
        for (std::size_t size = 0; size < coded.size(); ++size) {
          CAPTURE(size);
          // A buffer of its own, so that a sanitizer sees any read beyond.
          const ByteBuffer cut(coded.begin(), coded.begin() + std::ptrdiff_t(size));
          REQUIRE(fault_of(decoder, cut, b, values.size()) == Fault::data);
        }
        ByteBuffer longer = coded;
        longer.push_back(0);
        CHECK(fault_of(decoder, longer, b, values.size()) == Fault::data);
      }
    }
}

TEST_CASE("weight codec: damage is refused or decodes to something, within bounds") {
  WeightEncoder encoder;
  WeightDecoder decoder;
  std::mt19937 random{1};
  std::size_t refused = 0;
  for (const DType dtype : kWeightTypes)
    for (const WeightSample& sample : edge_samples(dtype, 3000))
      for (const bool with_base : {false, true}) {
        const ByteView base = with_base ? ByteView{sample.base} : ByteView{};
        const auto coded = encoded(encoder, dtype, sample.values, base);
        if (coded.empty()) continue;
        for (int round = 0; round < 60; ++round) {
          ByteBuffer damaged = coded;
          // The header and the tables, or anywhere.
          const std::size_t reach =
              round % 2 == 0 ? std::min<std::size_t>(80, coded.size()) : coded.size();
          damaged[random() % reach] ^= std::uint8_t(1 + random() % 255);
          ByteBuffer out(sample.values.size() + 64, 0x77);
          try {
            decoder.decode(damaged, base, std::span{out}.first(sample.values.size()));
          } catch (const Error& error) {
            REQUIRE(error.fault() == Fault::data);
            ++refused;
          }
          for (std::size_t i = sample.values.size(); i < out.size(); ++i)
            REQUIRE(out[i] == 0x77);
        }
      }
  CHECK(refused > 1000);
}

TEST_CASE("weight codec: another size, a missing, unwanted or cut base are refused") {
  WeightEncoder encoder;
  WeightDecoder decoder;
  const ByteBuffer base = normal_weights(DType::bf16, 5000, 100, 1);
  const ByteBuffer values = moved_weights(DType::bf16, base, 0.5, 2);
  const auto alone = encoded(encoder, DType::bf16, values, {});
  const auto delta = encoded(encoder, DType::bf16, values, base);
  CHECK(fault_of(decoder, alone, {}, values.size() - 2) == Fault::data);
  CHECK(fault_of(decoder, alone, {}, values.size() + 2) == Fault::data);
  CHECK(fault_of(decoder, alone, {}, 0) == Fault::data);
  CHECK(fault_of(decoder, alone, base, values.size()) == Fault::data);
  CHECK(fault_of(decoder, delta, {}, values.size()) == Fault::data);
  CHECK(fault_of(decoder, delta, ByteView{base}.first(base.size() - 2), values.size()) ==
        Fault::data);
}

TEST_CASE("weight codec: a wrong base of the right size never gives the right weights") {
  WeightEncoder encoder;
  WeightDecoder decoder;
  for (const DType dtype : kWeightTypes) {
    const ByteBuffer base = normal_weights(dtype, 5000, 100, 1);
    const ByteBuffer wrong = normal_weights(dtype, 5000, 100, 2);
    for (const double share : {0.0, 0.1, 0.9}) {
      const ByteBuffer values = moved_weights(dtype, base, share, 3);
      const auto delta = encoded(encoder, dtype, values, base);
      ByteBuffer out(values.size());
      try {
        decoder.decode(delta, wrong, out);
        CHECK(out != values);
      } catch (const Error& error) {
        CHECK(error.fault() == Fault::data);
      }
    }
  }
}

TEST_CASE("weight codec: the encoder refuses types and sizes that it does not code") {
  WeightEncoder encoder;
  const ByteBuffer bytes(kWeightSegmentBytes + 4);
  const auto fault = [&](DType dtype, std::size_t size, std::size_t base_size) {
    try {
      (void)encoded(encoder, dtype, ByteView{bytes}.first(size),
                    ByteView{bytes}.first(base_size));
    } catch (const Error& error) {
      return error.fault();
    }
    return Fault::internal;
  };
  CHECK(fault(DType::q8_0, 34, 0) == Fault::usage);
  CHECK(fault(DType::bf16, 0, 0) == Fault::usage);
  CHECK(fault(DType::bf16, 3, 0) == Fault::usage);
  CHECK(fault(DType::f32, 6, 0) == Fault::usage);
  CHECK(fault(DType::bf16, kWeightSegmentBytes + 2, 0) == Fault::usage);
  CHECK(fault(DType::bf16, 4, 2) == Fault::usage);
  CHECK(fault(DType::bf16, kWeightSegmentBytes, 0) == Fault::internal);
  CHECK_THROWS_AS(
      (void)encoder.encode_delta(DType::bf16, ByteView{bytes}.first(2), {}, WeightEffort::fast),
      Error);
}

TEST_CASE("weight codec: random bits are not coded, weights take the known share") {
  const std::size_t n = 500'000;
  for (const DType dtype : kWeightTypes)
    CHECK(ratio(dtype, random_bytes(n * element_bytes(dtype), 1), {}, 100) == 0);
  // The entropy of normal weights with known scales is about .653, .842 and .827.
  CHECK(ratio(DType::bf16, normal_weights(DType::bf16, n, 1000, 1), {}, 1000) < 0.665);
  CHECK(ratio(DType::f16, normal_weights(DType::f16, n, 1000, 1), {}, 1000) < 0.855);
  CHECK(ratio(DType::f32, normal_weights(DType::f32, n, 1000, 1), {}, 1000) < 0.835);
}

TEST_CASE("weight codec: contexts follow the rows, wherever the segment begins") {
  const std::size_t n = 500'000, row = 700;
  const ByteBuffer values = normal_weights(DType::bf16, n, row, 1);
  const double followed = ratio(DType::bf16, values, {}, row);
  CHECK(ratio(DType::bf16, values, {}, 0) > followed * 1.005);
  WeightEncoder encoder;
  const ByteView tail = ByteView{values}.subspan(2 * 123);
  const auto in_phase = encoder.encode(DType::bf16, tail, 123, row, WeightEffort::fast).size();
  const auto off_phase = encoder.encode(DType::bf16, tail, 400, row, WeightEffort::fast).size();
  CHECK(double(off_phase) > double(in_phase) * 1.002);
}

TEST_CASE("weight codec: weights that once were shorter floats lose their empty bits") {
  const ByteBuffer halves = normal_weights(DType::bf16, 100'000, 500, 1);
  ByteBuffer wide(2 * halves.size());
  for (std::size_t i = 0; i < halves.size() / 2; ++i)
    std::memcpy(&wide[4 * i + 2], &halves[2 * i], 2);
  CHECK(ratio(DType::f32, wide, {}, 500) < 0.35);
  std::vector<float> values(100'000);
  ByteBuffer f16 = normal_weights(DType::f16, values.size(), 500, 1),
             from_f16(4 * values.size());
  dequantize_row(DType::f16, f16, values);
  quantize_row(DType::f32, values, from_f16);
  CHECK(ratio(DType::f32, from_f16, {}, 500) < 0.45);
}

TEST_CASE("weight codec: what repeats takes next to nothing") {
  for (const DType dtype : kWeightTypes) {
    const ByteBuffer normal = normal_weights(dtype, 300'000, 500, 1);
    CHECK(ratio(dtype, normal, normal, 500) < 0.001);
    CHECK(ratio(dtype, ByteBuffer(normal.size()), {}, 500) < 0.001);
    ByteBuffer repeated;
    for (int i = 0; i < 1000; ++i) append(repeated, ByteView{normal}.first(1000));
    CHECK(ratio(dtype, repeated, {}, 500) < 0.05);
  }
}

TEST_CASE("weight codec: best is never much larger than fast") {
  for (const DType dtype : kWeightTypes)
    for (const WeightSample& sample : edge_samples(dtype, 200'000)) {
      CAPTURE(sample.name);
      WeightEncoder encoder;
      const auto fast = encoded(encoder, dtype, sample.values, sample.base);
      const auto best = encoded(encoder, dtype, sample.values, sample.base, WeightEffort::best);
      if (!fast.empty()) CHECK(best.size() <= fast.size() + fast.size() / 20 + 64);
    }
}

TEST_CASE("weight codec: the estimate is within a tenth of the coded size") {
  WeightEncoder encoder;
  for (const DType dtype : kWeightTypes) {
    const std::size_t n = kWeightSegmentBytes / element_bytes(dtype);
    const ByteBuffer base = normal_weights(dtype, n, 1000, 1);
    const auto check = [&](const ByteBuffer& values, ByteView b) {
      const double coded =
          double(encoded(encoder, dtype, values, b, WeightEffort::fast, 0, 1000).size());
      const double estimate = double(encoder.estimate(dtype, values, b));
      CAPTURE(dtype_info(dtype).name);
      CHECK(estimate > coded * 0.9);
      CHECK(estimate < coded * 1.1);
    };
    check(base, {});
    for (const double share : {0.05, 0.2, 0.8})
      check(moved_weights(dtype, base, share, 2), base);
  }
}

TEST_CASE("weight codec: the estimate of an unrelated base is not below that of none") {
  WeightEncoder encoder;
  for (const DType dtype : kWeightTypes) {
    const ByteBuffer values = normal_weights(dtype, 200'000, 1000, 1);
    const ByteBuffer other = normal_weights(dtype, 200'000, 1000, 2);
    CHECK(encoder.estimate(dtype, values, other) > encoder.estimate(dtype, values, {}));
    CHECK(encoder.estimate(dtype, random_bytes(4000, 1), {}) <= 4000);
  }
}
