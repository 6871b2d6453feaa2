#include "index/cell_kernels.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "index/cell_code.h"
#include "index/rotation.h"

namespace {

using namespace hart::index;

std::vector<float> normal_values(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

TEST_CASE("cell kernels: every instruction set scans a block to the same bits") {
  // 300 segments are more than one 16-bit sum holds.
  for (const std::size_t segments : {16U, 96U, 256U, 300U}) {
    std::mt19937_64 random{segments};
    std::vector<std::uint8_t> block(kBlockCodes + segments * 16);
    for (std::uint8_t& byte : block) byte = static_cast<std::uint8_t>(random());
    for (std::size_t v = 0; v < kCodesPerBlock; ++v) {
      const float factor = 0.01F * static_cast<float>(v);
      const float add = static_cast<float>(v) - 16;
      std::memcpy(block.data() + kBlockFactor + v * 4, &factor, 4);
      std::memcpy(block.data() + kBlockAdd + v * 4, &add, 4);
    }
    std::vector<std::uint8_t> table(segments * 16);
    for (std::uint8_t& byte : table) byte = 255;
    for (std::size_t i = 0; i < table.size(); i += 3)
      table[i] = static_cast<std::uint8_t>(random());
    const CodeQuery query{table.data(), segments, 0.37F, -11.5F};
    float expected[kCodesPerBlock];
    const auto bits = scalar_cell_kernels().scan(block.data(), query, 25, expected);
    CHECK(bits != 0);
    CHECK(bits != 0xffffffffU);
    for (const CellKernels& kernels : all_cell_kernels()) {
      CAPTURE(kernels.name);
      float found[kCodesPerBlock];
      CHECK(kernels.scan(block.data(), query, 25, found) == bits);
      CHECK(std::equal(found, found + kCodesPerBlock, expected));
    }
  }
}

TEST_CASE("cell kernels: tables, transforms and products have the same bits everywhere") {
  for (const std::size_t n : {8U, 64U, 256U, 1024U}) {
    const std::vector<float> values = normal_values(n, n);
    const std::vector<float> others = normal_values(n, n + 1);
    std::vector<std::uint8_t> table(n / 4 * 16);
    const float widest = scalar_cell_kernels().fill_table(values.data(), n / 4, table.data());
    std::vector<float> transformed = values;
    scalar_cell_kernels().hadamard(transformed.data(), n);
    for (const CellKernels& kernels : all_cell_kernels()) {
      CAPTURE(kernels.name);
      std::vector<std::uint8_t> other_table(table.size());
      CHECK(kernels.fill_table(values.data(), n / 4, other_table.data()) == widest);
      CHECK(other_table == table);
      std::vector<float> other = values;
      kernels.hadamard(other.data(), n);
      CHECK(other == transformed);
      for (const std::size_t part : {n, n - 1, n - 7, std::size_t{1}})
        CHECK(kernels.dot_f32(values.data(), others.data(), part) ==
              scalar_cell_kernels().dot_f32(values.data(), others.data(), part));
    }
  }
}

TEST_CASE("cell kernels: halves and bytes multiply to the same bits everywhere") {
  std::mt19937_64 random{5};
  for (const std::size_t n : {1U, 31U, 32U, 384U, 389U}) {
    const std::vector<float> query = normal_values(n, n);
    std::vector<std::uint16_t> halves(n);
    std::vector<std::int8_t> bytes(n);
    for (std::uint16_t& half : halves)
      half = static_cast<std::uint16_t>(0x3000U | (random() & 0x8fffU));
    for (std::int8_t& byte : bytes) byte = static_cast<std::int8_t>(random());
    for (const CellKernels& kernels : all_cell_kernels()) {
      CAPTURE(kernels.name);
      CHECK(kernels.dot_f16(halves.data(), query.data(), n) ==
            scalar_cell_kernels().dot_f16(halves.data(), query.data(), n));
      CHECK(kernels.dot_i8(bytes.data(), query.data(), n) ==
            scalar_cell_kernels().dot_i8(bytes.data(), query.data(), n));
    }
  }
}

TEST_CASE("rotation: keeps lengths and products, for whole and for overlapping parts") {
  for (const std::size_t dims : {1U, 3U, 64U, 100U, 384U, 512U, 700U}) {
    CAPTURE(dims);
    const RandomRotation rotation{dims, 9};
    const std::vector<float> a = normal_values(dims, 1);
    const std::vector<float> b = normal_values(dims, 2);
    std::vector<float> ra(rotation.padded());
    std::vector<float> rb(rotation.padded());
    rotation.apply(a, ra);
    rotation.apply(b, rb);
    double before = 0, after = 0, length = 0, rotated_length = 0;
    for (std::size_t i = 0; i < dims; ++i) {
      before += double{a[i]} * b[i];
      length += double{a[i]} * a[i];
    }
    for (std::size_t i = 0; i < ra.size(); ++i) {
      after += double{ra[i]} * rb[i];
      rotated_length += double{ra[i]} * ra[i];
    }
    CHECK(rotated_length == doctest::Approx(length).epsilon(1e-4));
    CHECK(after == doctest::Approx(before).epsilon(1e-3).scale(length));
  }
}

TEST_CASE("rotation: spreads a vector of one value over all axes") {
  const RandomRotation rotation{384, 3};
  std::vector<float> axis(384);
  axis[17] = 1;
  std::vector<float> rotated(rotation.padded());
  rotation.apply(axis, rotated);
  float largest = 0;
  for (const float value : rotated) largest = std::max(largest, std::fabs(value));
  CHECK(largest < 0.35F);
}

TEST_CASE("codes: estimates have no bias and err as much as they say") {
  constexpr std::size_t kDims = 128;
  const std::vector<float> mean = normal_values(kDims, 11);
  double sum = 0;
  double square = 0;
  constexpr std::size_t kPairs = 3200;
  for (std::size_t pair = 0; pair < kPairs; pair += kCodesPerBlock) {
    // Without bias over rotations; one alone leans a little.
    const RandomRotation rotation{kDims, pair};
    CodeMaker maker{rotation, mean};
    QueryTable table{rotation, mean};
    std::vector<std::uint8_t> bits(rotation.padded() / kDimsPerSegment);
    std::vector<std::uint8_t> block(code_block_bytes(rotation.padded()));
    std::vector<std::vector<float>> vectors;
    const std::vector<float> query = normal_values(kDims, 100 + pair);
    for (std::size_t slot = 0; slot < kCodesPerBlock; ++slot) {
      vectors.push_back(normal_values(kDims, 10'000 + pair + slot));
      put_code(block.data(), slot, maker.make(vectors.back(), 0, bits),
               static_cast<std::uint32_t>(slot), bits);
    }
    table.prepare(query);
    float estimates[kCodesPerBlock];
    const auto codes = table.code_query();
    cell_kernels().scan(block.data(), codes, 0, estimates);
    for (std::size_t slot = 0; slot < kCodesPerBlock; ++slot) {
      CHECK(block_position(block.data(), slot) == slot);
      double truth = 0;
      for (std::size_t i = 0; i < kDims; ++i) truth += double{query[i]} * vectors[slot][i];
      const double deviation =
          double{block_error(block.data(), slot)} * static_cast<double>(table.length());
      const double error = (double{estimates[slot]} + table.base() - truth) / deviation;
      sum += error;
      square += error * error;
    }
  }
  CHECK(std::fabs(sum / kPairs) < 0.06);
  // The lookup table's rounding adds a little.
  CHECK(std::sqrt(square / kPairs) == doctest::Approx(1).epsilon(0.15));
}

TEST_CASE("codes: the empty slots of a block are above no threshold") {
  const RandomRotation rotation{64, 1};
  const std::vector<float> mean(64);
  std::vector<std::uint8_t> bits(16);
  std::vector<std::uint8_t> block(code_block_bytes(64));
  put_code(block.data(), 0, CodeMaker{rotation, mean}.make(normal_values(64, 1), 0, bits), 7,
           bits);
  close_block(block.data(), 1);
  QueryTable table{rotation, mean};
  table.prepare(normal_values(64, 1));
  float estimates[kCodesPerBlock];
  CHECK(cell_kernels().scan(block.data(), table.code_query(), -1e30F, estimates) == 1);
}

}  // namespace
