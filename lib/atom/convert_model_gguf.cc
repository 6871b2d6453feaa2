#include <algorithm>
#include <map>

#include "atom/convert_model_plan.h"
#include "atom/student_dtype.h"
#include "core/endian.h"
#include "core/error.h"
#include "formats/gguf_writer.h"
#include "formats/tensor_names.h"

namespace hart::atom {
namespace {

using formats::TensorChange;
using tensor::DType;

bool is_f8(DType dtype) noexcept {
  return dtype == DType::f8_e4m3 || dtype == DType::f8_e5m2;
}

bool is_float(DType dtype) noexcept {
  return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f64;
}

/// Chooses the tensors of a GGUF file.
class GgufTensors {
 public:
  GgufTensors(const ConversionSource& source, const ConversionOptions& options)
      : source_{source}, options_{options} {
    if (source.config && !source.gguf) architecture_ = source.config->architecture;
  }

  [[nodiscard]] std::vector<ConvertedTensor> choose();
  /// Of a Hugging Face model whose tensors get GGUF's names; empty otherwise.
  [[nodiscard]] const std::string& architecture() const noexcept { return architecture_; }
  [[nodiscard]] std::vector<std::string> notices() const;

 private:
  [[nodiscard]] ConvertedTensor convert(const CatalogTensor& from);
  void rename(ConvertedTensor& tensor);
  void set_rope_heads(ConvertedTensor& tensor, std::uint32_t heads) const;
  [[nodiscard]] DType plain_dtype(const ConvertedTensor& tensor) const;
  void quantize(std::vector<ConvertedTensor>& tensors) const;

  const ConversionSource& source_;
  const ConversionOptions& options_;
  std::string architecture_;
  std::vector<std::string> kept_names_;
  std::size_t n_left_out_ = 0;
};

std::vector<ConvertedTensor> GgufTensors::choose() {
  std::vector<ConvertedTensor> tensors;
  if (!architecture_.empty()) {
    const std::vector<float> divisors = formats::rope_frequency_divisors(*source_.config);
    if (!divisors.empty()) {
      ConvertedTensor tensor;
      tensor.name = "rope_freqs.weight";
      tensor.shape = {divisors.size()};
      for (const float divisor : divisors) append_le(tensor.constant, divisor);
      tensors.push_back(std::move(tensor));
    }
  }
  for (const CatalogTensor* from : source_.tensors) {
    // A buffer of old checkpoints that the configuration gives as well.
    if (!architecture_.empty() && from->name.ends_with(".rotary_emb.inv_freq"))
      ++n_left_out_;
    else
      tensors.push_back(convert(*from));
  }
  quantize(tensors);
  return tensors;
}

std::vector<std::string> GgufTensors::notices() const {
  std::vector<std::string> notices;
  const std::string& name = source_.model->object.name;
  if (!source_.gguf && architecture_.empty())
    notices.push_back(
        name + ": no config.json of a known architecture: the tensors keep their names" +
        (source_.config ? " (model_type '" + source_.config->model_type + "')" : ""));
  if (!kept_names_.empty())
    notices.push_back(name + ": " + std::to_string(kept_names_.size()) + " tensors that " +
                      architecture_ + " has not keep their names, first of them '" +
                      kept_names_.front() + "'");
  if (n_left_out_ > 0)
    notices.push_back(name + ": left out " + std::to_string(n_left_out_) +
                      " tensors that follow from config.json (rotary_emb.inv_freq)");
  if (!source_.gguf && source_.has_tokenizer)
    notices.push_back(name + ": its tokenizer is not converted: the result holds the weights");
  return notices;
}

ConvertedTensor GgufTensors::convert(const CatalogTensor& from) {
  ConvertedTensor tensor;
  tensor.name = from.name;
  tensor.shape = from.shape;
  tensor.source = &from;
  tensor.swaps_bytes = source_.byte_order == formats::ByteOrder::big;
  if (!architecture_.empty()) rename(tensor);
  tensor.dtype = plain_dtype(tensor);
  return tensor;
}

void GgufTensors::rename(ConvertedTensor& tensor) {
  const auto named = formats::gguf_tensor_name(architecture_, tensor.name);
  if (!named) return kept_names_.push_back(tensor.name);
  tensor.name = named->name;
  tensor.adds_one = named->change == TensorChange::plus_one;
  if (named->change == TensorChange::query_rows)
    set_rope_heads(tensor, source_.config->head_count);
  if (named->change == TensorChange::key_rows)
    set_rope_heads(tensor, source_.config->head_count_kv);
}

void GgufTensors::set_rope_heads(ConvertedTensor& tensor, std::uint32_t heads) const {
  const std::uint64_t rows = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (tensor.shape.size() > 2 || heads == 0 || rows % heads != 0 || rows / heads % 2 != 0)
    throw Error{Fault::data, "tensor '" + tensor.source->name + "': " + std::to_string(rows) +
                                 " rows are not " + std::to_string(heads) +
                                 " heads of an even number"};
  tensor.rope_heads = heads;
}

DType GgufTensors::plain_dtype(const ConvertedTensor& tensor) const {
  const DType dtype = tensor.source->dtype;
  // Checkpoints of 8-bit floats keep the scales of their blocks in tensors of their own.
  if (is_f8(dtype) && architecture_.empty()) return DType::f16;
  if (!formats::is_gguf_dtype(dtype))
    throw Error{Fault::data, "tensor '" + tensor.source->name + "' is of type " +
                                 std::string{tensor::dtype_info(dtype).name} +
                                 ", which cannot be converted to a type of GGUF"};
  if (tensor.adds_one) return DType::f32;
  const bool is_small = tensor.shape.size() < 2 || tensor.name.ends_with("_norm.weight") ||
                        tensor.name.ends_with("ffn_gate_inp.weight");
  return !architecture_.empty() && is_small && is_float(dtype) ? DType::f32 : dtype;
}

void GgufTensors::quantize(std::vector<ConvertedTensor>& tensors) const {
  if (!options_.quantize) return;
  const bool is_tied = std::none_of(
      tensors.begin(), tensors.end(),
      [](const ConvertedTensor& tensor) { return tensor.name == "output.weight"; });
  for (ConvertedTensor& tensor : tensors)
    tensor.dtype =
        student_dtype(tensor.name, tensor.dtype, tensor.shape, *options_.quantize, is_tied);
}

/// The type that most of the elements have.
DType main_dtype(const std::vector<ConvertedTensor>& tensors) {
  std::map<DType, std::uint64_t> elements;
  for (const ConvertedTensor& tensor : tensors)
    if (tensor.source != nullptr) elements[tensor.dtype] += tensor.source->elements();
  const auto most =
      std::max_element(elements.begin(), elements.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == elements.end() ? DType::f32 : most->first;
}

/// Of a Hugging Face model: what its configuration says, then what its weights say, save for
/// the "format" that tells which framework saved them.
GgufMetadata hugging_face_metadata(const ConversionSource& source, DType dtype) {
  formats::GgufWriter writer;
  formats::add_config_metadata(writer, *source.config);
  writer.add_string("general.name", source.model->object.name);
  const GgufMetadata known = parse_metadata(writer);
  for (const auto& entry : source.safetensors)
    if (entry.first != "format" && known.header.find(entry.first) == nullptr)
      formats::add_gguf_metadata(writer, {entry});
  GgufMetadata metadata = parse_metadata(writer);
  set_file_type(metadata.header, dtype, true);
  return metadata;
}

GgufMetadata make_metadata(const ConversionSource& source, const ConversionOptions& options,
                           const std::string& architecture,
                           const std::vector<ConvertedTensor>& tensors) {
  if (!architecture.empty())
    return hugging_face_metadata(source, options.quantize.value_or(main_dtype(tensors)));
  GgufMetadata metadata;
  if (source.gguf) {
    // The header views into the source's bytes, which outlive it.
    metadata.header = source.gguf->header;
  } else {
    formats::GgufWriter writer;
    formats::add_gguf_metadata(writer, source.safetensors,
                               source.config ? source.config->model_type : std::string{});
    metadata = parse_metadata(writer);
  }
  if (options.quantize) set_file_type(metadata.header, *options.quantize, true);
  return metadata;
}

}  // namespace

ModelConversion plan_gguf(const ConversionSource& source, const ConversionOptions& options) {
  GgufTensors chooser{source, options};
  ConvertedFile file;
  file.tensors = chooser.choose();
  const GgufMetadata metadata =
      make_metadata(source, options, chooser.architecture(), file.tensors);
  formats::GgufWriter writer;
  writer.add_metadata(metadata.header);
  for (const ConvertedTensor& tensor : file.tensors)
    writer.add_tensor(tensor.name, tensor.dtype, tensor.shape);
  file.header = writer.header();
  file.payload = writer.payload();
  ModelConversion conversion;
  conversion.format = formats::WeightFormat::gguf;
  conversion.notices = chooser.notices();
  conversion.files.push_back(std::move(file));
  return conversion;
}

}  // namespace hart::atom
