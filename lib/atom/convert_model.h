#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "atom/convert_model_tensor.h"
#include "atom/model_catalog.h"
#include "formats/model_folder.h"
#include "formats/payload_writer.h"
#include "store/store.h"

namespace hart::atom {

/// What a stored model is turned into.
struct ConversionOptions {
  formats::WeightFormat format = formats::WeightFormat::gguf;
  /// The type of the weight matrices, by the rules of student_dtype; none: as they are.
  std::optional<tensor::DType> quantize;
  /// f32, f16 or bf16: what SafeTensors gets in place of a type it has not.
  tensor::DType plain = tensor::DType::f32;
  /// SafeTensors only: a folder of files with at most so many bytes of tensors each, and their
  /// index. None: one file.
  std::optional<std::uint64_t> max_shard_bytes;
};

/// A file of the result.
struct ConvertedFile {
  std::string name;  ///< within the folder; empty for a result that is one file
  ByteBuffer header;
  std::vector<formats::PayloadPart> payload;
  std::vector<ConvertedTensor> tensors;  ///< in the order of the payload
};

/// A model's conversion, decided but not done. Refers to the CatalogModel.
struct ModelConversion {
  formats::WeightFormat format = formats::WeightFormat::gguf;
  bool is_folder = false;
  std::vector<ConvertedFile> files;
  std::string index;  ///< of the shards, as JSON; empty where there is one file
  /// Files of the source's folder that go along: configuration and tokenizer.
  std::vector<CatalogFile> copied;
  /// What the user should know: tensors that keep their names, a tokenizer left behind.
  std::vector<std::string> notices;

  /// Bytes of the source's tensors that will be read.
  [[nodiscard]] std::uint64_t source_bytes() const noexcept;
};

/// Decides how `model` becomes a model of another format.
///
/// GGUF -> SafeTensors: metadata as formats/convert_metadata.h says; tensors keep their names
/// and, in `hart.tensor_order` where SafeTensors wants them in another one, their order, so
/// that the way back gives the same model. Types that SafeTensors has not become `plain`.
///
/// SafeTensors -> GGUF: what came from GGUF becomes what it was. Models of a Hugging Face
/// folder whose config.json names a known architecture get GGUF's names, metadata and order of
/// query and key rows (formats/tensor_names.h, hf_config.h); vectors, norms and routers of
/// experts become F32, as llama.cpp's convert_hf_to_gguf.py has them. Others keep their names.
/// 8-bit floats become F16, exactly.
///
/// GGUF -> GGUF: version 3, little-endian; the parts of a split become one file.
/// SafeTensors -> SafeTensors: other shards.
///
/// `general.file_type` follows the types. Throws Error(usage) when `options` do not go
/// together, Error(data) when the model cannot be converted: a type that GGUF has not, heads
/// that do not fit, two tensors of one name, a config.json that does not parse.
[[nodiscard]] ModelConversion plan_conversion(store::Store& store, const CatalogModel& model,
                                              const ConversionOptions& options);

struct ConversionTotals {
  std::uint64_t bytes = 0;  ///< of all files
  std::uint64_t tensors = 0;
  std::uint64_t changed_tensors = 0;  ///< whose bytes are not the source's
};

/// Called with the bytes of the source that were read since its last call.
using ConversionProgress = std::function<void(std::uint64_t bytes)>;

/// Writes the result to `path`, where nothing stands before all is written, verified and
/// synced. Every tensor's source is compared with its id while it is read; then each file is
/// parsed again, and its header and every tensor compared with what was meant to be written: an
/// unchanged tensor with its id, a changed one with the digest of its converted values. A
/// folder must be missing or empty; a device gets the bytes as they are, of one file only, and
/// is not read again.
///
/// Memory: about 32 MiB a thread, whatever the size of the model; a query or key weight takes
/// five times the size of a head. Throws Error(cannot_create), Error(io), Error(data) when the
/// store is damaged or a value does not fit `plain`; `path` is then as it was.
ConversionTotals write_conversion(store::Store& store, const ModelConversion& conversion,
                                  const std::string& path, unsigned threads,
                                  const ConversionProgress& progress);

/// The same to `sink`, without reading it again. Throws Error(usage) for a folder.
ConversionTotals stream_conversion(store::Store& store, const ModelConversion& conversion,
                                   unsigned threads, const formats::ByteSink& sink,
                                   const ConversionProgress& progress);

}  // namespace hart::atom
