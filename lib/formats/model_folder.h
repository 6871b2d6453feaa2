#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/byte_order.h"
#include "tensor/dtype.h"

namespace hart::formats {

/// A file of a folder.
struct FolderFile {
  std::string path;  ///< relative to the folder, '/' between components, UTF-8
  std::uint64_t bytes = 0;

  bool operator==(const FolderFile&) const = default;
};

/// A tensor of a model folder and where it lies.
struct FolderTensor {
  std::string name;
  tensor::DType dtype = tensor::DType::f32;
  std::vector<std::uint64_t> shape;  ///< innermost dimension first
  std::size_t file = 0;              ///< index into ModelFolder::files
  std::uint64_t offset = 0;          ///< from the start of that file
  std::uint64_t bytes = 0;
};

enum class WeightFormat : std::uint8_t { safetensors, gguf };

/// A model that is a folder, as `save_pretrained` of Hugging Face's libraries and downloads
/// from its hub leave it.
struct ModelFolder {
  WeightFormat format = WeightFormat::safetensors;
  ByteOrder byte_order = ByteOrder::little;  ///< of the weights; SafeTensors are little-endian
  std::vector<FolderFile> files;             ///< all files, sorted by path
  std::vector<std::size_t> weight_files;     ///< indices into files, in the order of the shards
  /// Every tensor once, by weight file and then by offset.
  std::vector<FolderTensor> tensors;
  std::string model_type;  ///< of config.json; empty where there is none
};

/// The regular files under `root`, recursively, sorted by the bytes of their relative paths.
/// Whatever begins with a dot is left out, `.git` before all. A symbolic link to a file within
/// the folder, or from `snapshots/REVISION` of a download cache into its `blobs`, counts as
/// that file. Throws Error(no_input) when `root` is missing, Error(data) when it is no folder,
/// or naming the entry that is a link to a folder, a link out of `root` or to nothing, neither
/// file nor folder, or whose name is not UTF-8.
[[nodiscard]] std::vector<FolderFile> list_folder(const std::string& root);

/// The format of the weights when `root` is a model folder, by what stands at its top: any
/// `*.safetensors` or index of such; else one `*.gguf`, or several that are all parts of a
/// split
/// ("-00001-of-00003.gguf"). Nothing for other folders, or what is none. Reads no file.
[[nodiscard]] std::optional<WeightFormat> recognise_model_folder(const std::string& root);

/// Reads the headers of the model in `root`.
///
/// SafeTensors: the weights are `model.safetensors`; where it is missing, the shards of
/// `model.safetensors.index.json`, or of the only `*.safetensors.index.json`; without an index,
/// every `*.safetensors` at the top. An index must agree with its shards: each is there, each
/// tensor stands in the shard that the index names and nowhere else, no shard holds a tensor
/// that the index leaves out, and `total_size`, where given, is the sum. GGUF: one file, or a
/// split whose `split.count`, `split.no` and `split.tensors.count` agree with the files.
///
/// Throws Error(data) naming the file when it is not so, when a tensor stands in two files, or
/// when the folder is none that recognise_model_folder knows; as list_folder does; and as the
/// formats' parsers do, with the file's path before the message.
[[nodiscard]] ModelFolder read_model_folder(const std::string& root);

}  // namespace hart::formats
