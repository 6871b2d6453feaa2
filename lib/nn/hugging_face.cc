#include "nn/hugging_face.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/json.h"
#include "formats/gguf_writer.h"
#include "formats/hf_config.h"
#include "formats/tensor_names.h"
#include "tensor/convert.h"

namespace hart::nn {

struct HuggingFaceModel::Impl {
  FindTensor find;
  formats::HfConfig config;
  ByteBuffer header_bytes;  ///< what `header` views into
  formats::GgufHeader header;
  /// Tensors that the checkpoint has not, or not so.
  std::map<std::string, std::vector<float>, std::less<>> made;

  [[nodiscard]] std::optional<tensor::TensorView> look_up(std::string_view name);
  [[nodiscard]] std::optional<tensor::TensorView> look_up_checkpoint(
      const formats::TensorName& name) const;
  void make_factors();
};

namespace {

tensor::TensorView view_of(const std::vector<float>& values) {
  return {
      tensor::DType::f32,
      {values.size()},
      {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float)}};
}

formats::HfConfig known_config(std::string_view text, const std::string& what) {
  formats::HfConfig config = formats::parse_hf_config(text, what);
  if (config.architecture.empty())
    throw Error{Fault::data,
                what + ": model_type '" + config.model_type + "' is not supported"};
  return config;
}

}  // namespace

void HuggingFaceModel::Impl::make_factors() {
  if (std::vector<float> divisors = formats::rope_frequency_divisors(config); !divisors.empty())
    made["rope_freqs.weight"] = std::move(divisors);
  if (!config.rope_scaling || config.rope_scaling->short_factors.empty()) return;
  made["rope_factors_short.weight"] = config.rope_scaling->short_factors;
  made["rope_factors_long.weight"] = config.rope_scaling->long_factors;
}

std::optional<tensor::TensorView> HuggingFaceModel::Impl::look_up_checkpoint(
    const formats::TensorName& name) const {
  if (auto found = find(name.name)) return found;
  // A checkpoint of an encoder with a head has a prefix that one of the encoder alone lacks.
  return config.is_encoder ? find("bert." + name.name) : std::nullopt;
}

std::optional<tensor::TensorView> HuggingFaceModel::Impl::look_up(std::string_view name) {
  if (const auto found = made.find(name); found != made.end()) return view_of(found->second);
  const auto known = formats::hugging_face_tensor_name(config.architecture, name);
  if (!known) return std::nullopt;
  std::optional<tensor::TensorView> view = look_up_checkpoint(*known);
  if (!view || known->change != formats::TensorChange::plus_one) return view;
  if (view->shape.size() != 1 || !tensor::is_convertible(view->dtype) ||
      view->bytes.size() != tensor::tensor_bytes(view->dtype, view->shape))
    return view;  // the model says what is wrong with it
  std::vector<float> values(view->shape[0]);
  tensor::dequantize_row(view->dtype, view->bytes, values);
  for (float& value : values) value += 1;
  return view_of(made[std::string{name}] = std::move(values));
}

HuggingFaceModel::HuggingFaceModel(std::string_view config, const std::string& what,
                                   FindTensor find)
    : impl_{std::make_unique<Impl>()} {
  impl_->find = std::move(find);
  impl_->config = known_config(config, what);
  formats::GgufWriter writer;
  formats::add_config_metadata(writer, impl_->config);
  impl_->header_bytes = writer.header();
  impl_->header = formats::parse_gguf(impl_->header_bytes, impl_->header_bytes.size());
  impl_->make_factors();
}

HuggingFaceModel::~HuggingFaceModel() = default;
HuggingFaceModel::HuggingFaceModel(HuggingFaceModel&&) noexcept = default;
HuggingFaceModel& HuggingFaceModel::operator=(HuggingFaceModel&&) noexcept = default;

ModelSource HuggingFaceModel::source() const {
  return {impl_->header,
          [impl = impl_.get()](std::string_view name) { return impl->look_up(name); }, true};
}

const formats::GgufHeader& HuggingFaceModel::header() const noexcept {
  return impl_->header;
}

namespace {

constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 28;

Pooling read_pooling(const Json& config) {
  constexpr const char* kWhat = "1_Pooling/config.json";
  std::optional<Pooling> pooling;
  for (const auto& [key, value] : config.items()) {
    if (!key.starts_with("pooling_mode_") || value != true) continue;
    const std::string mode = key.substr(13);
    if (pooling)
      throw Error{Fault::data,
                  std::string{kWhat} + ": several poolings, which is not supported"};
    if (mode == "cls_token")
      pooling = Pooling::first;
    else if (mode == "mean_tokens")
      pooling = Pooling::mean;
    else if (mode == "lasttoken")
      pooling = Pooling::last;
    else
      throw Error{Fault::data, std::string{kWhat} + ": '" + key + "' is not supported"};
  }
  if (!pooling) throw Error{Fault::data, std::string{kWhat} + ": expected a pooling_mode_*"};
  return *pooling;
}

}  // namespace

EmbeddingSettings read_embedding_settings(std::string_view modules, std::string_view pooling,
                                          std::string_view sentence) {
  EmbeddingSettings settings;
  if (!pooling.empty()) {
    const Json config = parse_json(pooling, "1_Pooling/config.json");
    if (!config.is_object())
      throw Error{Fault::data, "1_Pooling/config.json: expected an object"};
    settings.pooling = read_pooling(config);
  }
  if (!modules.empty()) {
    const Json list = parse_json(modules, "modules.json");
    if (!list.is_array()) throw Error{Fault::data, "modules.json: expected an array"};
    settings.normalizes = false;
    for (const Json& module : list) {
      if (!module.is_object() || !module.contains("type") || !module["type"].is_string())
        throw Error{Fault::data, "modules.json: expected objects with a type"};
      if (module["type"].get<std::string>().ends_with(".Normalize")) settings.normalizes = true;
    }
  }
  if (!sentence.empty()) {
    const Json config = parse_json(sentence, "sentence_bert_config.json");
    if (config.is_object() && config.contains("max_seq_length") &&
        config["max_seq_length"].is_number_unsigned())
      settings.max_tokens = static_cast<std::uint32_t>(
          std::min(config["max_seq_length"].get<std::uint64_t>(), kMostTokens));
  }
  return settings;
}

}  // namespace hart::nn
