#include "atom/npy.h"

#include <string>

#include "atom/convert_model_tensor.h"
#include "core/endian.h"

namespace hart::atom {
namespace {

using tensor::DType;

/// NumPy's name of a type; empty where it has none.
std::string_view descr(DType dtype) noexcept {
  switch (dtype) {
    case DType::f16:
      return "<f2";
    case DType::f32:
      return "<f4";
    case DType::f64:
      return "<f8";
    case DType::i8:
      return "|i1";
    case DType::i16:
      return "<i2";
    case DType::i32:
      return "<i4";
    case DType::i64:
      return "<i8";
    case DType::boolean:
      return "|b1";
    case DType::u8:
      return "|u1";
    case DType::u16:
      return "<u2";
    case DType::u32:
      return "<u4";
    case DType::u64:
      return "<u8";
    default:
      return {};
  }
}

}  // namespace

DType npy_dtype(DType dtype) noexcept {
  return descr(dtype).empty() ? DType::f32 : dtype;
}

ByteBuffer npy_header(DType dtype, std::span<const std::uint64_t> shape) {
  constexpr std::size_t kAlignment = 64;
  constexpr std::string_view kMagic{"\x93NUMPY\x01\x00", 8};
  std::string text = "{'descr': '" + std::string{descr(npy_dtype(dtype))} +
                     "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = shape.size(); i-- > 0;) text += std::to_string(shape[i]) + ", ";
  // A tuple of one needs its comma; longer ones go without.
  if (shape.size() > 1) text.resize(text.size() - 2);
  if (shape.size() == 1) text.pop_back();
  text += "), }";
  const std::size_t used = kMagic.size() + sizeof(std::uint16_t) + text.size() + 1;
  text.append((kAlignment - used % kAlignment) % kAlignment, ' ');
  text += '\n';
  ByteBuffer header;
  append(header, as_bytes(kMagic));
  append_le(header, static_cast<std::uint16_t>(text.size()));
  append(header, as_bytes(text));
  return header;
}

void write_npy(store::Store& store, const CatalogTensor& tensor, formats::ByteOrder order,
               unsigned threads, const formats::ByteSink& sink,
               const std::function<void(std::uint64_t bytes)>& progress) {
  ConvertedTensor array;
  array.name = tensor.name;
  array.dtype = npy_dtype(tensor.dtype);
  array.shape = tensor.shape;
  array.source = &tensor;
  array.swaps_bytes = order == formats::ByteOrder::big;
  sink(npy_header(array.dtype, array.shape));
  static_cast<void>(write_tensor(store, array, threads, sink, progress));
}

}  // namespace hart::atom
