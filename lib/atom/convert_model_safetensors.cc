#include <limits>
#include <map>

#include "atom/convert_model_plan.h"
#include "atom/student_dtype.h"
#include "core/error.h"
#include "core/json.h"
#include "formats/safetensors.h"
#include "formats/shard_writer.h"

namespace hart::atom {
namespace {

using formats::SafetensorsMetadata;
using formats::SafetensorsTensor;

tensor::DType choose_dtype(const CatalogTensor& tensor, const ConversionOptions& options) {
  const tensor::DType dtype =
      options.quantize
          ? student_dtype(tensor.name, tensor.dtype, tensor.shape, *options.quantize, false)
          : tensor.dtype;
  return formats::is_safetensors_dtype(dtype) ? dtype : options.plain;
}

std::map<std::string, ConvertedTensor> choose_tensors(const ConversionSource& source,
                                                      const ConversionOptions& options) {
  std::map<std::string, ConvertedTensor> tensors;
  for (const CatalogTensor* from : source.tensors) {
    ConvertedTensor tensor;
    tensor.name = from->name;
    tensor.dtype = choose_dtype(*from, options);
    tensor.shape = from->shape;
    tensor.source = from;
    tensor.swaps_bytes = source.byte_order == formats::ByteOrder::big;
    tensors.emplace(from->name, std::move(tensor));
  }
  return tensors;
}

SafetensorsMetadata make_metadata(const ConversionSource& source,
                                  const ConversionOptions& options,
                                  const std::map<std::string, ConvertedTensor>& tensors) {
  if (!source.gguf) return source.safetensors;
  formats::GgufHeader header = source.gguf->header;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.dtype == tensor.source->dtype) continue;
    set_file_type(header, options.quantize.value_or(options.plain), false);
    break;
  }
  return formats::safetensors_metadata(header);
}

/// Whether the way back needs to be told the order of the tensors, or that it is one.
bool needs_order(const ConversionSource& source, const formats::ShardPlan& plan) {
  if (!source.gguf) return false;
  if (source.gguf->header.find("general.architecture") == nullptr) return true;
  std::size_t position = 0;
  for (const formats::Shard& shard : plan.shards)
    for (const SafetensorsTensor& tensor : shard.tensors)
      if (tensor.name != source.tensors[position++]->name) return true;
  return false;
}

std::string order_json(const ConversionSource& source) {
  Json names = Json::array();
  for (const CatalogTensor* tensor : source.tensors) names.push_back(tensor->name);
  return dump_json(names);
}

formats::ShardPlan make_shards(const ConversionSource& source, const ConversionOptions& options,
                               const std::map<std::string, ConvertedTensor>& tensors) {
  std::vector<SafetensorsTensor> described;
  for (const CatalogTensor* tensor : source.tensors)
    described.push_back({tensor->name, tensors.at(tensor->name).dtype, tensor->shape, 0, 0});
  const std::uint64_t max_bytes =
      options.max_shard_bytes.value_or(std::numeric_limits<std::uint64_t>::max());
  SafetensorsMetadata metadata = make_metadata(source, options, tensors);
  formats::ShardPlan plan = formats::plan_shards(described, max_bytes, metadata);
  if (!needs_order(source, plan)) return plan;
  metadata.emplace_back(kTensorOrderKey, order_json(source));
  return formats::plan_shards(described, max_bytes, metadata);
}

}  // namespace

ModelConversion plan_safetensors(const ConversionSource& source,
                                 const ConversionOptions& options) {
  if (options.quantize && !formats::is_safetensors_dtype(*options.quantize))
    throw Error{Fault::usage, "SafeTensors cannot hold " +
                                  std::string{tensor::dtype_info(*options.quantize).name} +
                                  "; GGUF can"};
  std::map<std::string, ConvertedTensor> tensors = choose_tensors(source, options);
  formats::ShardPlan plan = make_shards(source, options, tensors);
  ModelConversion conversion;
  conversion.format = formats::WeightFormat::safetensors;
  conversion.is_folder = options.max_shard_bytes.has_value();
  for (formats::Shard& shard : plan.shards) {
    ConvertedFile file;
    if (conversion.is_folder) file.name = shard.file;
    file.header = std::move(shard.header);
    file.payload = formats::safetensors_payload(shard.tensors);
    for (const SafetensorsTensor& tensor : shard.tensors)
      file.tensors.push_back(std::move(tensors.at(tensor.name)));
    conversion.files.push_back(std::move(file));
  }
  if (plan.index) conversion.index = formats::write_shard_index(*plan.index);
  if (conversion.is_folder && source.model->format == "safetensors")
    for (const CatalogFile& file : source.model->files)
      if (!file.path.ends_with(".safetensors") &&
          !file.path.ends_with(".safetensors.index.json"))
        conversion.copied.push_back(file);
  return conversion;
}

}  // namespace hart::atom
