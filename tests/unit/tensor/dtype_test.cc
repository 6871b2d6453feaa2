#include "tensor/dtype.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "core/error.h"

namespace hart::tensor {
namespace {

using Shape = std::vector<std::uint64_t>;

TEST_CASE("dtype: every type is found again by its name, and by its id when GGUF has one") {
  std::set<std::string_view> names;
  for (const DTypeInfo& info : dtypes()) {
    CAPTURE(info.name);
    CHECK(names.insert(info.name).second);
    CHECK(find_dtype(info.name) == info.dtype);
    const auto id = static_cast<std::uint32_t>(info.dtype);
    CHECK(find_dtype(id) == (id < 1000 ? std::optional{info.dtype} : std::nullopt));
    CHECK(dtype_info(info.dtype).block_bytes == info.block_bytes);
  }
  CHECK(names.size() == 42);
}

TEST_CASE("dtype: removed, private and SafeTensors-only ids are not GGUF types") {
  for (const std::uint32_t id :
       {4u, 5u, 31u, 33u, 36u, 38u, 43u, 97u, 399u, 1001u, 0xFFFFFFFFu})
    CHECK_FALSE(find_dtype(id).has_value());
  CHECK_FALSE(find_dtype("F32").has_value());
  CHECK_THROWS_AS(static_cast<void>(dtype_info(static_cast<DType>(4))), Error);
}

TEST_CASE("tensor_bytes: counts whole blocks of a row and multiplies the outer dimensions") {
  CHECK(tensor_bytes(DType::f32, Shape{}) == 4);
  CHECK(tensor_bytes(DType::f32, Shape{3, 5}) == 60);
  CHECK(tensor_bytes(DType::q8_0, Shape{64, 3}) == 2 * 34 * 3);
  CHECK(tensor_bytes(DType::q6_k, Shape{512, 2, 2}) == 2 * 210 * 4);
  CHECK(tensor_bytes(DType::f16, Shape{7, 0}) == 0);
}

TEST_CASE("tensor_bytes: refuses rows that end inside a block") {
  CHECK_THROWS_AS(static_cast<void>(tensor_bytes(DType::q4_0, Shape{33})), Error);
  CHECK_THROWS_AS(static_cast<void>(tensor_bytes(DType::q4_0, Shape{})), Error);
  CHECK_THROWS_AS(static_cast<void>(tensor_bytes(DType::q4_k, Shape{32, 8})), Error);
}

TEST_CASE("tensor_bytes: refuses products that wrap, also behind a zero") {
  const std::uint64_t big = 1ull << 62;
  CHECK(tensor_bytes(DType::u8, Shape{big, 2}) == big * 2);
  CHECK_THROWS_AS(static_cast<void>(tensor_bytes(DType::u8, Shape{big, 4})), Error);
  CHECK_THROWS_AS(static_cast<void>(tensor_bytes(DType::f32, Shape{big})), Error);
  CHECK_THROWS_AS(static_cast<void>(tensor_bytes(DType::u8, Shape{0, big, 4})), Error);
  // 2^42 + 1 squared wraps to a small positive stride.
  const std::uint64_t stride = (1ull << 42) + 1;
  CHECK_THROWS_AS(static_cast<void>(tensor_bytes(DType::f32, Shape{stride, stride})), Error);
}

TEST_CASE("describe_unknown_dtype: every id without a type is removed, private or unknown") {
  CHECK(describe_unknown_dtype(4) == "tensor type 4 (q4_2) was removed from the format");
  CHECK(describe_unknown_dtype(38) ==
        "tensor type 38 (iq4_nl_8_8) was removed from the format");
  CHECK(describe_unknown_dtype(96) == "unknown tensor type 96");
  CHECK(describe_unknown_dtype(97) == "tensor type 97 is a private id of a fork");
  CHECK(describe_unknown_dtype(399) == "tensor type 399 is a private id of a fork");
  CHECK(describe_unknown_dtype(400) == "unknown tensor type 400");
  // Up to the last type that has an id, whatever is missing was removed.
  for (std::uint32_t id = 0; id <= static_cast<std::uint32_t>(DType::q2_0); ++id) {
    CAPTURE(id);
    const bool removed = describe_unknown_dtype(id).find("removed") != std::string::npos;
    CHECK(removed != find_dtype(id).has_value());
  }
}

}  // namespace
}  // namespace hart::tensor
