#include "tensor/interleave.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "tensor/dot.h"
#include "tensor/gemm_samples.h"

namespace hart::tensor {
namespace {

TEST_CASE("interleave: keeps every byte, and the inverse gives the rows back") {
  for (const DType dtype : kLevelTypes) {
    if (!has_interleaved(dtype)) continue;
    CAPTURE(dtype_info(dtype).name);
    for (const std::size_t rows : {0u, 1u, 15u, 16u, 17u, 35u, 64u}) {
      CAPTURE(rows);
      const std::size_t row_bytes = 3 * dtype_info(dtype).block_bytes;
      const auto bytes = random_blocks(dtype, rows, 3 * level_layout(dtype).block_elements, 1);
      std::vector<std::uint8_t> interleaved(bytes.size()), back(bytes.size());
      interleave_rows(dtype, row_bytes, bytes, interleaved);
      deinterleave_rows(dtype, row_bytes, interleaved, back);
      CHECK(back == bytes);
      CHECK((interleaved == bytes) == (rows < 16));
      std::vector<std::uint8_t> row(row_bytes);
      for (std::size_t i = 0; i < rows; ++i) {
        extract_row(dtype, row_bytes, interleaved, i, row);
        CHECK(std::equal(row.begin(), row.end(),
                         bytes.begin() + static_cast<std::ptrdiff_t>(i * row_bytes)));
      }
    }
  }
}

TEST_CASE("interleave: scales and words of levels of sixteen rows alternate") {
  // Sixteen rows of one q4_0 block; the bytes of row r are r × 16 + their place.
  std::vector<std::uint8_t> rows(16 * 18), out(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = static_cast<std::uint8_t>(i / 18 * 16 + i % 18);
  interleave_rows(DType::q4_0, 18, rows, out);
  CHECK(out[0] == 0);
  CHECK(out[1] == 1);
  CHECK(out[2] == 16);  // the scale of row 1
  CHECK(out[31] == 15 * 16 + 1);
  CHECK(out[32] == 2);  // the first word of row 0
  CHECK(out[35] == 5);
  CHECK(out[36] == 16 + 2);      // that of row 1
  CHECK(out[32 + 64] == 2 + 4);  // the second word of row 0
}

TEST_CASE("interleave: refuses other types and sizes that are not whole rows") {
  std::vector<std::uint8_t> bytes(2 * 34), out(2 * 34), row(34);
  CHECK_NOTHROW(interleave_rows(DType::q8_0, 34, bytes, out));
  CHECK_THROWS_AS(interleave_rows(DType::q5_0, 22, bytes, out), Error);
  CHECK_THROWS_AS(interleave_rows(DType::q8_0, 33, bytes, out), Error);
  CHECK_THROWS_AS(interleave_rows(DType::q8_0, 0, bytes, out), Error);
  CHECK_THROWS_AS(interleave_rows(DType::q8_0, 68 + 34, bytes, out), Error);
  CHECK_THROWS_AS(deinterleave_rows(DType::q8_0, 34, bytes, row), Error);
  CHECK_THROWS_AS(extract_row(DType::q8_0, 34, bytes, 2, row), Error);
  CHECK_THROWS_AS(extract_row(DType::q8_0, 34, bytes, 1, out), Error);
}

TEST_CASE("interleave: a product refuses interleaved rows of a type that has none") {
  const auto bytes = random_blocks(DType::q5_0, 16, 32, 2);
  std::vector<float> x(32), y(16);
  const WeightMatrix w{{DType::q5_0, {32, 16}, bytes}, RowLayout::interleaved16};
  CHECK_THROWS_AS(matvec(w, x, y, 1), Error);
}

}  // namespace
}  // namespace hart::tensor
