#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "float_samples.h"
#include "tensor/convert.h"

namespace hart::tensor {
namespace {

ByteBuffer read_fixture(const std::string& name) {
  std::ifstream in{std::string{HART_TEST_DATA "/quant/"} + name, std::ios::binary};
  REQUIRE_MESSAGE(in, name);
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The fixtures of tests/data/quant, whose README says what computed them.
struct Fixtures {
  ByteBuffer data = read_fixture("fixtures.bin");
  Json index;

  Fixtures() {
    const ByteBuffer text = read_fixture("fixtures.json");
    index = Json::parse(text.begin(), text.end());
  }

  [[nodiscard]] ByteView bytes(const Json& entry) const {
    return ByteView{data}.subspan(entry.at("bytes_at").get<std::size_t>(),
                                  entry.at("bytes").get<std::size_t>());
  }
  [[nodiscard]] std::vector<float> floats(std::size_t at, std::size_t count) const {
    std::vector<float> values(count);
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(at), 4 * count,
                reinterpret_cast<std::uint8_t*>(values.data()));
    return values;
  }
};

DType dtype_of(const Json& entry) {
  const auto dtype = find_dtype(entry.at("dtype").get<std::string>());
  REQUIRE(dtype.has_value());
  return *dtype;
}

/// FNV-1a, 64 bits, of the values' bytes.
std::string digest_of(std::span<const float> values) {
  std::uint64_t digest = 0xCBF29CE484222325;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
  for (std::size_t i = 0; i < values.size_bytes(); ++i)
    digest = (digest ^ bytes[i]) * 0x100000001B3;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(digest));
  return text;
}

std::size_t first_difference(std::span<const float> a, std::span<const float> b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i])) return i;
  return a.size();
}

TEST_CASE("dequantize_row: every block type has the values of independent implementations") {
  const Fixtures fixtures;
  std::set<DType> seen;
  for (const Json& entry : fixtures.index.at("decode")) {
    const DType dtype = dtype_of(entry);
    seen.insert(dtype);
    CAPTURE(dtype_info(dtype).name);
    std::vector<float> values(entry.at("elements").get<std::size_t>());
    dequantize_row(dtype, fixtures.bytes(entry), values);
    if (entry.contains("values_fnv1a")) {
      CHECK(digest_of(values) == entry.at("values_fnv1a").get<std::string>());
      continue;
    }
    const auto expected =
        fixtures.floats(entry.at("values_at").get<std::size_t>(), values.size());
    CHECK(first_difference(values, expected) == values.size());
  }
  for (const DTypeInfo& info : dtypes()) {
    CAPTURE(info.name);
    CHECK((info.block_elements == 1 || seen.contains(info.dtype)));
  }
}

TEST_CASE("quantize_row: every block type has the bytes of ggml's own quantisers") {
  const Fixtures fixtures;
  std::set<DType> seen;
  for (const Json& entry : fixtures.index.at("encode")) {
    const DType dtype = dtype_of(entry);
    seen.insert(dtype);
    const bool weighted = entry.contains("importance_at");
    const auto row = entry.at("row").get<std::size_t>();
    const auto elements = entry.at("elements").get<std::size_t>();
    const auto values = fixtures.floats(entry.at("values_at").get<std::size_t>(), elements);
    const auto importance =
        weighted ? fixtures.floats(entry.at("importance_at").get<std::size_t>(), row)
                 : std::vector<float>{};
    const ByteView expected = fixtures.bytes(entry);
    const std::size_t row_bytes = expected.size() / (elements / row);
    for (std::size_t i = 0; i < elements / row; ++i) {
      CAPTURE(dtype_info(dtype).name);
      CAPTURE(weighted);
      CAPTURE(i);
      ByteBuffer bytes(row_bytes, 0xAA);
      quantize_row(dtype, std::span{values}.subspan(i * row, row), bytes, importance);
      const ByteView want = expected.subspan(i * row_bytes, row_bytes);
      const auto differ = std::mismatch(bytes.begin(), bytes.end(), want.begin()).first;
      CHECK(differ - bytes.begin() == static_cast<std::ptrdiff_t>(row_bytes));
    }
  }
  for (const DTypeInfo& info : dtypes()) {
    CAPTURE(info.name);
    if (info.block_elements > 1) CHECK(seen.contains(info.dtype) == can_quantize(info.dtype));
  }
}

TEST_CASE("dequantize_row: any bytes decode, each block by itself and at any alignment") {
  std::mt19937 random{5};
  constexpr std::size_t n = 9;
  for (const DTypeInfo& info : dtypes()) {
    CAPTURE(info.name);
    ByteBuffer bytes(n * info.block_bytes + 1);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const ByteView blocks = ByteView{bytes}.subspan(1);
    std::vector<float> together(n * info.block_elements), alone(together.size());
    dequantize_row(info.dtype, blocks, together);
    for (std::size_t i = 0; i < n; ++i) {
      const ByteView block = blocks.subspan(i * info.block_bytes, info.block_bytes);
      const ByteBuffer aligned{block.begin(), block.end()};
      dequantize_row(info.dtype, aligned,
                     std::span{alone}.subspan(i * info.block_elements, info.block_elements));
    }
    CHECK(first_difference(together, alone) == together.size());
  }
}

/// Types that quantize_row writes in blocks.
std::vector<DTypeInfo> block_targets() {
  std::vector<DTypeInfo> targets;
  for (const DTypeInfo& info : dtypes())
    if (info.block_elements > 1 && can_quantize(info.dtype)) targets.push_back(info);
  return targets;
}

TEST_CASE("quantize_row: a NaN counts as 0, alone and among others") {
  std::vector<float> zeros = normal_floats(256, 7);
  std::vector<float> nans = zeros;
  for (const std::size_t i : {0, 77, 255}) {
    zeros[i] = 0;
    nans[i] = i == 77 ? -std::nanf("7") : std::nanf("");
  }
  for (const DTypeInfo& info : block_targets()) {
    CAPTURE(info.name);
    ByteBuffer expected(256 / info.block_elements * info.block_bytes);
    ByteBuffer bytes(expected.size());
    quantize_row(info.dtype, zeros, expected);
    quantize_row(info.dtype, nans, bytes);
    CHECK(bytes == expected);
  }
}

TEST_CASE("quantize_row: infinities and the ends of the range leave the next block alone") {
  const float infinity = std::numeric_limits<float>::infinity();
  const float largest = std::numeric_limits<float>::max();
  const float least = std::numeric_limits<float>::denorm_min();
  for (const float extreme : {infinity, -infinity, largest, -largest, least, -least}) {
    CAPTURE(extreme);
    for (const DTypeInfo& info : block_targets()) {
      CAPTURE(info.name);
      std::vector<float> values = normal_floats(2 * info.block_elements, 7);
      ByteBuffer expected(2 * info.block_bytes);
      quantize_row(info.dtype, values, expected);
      std::fill_n(values.begin() + 1, info.block_elements - 1, extreme);
      ByteBuffer bytes(2 * info.block_bytes);
      quantize_row(info.dtype, values, bytes);
      const auto second = static_cast<std::ptrdiff_t>(info.block_bytes);
      CHECK(std::equal(bytes.begin() + second, bytes.end(), expected.begin() + second));
    }
  }
}

TEST_CASE("quantize_row: the importance must have a weight for every element") {
  const std::vector<float> values = normal_floats(256, 7);
  const std::vector<float> importance(255, 1.0f);
  ByteBuffer bytes(dtype_info(DType::q4_k).block_bytes);
  CHECK_THROWS_AS(quantize_row(DType::q4_k, values, bytes, importance), Error);
}

TEST_CASE("quantize_row: importance lowers the weighted error of the types that use it") {
  const std::vector<float> values = normal_floats(4096, 7);
  std::vector<float> importance(values.size());
  for (std::size_t i = 0; i < importance.size(); ++i)
    importance[i] = i % 4 == 0 ? 100.0f : 1.0f;
  const auto error_of = [&](DType dtype, std::span<const float> weights) {
    const DTypeInfo& info = dtype_info(dtype);
    ByteBuffer bytes(values.size() / info.block_elements * info.block_bytes);
    quantize_row(dtype, values, bytes, weights);
    std::vector<float> back(values.size());
    dequantize_row(dtype, bytes, back);
    double error = 0;
    for (std::size_t i = 0; i < back.size(); ++i)
      error += importance[i] * std::pow(double{values[i]} - back[i], 2);
    return error;
  };
  for (const DType dtype :
       {DType::q2_k, DType::q3_k, DType::q4_k, DType::q5_k, DType::q6_k, DType::iq4_nl}) {
    CAPTURE(dtype_info(dtype).name);
    CHECK(error_of(dtype, importance) < error_of(dtype, {}));
  }
}

}  // namespace
}  // namespace hart::tensor
