#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "formats/payload_writer.h"
#include "tensor/dtype.h"

namespace hart::formats {

struct SafetensorsTensor {
  std::string name;
  tensor::DType dtype;
  std::vector<std::uint64_t> shape;  ///< innermost dimension first: the reverse of the file's
  std::uint64_t offset;              ///< from the start of the data section
  std::uint64_t bytes;
};

/// The header of a SafeTensors file.
/// Source: the format description in the README of huggingface/safetensors.
struct SafetensorsHeader {
  /// `__metadata__`, in the order of the file.
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<SafetensorsTensor>
      tensors;                    ///< by ascending data offset, empty ones in file order
  std::uint64_t data_offset = 0;  ///< first byte of the data section
  std::uint64_t data_bytes = 0;   ///< from there to the end of the file

  /// The tensor called `name`, or null.
  [[nodiscard]] const SafetensorsTensor* find_tensor(std::string_view name) const noexcept;
};

/// True when `head`, the beginning of a file, holds a plausible header length followed by a
/// JSON object. `file_bytes` is the size of the whole file.
[[nodiscard]] bool looks_like_safetensors(ByteView head, std::uint64_t file_bytes) noexcept;

/// Parses the header. `bytes` may be only the beginning of the file (at least the header);
/// `file_bytes` is the size of the whole. Strict: the header takes at most 100 000 000 bytes of
/// UTF-8 JSON; no key stands twice; every tensor has exactly `dtype`, `shape` and
/// `data_offsets`; the shape's product times the type's size is the length of the data; the
/// data covers the rest of the file without gap or overlap; `__metadata__` maps strings to
/// strings. Tensors of rank 0 and of no elements are legal. Throws Error(data) naming the
/// tensor and what was expected.
[[nodiscard]] SafetensorsHeader parse_safetensors(ByteView bytes, std::uint64_t file_bytes);

/// The name of `dtype` in a SafeTensors header, as `BF16`. Throws Error(data) when the format
/// has none for it, as for GGUF's block types.
[[nodiscard]] std::string_view safetensors_dtype_name(tensor::DType dtype);

/// Whether SafeTensors has a name for `dtype`: it has none for GGUF's block types.
[[nodiscard]] bool is_safetensors_dtype(tensor::DType dtype) noexcept;

/// Sorts `tensors` as the reference implementation writes them: wider elements first, so that
/// every tensor is aligned to its element; equally wide ones by name.
void sort_for_safetensors(std::vector<SafetensorsTensor>& tensors);

/// The bytes before the data section of a file that holds `tensors` one after the other in the
/// given order (their `offset` and `bytes` are ignored and follow from dtype and shape), padded
/// with spaces to a multiple of 8. Throws Error(data) when the result would not parse,
/// Error(data) on a dtype without a name. The payload follows as safetensors_payload lists it,
/// through a PayloadWriter: nothing grows with the data.
[[nodiscard]] ByteBuffer write_safetensors_header(
    std::span<const SafetensorsTensor> tensors,
    std::span<const std::pair<std::string, std::string>> metadata = {});

/// The parts of the data section of a file that holds `tensors` in this order.
[[nodiscard]] std::vector<PayloadPart> safetensors_payload(
    std::span<const SafetensorsTensor> tensors);

}  // namespace hart::formats
