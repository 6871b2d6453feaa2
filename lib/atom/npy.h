#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "atom/model_catalog.h"
#include "formats/byte_order.h"
#include "formats/payload_writer.h"
#include "store/store.h"

namespace hart::atom {

/// The type that a tensor of `dtype` has as a NumPy array: its own or, where NumPy has none, as
/// for bf16, the 8-bit floats and all block types, f32, which holds their values exactly.
[[nodiscard]] tensor::DType npy_dtype(tensor::DType dtype) noexcept;

/// The beginning of a .npy file, version 1.0: magic, the type, C order, the shape, padded to a
/// multiple of 64 bytes. The array's bytes follow. `dtype` is one that npy_dtype gives, in
/// little-endian order; `shape` has the innermost dimension first, which NumPy counts last.
/// Source: the description in numpy.lib.format.
[[nodiscard]] ByteBuffer npy_header(tensor::DType dtype, std::span<const std::uint64_t> shape);

/// Gives the whole .npy file of a stored tensor to `sink`, in order. `order` is that of the
/// stored numbers. Throws Error(data) at the end when the source is damaged: what the sink got
/// must not be believed then.
void write_npy(store::Store& store, const CatalogTensor& tensor, formats::ByteOrder order,
               unsigned threads, const formats::ByteSink& sink,
               const std::function<void(std::uint64_t bytes)>& progress);

}  // namespace hart::atom
