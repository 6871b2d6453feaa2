#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "formats/byte_order.h"
#include "formats/detect.h"
#include "formats/model_folder.h"
#include "tensor/dtype.h"

namespace hart::atom {

/// One tensor of a model file.
struct ModelTensor {
  std::string name;
  tensor::DType dtype = tensor::DType::f32;
  std::vector<std::uint64_t> shape;  ///< innermost dimension first
  std::uint64_t offset = 0;          ///< in its file
  std::uint64_t bytes = 0;
  std::size_t file = 0;  ///< index into ModelView::files
};

/// A file of a model.
struct ModelFile {
  std::string path;  ///< relative to the folder; empty for a model that is one file
  std::uint64_t bytes = 0;
  /// From the file's beginning: what parses without the tensors, or all of a file without any.
  std::uint64_t header_bytes = 0;
};

/// What a model says, whatever its format.
struct ModelView {
  std::string format;  ///< "gguf", "safetensors"
  std::string
      architecture;  ///< `general.architecture`; SafeTensors: the metadata's "format", if any
  bool folder = false;
  formats::ByteOrder byte_order = formats::ByteOrder::little;  ///< of the tensors' elements
  std::vector<ModelFile> files;      ///< one, or a folder's in the order of their paths
  std::vector<ModelTensor> tensors;  ///< in the order of the file, or of the shards
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

/// A folder that `is_model_folder` knows: its weight files' tensors in the order of the shards,
/// the metadata of the first of them, `model_type` of config.json as the architecture where the
/// weights say none. `files` are the mapped files in the order of `folder.files`. Throws as
/// view_model.
[[nodiscard]] ModelView view_folder(const formats::ModelFolder& folder,
                                    std::span<const ByteView> files);

/// Whether a folder is one model: weights with a config.json or an index beside them, or the
/// parts of one split GGUF. A folder that merely holds models is none.
[[nodiscard]] bool is_model_folder(const std::string& root);

/// The layer that a tensor belongs to: the name up to and with its first numeric component
/// ("blk.0", "model.layers.11"), or empty.
[[nodiscard]] std::string_view layer_of(std::string_view tensor_name) noexcept;

}  // namespace hart::atom
