#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "formats/detect.h"
#include "tensor/dtype.h"

namespace hart::atom {

/// One tensor of a model file.
struct ModelTensor {
  std::string name;
  tensor::DType dtype = tensor::DType::f32;
  std::vector<std::uint64_t> shape;  ///< innermost dimension first
  std::uint64_t offset = 0;          ///< in the file
  std::uint64_t bytes = 0;
};

/// What a model file says, whatever its format.
struct ModelView {
  std::string format;  ///< "gguf", "safetensors"
  std::string
      architecture;  ///< `general.architecture`; SafeTensors: the metadata's "format", if any
  std::uint64_t header_bytes = 0;    ///< from the file's beginning; parses without the tensors
  std::vector<ModelTensor> tensors;  ///< in the order of the file
  /// Entries sorted by key, each: key length (u32), key, GGUF value type (u32), the value as
  /// GGUF version 3 writes it in little-endian order. SafeTensors metadata are strings.
  ByteBuffer canonical_metadata;

  /// Elements of all tensors.
  [[nodiscard]] std::uint64_t parameters() const noexcept;
};

/// Parses the header. `head` holds at least the header of a file of `file_bytes` bytes. Throws
/// Error(data) as the format's parser does.
[[nodiscard]] ModelView view_model(formats::FileFormat format, ByteView head,
                                   std::uint64_t file_bytes);

/// The layer that a tensor belongs to: the name up to and with its first numeric component
/// ("blk.0", "model.layers.11"), or empty.
[[nodiscard]] std::string_view layer_of(std::string_view tensor_name) noexcept;

}  // namespace hart::atom
