#include "formats/gguf_endian.h"

#include <doctest/doctest.h>

#include <numeric>

#include "core/endian.h"
#include "core/error.h"
#include "formats/byte_order.h"

namespace hart::formats {
namespace {

using tensor::DType;

ByteBuffer counting_bytes(std::size_t size) {
  ByteBuffer bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

ByteBuffer swapped(DType dtype, ByteBuffer bytes) {
  swap_byte_order(dtype, bytes);
  return bytes;
}

TEST_CASE("byte_swapped: reverses the bytes of every width") {
  CHECK(byte_swapped<std::uint8_t>(0x12) == 0x12);
  CHECK(byte_swapped<std::int16_t>(0x0102) == 0x0201);
  CHECK(byte_swapped<std::uint32_t>(0x01020304) == 0x04030201);
  CHECK(byte_swapped<std::uint64_t>(0x0102030405060708) == 0x0807060504030201);
  const ByteBuffer bytes{0x3F, 0x80, 0, 0};
  CHECK(load_ordered<float>(bytes.data(), ByteOrder::big) == 1.0f);
}

TEST_CASE("swapped_fields: lie inside the block, in order and apart, for every type") {
  for (const tensor::DTypeInfo& info : tensor::dtypes()) {
    CAPTURE(info.name);
    std::vector<int> uses(info.block_bytes);
    std::uint32_t last = 0;
    for (const BlockField& field : swapped_fields(info.dtype)) {
      CHECK((field.width == 2 || field.width == 4 || field.width == 8));
      CHECK(field.count >= 1);
      CHECK(field.stride >= field.width);
      CHECK(field.offset >= last);
      last = field.offset;
      for (std::uint32_t i = 0; i < field.count; ++i)
        for (std::uint32_t byte = 0; byte < field.width; ++byte)
          uses.at(field.offset + i * field.stride + byte) += 1;
    }
    for (const int n : uses) CHECK(n <= 1);
  }
}

TEST_CASE("swap_byte_order: twice is the identity for every type") {
  for (const tensor::DTypeInfo& info : tensor::dtypes()) {
    CAPTURE(info.name);
    const ByteBuffer original = counting_bytes(std::size_t{info.block_bytes} * 3);
    const ByteBuffer once = swapped(info.dtype, original);
    CHECK(swapped(info.dtype, once) == original);
    CHECK((once == original) == swapped_fields(info.dtype).empty());
  }
}

TEST_CASE("swap_byte_order: types of single bytes stay as they are") {
  for (const DType dtype : {DType::i8, DType::u8, DType::boolean, DType::f8_e4m3,
                            DType::f8_e5m2, DType::mxfp4, DType::nvfp4})
    CHECK(swapped_fields(dtype).empty());
}

TEST_CASE("swap_byte_order: plain numbers are reversed one by one") {
  for (const auto& [dtype, width] : {std::pair{DType::f16, 2},
                                     {DType::bf16, 2},
                                     {DType::i16, 2},
                                     {DType::u16, 2},
                                     {DType::f32, 4},
                                     {DType::i32, 4},
                                     {DType::u32, 4},
                                     {DType::f64, 8},
                                     {DType::i64, 8},
                                     {DType::u64, 8}}) {
    CAPTURE(width);
    const ByteBuffer bytes = swapped(dtype, counting_bytes(24));
    for (int i = 0; i < 24; ++i) CHECK(bytes[i] == i / width * width + width - 1 - i % width);
  }
}

/// The offsets at which the first two of `blocks` equal blocks differ after swapping.
std::vector<std::size_t> moved_bytes(DType dtype) {
  const std::size_t size = tensor::dtype_info(dtype).block_bytes;
  ByteBuffer two = counting_bytes(size);
  append(two, counting_bytes(size));
  const ByteBuffer out = swapped(dtype, two);
  std::vector<std::size_t> moved;
  for (std::size_t i = 0; i < size; ++i) {
    CHECK(out[i] == out[size + i]);
    if (out[i] != two[i]) moved.push_back(i);
  }
  return moved;
}

std::vector<std::size_t> range(std::size_t begin, std::size_t end) {
  std::vector<std::size_t> values(end - begin);
  std::iota(values.begin(), values.end(), begin);
  return values;
}

TEST_CASE("swap_byte_order: the scales of each block type move, its codes do not") {
  for (const DType dtype : {DType::q4_0, DType::q8_0, DType::iq4_nl, DType::iq3_s, DType::iq2_s,
                            DType::q1_0, DType::q2_0}) {
    CAPTURE(static_cast<int>(dtype));
    CHECK(moved_bytes(dtype) == range(0, 2));
  }
  for (const DType dtype :
       {DType::q4_1, DType::q8_1, DType::q4_k, DType::q5_k, DType::iq4_xs}) {
    CAPTURE(static_cast<int>(dtype));
    CHECK(moved_bytes(dtype) == range(0, 4));
  }
  CHECK(moved_bytes(DType::q5_0) == range(0, 6));
  CHECK(moved_bytes(DType::q5_1) == range(0, 8));
  CHECK(moved_bytes(DType::q2_k) == range(80, 84));
  CHECK(moved_bytes(DType::q3_k) == range(108, 110));
  CHECK(moved_bytes(DType::q6_k) == range(208, 210));
  CHECK(moved_bytes(DType::tq1_0) == range(52, 54));
  CHECK(moved_bytes(DType::tq2_0) == range(64, 66));
  CHECK(moved_bytes(DType::iq2_xs) == range(0, 66));
  CHECK(moved_bytes(DType::iq1_m) == range(48, 56));
}

TEST_CASE("swap_byte_order: fields keep the width at which they are read") {
  // Q5_0: the scale as a 16-bit, the fifth bits as one 32-bit number.
  ByteBuffer q5_0 = swapped(DType::q5_0, counting_bytes(22));
  CHECK(ByteBuffer{q5_0.begin(), q5_0.begin() + 7} == ByteBuffer{1, 0, 5, 4, 3, 2, 6});
  // Q8_K: a 32-bit scale, then 16-bit sums after the codes.
  ByteBuffer q8_k = swapped(DType::q8_k, counting_bytes(292));
  CHECK(ByteBuffer{q8_k.begin(), q8_k.begin() + 5} == ByteBuffer{3, 2, 1, 0, 4});
  CHECK(ByteBuffer{q8_k.begin() + 259, q8_k.begin() + 264} == ByteBuffer{3, 5, 4, 7, 6});
  // IQ2_XXS: four grid indices a byte each, then their signs and scale in one 32-bit number.
  ByteBuffer iq2 = swapped(DType::iq2_xxs, counting_bytes(66));
  CHECK(ByteBuffer{iq2.begin(), iq2.begin() + 12} ==
        ByteBuffer{1, 0, 2, 3, 4, 5, 9, 8, 7, 6, 10, 11});
  // IQ3_XXS: 64 grid indices a byte each, then eight 32-bit numbers.
  ByteBuffer iq3 = swapped(DType::iq3_xxs, counting_bytes(98));
  CHECK(ByteBuffer{iq3.begin() + 65, iq3.begin() + 71} == ByteBuffer{65, 69, 68, 67, 66, 73});
  // IQ1_S: 16-bit high bits after the 32 low ones.
  ByteBuffer iq1 = swapped(DType::iq1_s, counting_bytes(50));
  CHECK(ByteBuffer{iq1.begin() + 33, iq1.begin() + 37} == ByteBuffer{33, 35, 34, 37});
}

TEST_CASE("swap_byte_order: refuses what is not whole blocks") {
  ByteBuffer bytes(19);
  CHECK_THROWS_AS(swap_byte_order(DType::q4_0, bytes), Error);
  CHECK_THROWS_AS(swap_byte_order(DType::f32, bytes), Error);
  ByteBuffer none;
  CHECK_NOTHROW(swap_byte_order(DType::q4_0, none));
}

}  // namespace
}  // namespace hart::formats
