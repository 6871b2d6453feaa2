#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/gguf.h"
#include "formats/gguf_writer.h"

namespace hart::formats {

/// `__metadata__` of a SafeTensors file, in its order.
using SafetensorsMetadata = std::vector<std::pair<std::string, std::string>>;

/// The metadata of a GGUF file as SafeTensors metadata, nothing lost: add_gguf_metadata makes
/// the same entries of it, in the same order.
///
/// Keys stay as they are. A string stays as it is when it is UTF-8 and does not itself begin
/// with {"type":". Every other value becomes JSON that names its GGUF type:
///
///     {"type":"u32","value":32}
///     {"type":"array","of":"f32","value":[0.5,1.0]}
///     {"type":"array","of":"array","value":[{"of":"u8","value":[1]}, ...]}
///
/// Types are u8 i8 u16 i16 u32 i32 u64 i64 f32 f64 bool string array. Floats are decimal with
/// as many digits as tell them apart; those that are not finite are the hexadecimal digits of
/// their bits as a string, "7fc00000". A string that is not UTF-8 is {"base64":"..."}.
[[nodiscard]] SafetensorsMetadata safetensors_metadata(const GgufHeader& header);

/// Adds the entries that `metadata` stands for to `writer`: what safetensors_metadata wrote
/// becomes what it was, any other text a string entry. A key that `writer` has already makes
/// its header() throw. Throws Error(data) naming the key when a value has the form above but is
/// not possible, as 300 of type u8.
void add_gguf_metadata(GgufWriter& writer, const SafetensorsMetadata& metadata);

/// Adds what `metadata` stands for, and before it `general.architecture`, which every GGUF file
/// has, where `metadata` lacks it: `model_type` of the folder's config.json, or "unknown" where
/// that is empty. For a file whose tensors keep their names; where they get those of GGUF
/// (tensor_names.h), hf_config.h adds the architecture with all that inference needs.
void add_gguf_metadata(GgufWriter& writer, const SafetensorsMetadata& metadata,
                       std::string_view model_type);

}  // namespace hart::formats
