#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "atom/model_catalog.h"
#include "formats/convert_metadata.h"
#include "formats/gguf.h"
#include "formats/hf_config.h"
#include "store/store.h"

namespace hart::atom {

/// The metadata of a SafeTensors file that names its tensors, as a JSON array, in the order
/// that they had in the GGUF file that it was made of. It stands where SafeTensors orders them
/// differently, and where that file had no `general.architecture`, which tells its origin else.
inline constexpr std::string_view kTensorOrderKey = "hart.tensor_order";

/// Metadata as those of a GGUF file, and the bytes that they view into.
struct GgufMetadata {
  ByteBuffer bytes;
  formats::GgufHeader header;
};
/// What `writer` holds so far, parsed.
[[nodiscard]] GgufMetadata parse_metadata(const formats::GgufWriter& writer);
/// Makes `general.file_type` say that the weights are mostly of `dtype`, or nothing where there
/// is no number for it. Adds the entry only where `adds`; and `general.quantization_version`
/// for a block type.
void set_file_type(formats::GgufHeader& header, tensor::DType dtype, bool adds);

/// What a stored model says besides its tensors.
struct ConversionSource {
  const CatalogModel* model = nullptr;
  formats::ByteOrder byte_order = formats::ByteOrder::little;
  /// Of a GGUF model, and of a SafeTensors model that was made of one: without the keys of a
  /// split and without kTensorOrderKey.
  std::optional<GgufMetadata> gguf;
  /// Of a SafeTensors model: those of its first file.
  formats::SafetensorsMetadata safetensors;
  /// Of a folder that has a config.json.
  std::optional<formats::HfConfig> config;
  bool has_tokenizer = false;  ///< there is a tokenizer.json or tokenizer.model
  /// The model's, in the order that kTensorOrderKey says.
  std::vector<const CatalogTensor*> tensors;
};

/// Throws Error(data) when the store is damaged or a file of the model does not parse.
[[nodiscard]] ConversionSource read_conversion_source(store::Store& store,
                                                      const CatalogModel& model);

/// Of the numbers in the tensors.
[[nodiscard]] formats::ByteOrder byte_order_of(store::Store& store, const CatalogModel& model);

}  // namespace hart::atom
