#include "atom/npy.h"

#include <doctest/doctest.h>

#include "atom/convert_model_source.h"
#include "convert_fixture.h"

namespace hart::atom {
namespace {

using tensor::DType;

TEST_CASE("npy: the header is a multiple of 64 bytes and lists the shape outermost first") {
  using Shape = std::vector<std::uint64_t>;
  const auto text = [](DType dtype, const Shape& shape) {
    const ByteBuffer header = npy_header(dtype, shape);
    CHECK(header.size() % 64 == 0);
    CHECK(header.back() == '\n');
    CHECK(as_text(ByteView{header}.first(8)) == std::string_view{"\x93NUMPY\x01\x00", 8});
    CHECK(load_le<std::uint16_t>(header.data() + 8) == header.size() - 10);
    const std::string all{as_text(ByteView{header}.subspan(10))};
    return all.substr(0, all.find('}') + 1);
  };
  CHECK(text(DType::f32, {3, 2}) ==
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
  CHECK(text(DType::i8, {7}) == "{'descr': '|i1', 'fortran_order': False, 'shape': (7,), }");
  CHECK(text(DType::f16, {}) == "{'descr': '<f2', 'fortran_order': False, 'shape': (), }");
  // As long a shape as makes the header exactly full, and one more.
  for (std::uint64_t rank = 1; rank < 40; ++rank)
    static_cast<void>(text(DType::u64, Shape(rank, 10)));
}

TEST_CASE("npy: types that NumPy has not become f32 of the same values") {
  const test::ScratchStore scratch{kCatalogOnly};
  store::Store store = scratch.open();
  for (const auto order : {formats::ByteOrder::little, formats::ByteOrder::big}) {
    const EveryType model{order};
    add(store, "m", model.file);
    const CatalogModel stored = catalog_model(store, "m");
    CHECK(byte_order_of(store, stored) == order);
    for (const CatalogTensor& tensor : stored.tensors) {
      CAPTURE(tensor.name);
      ByteBuffer file;
      write_npy(
          store, tensor, order, 1, [&](ByteView bytes) { append(file, bytes); },
          [](std::uint64_t) {});
      const DType dtype = npy_dtype(tensor.dtype);
      CHECK((dtype == tensor.dtype || dtype == DType::f32));
      const std::size_t begin = npy_header(dtype, tensor.shape).size();
      REQUIRE(file.size() == begin + tensor::tensor_bytes(dtype, tensor.shape));
      ByteBuffer expected = model.data.at(tensor.name);
      if (dtype != tensor.dtype) {
        std::vector<float> values(tensor.elements());
        tensor::dequantize_row(tensor.dtype, expected, values);
        expected.clear();
        for (const float value : values) append_le(expected, value);
      }
      CHECK(std::equal(expected.begin(), expected.end(),
                       file.begin() + static_cast<std::ptrdiff_t>(begin)));
    }
  }
}

}  // namespace
}  // namespace hart::atom
