#include "atom/convert_model.h"

#include "atom/convert_model_plan.h"
#include "atom/student_dtype.h"
#include "core/error.h"

namespace hart::atom {
namespace {

void check_options(const ConversionOptions& options) {
  const bool is_gguf = options.format == formats::WeightFormat::gguf;
  if (options.max_shard_bytes && is_gguf)
    throw Error{Fault::usage, "only SafeTensors are written in shards"};
  if (!is_gguf && options.plain != tensor::DType::f32 && options.plain != tensor::DType::f16 &&
      options.plain != tensor::DType::bf16)
    throw Error{Fault::usage, "block types become f32, f16 or bf16"};
  if (options.quantize && !is_student_dtype(*options.quantize))
    throw Error{Fault::usage, "cannot quantise to " +
                                  std::string{tensor::dtype_info(*options.quantize).name} +
                                  "; choose one of: " + student_dtype_names()};
}

}  // namespace

std::uint64_t ModelConversion::source_bytes() const noexcept {
  std::uint64_t total = 0;
  for (const ConvertedFile& file : files)
    for (const ConvertedTensor& tensor : file.tensors)
      total += tensor.source == nullptr ? 0 : tensor.source->bytes;
  return total;
}

ModelConversion plan_conversion(store::Store& store, const CatalogModel& model,
                                const ConversionOptions& options) {
  check_options(options);
  const ConversionSource source = read_conversion_source(store, model);
  return options.format == formats::WeightFormat::gguf ? plan_gguf(source, options)
                                                       : plan_safetensors(source, options);
}

}  // namespace hart::atom
