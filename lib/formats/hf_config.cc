#include "formats/hf_config.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "core/error.h"
#include "core/json.h"
#include "formats/tensor_names.h"

namespace hart::formats {
namespace {

/// Typed access to the members of a config.json. A null counts as missing.
class Members {
 public:
  Members(const Json& json, std::string what) : json_{json}, what_{std::move(what)} {
    if (!json.is_object()) fail("an object");
  }

  [[nodiscard]] const Json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  [[nodiscard]] std::optional<std::uint32_t> number(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > kMost ||
        value->get<std::uint64_t>() == 0)
      fail(std::string{key} + " from 1 to " + std::to_string(kMost));
    return value->get<std::uint32_t>();
  }
  [[nodiscard]] std::uint32_t required(const char* key) const {
    const auto value = number(key);
    if (!value) fail(key);
    return *value;
  }
  [[nodiscard]] std::optional<double> real(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number() || !(value->get<double>() > 0) ||
        value->get<double>() > std::numeric_limits<float>::max())
      fail(std::string{key} + " as a positive number");
    return value->get<double>();
  }
  [[nodiscard]] std::string text(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr) return "";
    if (!value->is_string()) fail(std::string{key} + " as a string");
    return value->get<std::string>();
  }
  [[nodiscard]] std::optional<bool> flag(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr || !value->is_boolean()) return std::nullopt;
    return value->get<bool>();
  }

  [[noreturn]] void fail(const std::string& wanted) const {
    throw Error{Fault::data, what_ + ": expected " + wanted};
  }

 private:
  // GGUF readers keep these as signed 32-bit numbers.
  static constexpr std::uint64_t kMost = 0x7FFFFFFF;

  const Json& json_;
  std::string what_;
};

/// Older files have `rope_scaling` and `rope_theta` apart, newer ones `rope_parameters` with
/// both.
void read_rope(const Members& members, const std::string& what, HfConfig& config) {
  const double default_base = config.architecture == "gemma3" ? 1'000'000 : 10'000;
  config.rope_base = members.real("rope_theta").value_or(default_base);
  const Json* json = members.find("rope_parameters");
  if (json == nullptr) json = members.find("rope_scaling");
  if (json == nullptr) return;
  const Members rope{*json, what + ": rope_scaling"};
  config.rope_base = rope.real("rope_theta").value_or(config.rope_base);
  RopeScaling scaling;
  scaling.type = rope.text("rope_type");
  if (scaling.type.empty()) scaling.type = rope.text("type");
  if (scaling.type.empty() || scaling.type == "default") return;
  scaling.factor = rope.real("factor").value_or(1);
  scaling.low_freq_factor = rope.real("low_freq_factor").value_or(scaling.low_freq_factor);
  scaling.high_freq_factor = rope.real("high_freq_factor").value_or(scaling.high_freq_factor);
  auto original = rope.number("original_max_position_embeddings");
  if (!original) original = members.number("original_max_position_embeddings");
  scaling.original_context = original.value_or(0);
  if (scaling.type == "llama3" &&
      (scaling.original_context == 0 || scaling.high_freq_factor <= scaling.low_freq_factor))
    rope.fail("original_max_position_embeddings and high_freq_factor above low_freq_factor");
  config.rope_scaling = scaling;
}

void read_heads(const Members& members, HfConfig& config) {
  config.head_count = members.required("num_attention_heads");
  config.head_count_kv = members.number("num_key_value_heads").value_or(config.head_count);
  if (config.head_count % config.head_count_kv != 0)
    members.fail("num_attention_heads to be a multiple of num_key_value_heads");
  const auto head_dim = members.number("head_dim");
  config.has_head_dim = head_dim.has_value();
  if (!head_dim && config.embedding_length % config.head_count != 0)
    members.fail("hidden_size to be a multiple of num_attention_heads");
  config.head_dim = head_dim.value_or(config.embedding_length / config.head_count);
}

std::string_view scaling_name(const HfConfig& config) {
  const std::string& type = config.rope_scaling->type;
  return type == "linear" || type == "yarn" ? std::string_view{type} : std::string_view{};
}

void add_rope(GgufWriter& writer, const HfConfig& config) {
  const std::string rope = config.architecture + ".rope.";
  writer.add_u32(rope + "dimension_count", config.head_dim);
  writer.add_f32(rope + "freq_base", static_cast<float>(config.rope_base));
  if (!config.rope_scaling) return;
  const RopeScaling& scaling = *config.rope_scaling;
  // Of the rest, llama3 and longrope scale by a tensor and dynamic scales at run time.
  if (const std::string_view name = scaling_name(config); !name.empty()) {
    writer.add_string(rope + "scaling.type", name);
    writer.add_f32(rope + "scaling.factor", static_cast<float>(scaling.factor));
  }
  if (scaling.original_context != 0 && scaling.type != "llama3")
    writer.add_u32(rope + "scaling.original_context_length", scaling.original_context);
}

}  // namespace

HfConfig parse_hf_config(std::string_view text, const std::string& what) {
  const Json json = parse_json(text, what);
  const Members members{json, what};
  HfConfig config;
  config.model_type = members.text("model_type");
  config.architecture = gguf_architecture(config.model_type);
  if (config.architecture.empty()) return config;
  config.block_count = members.required("num_hidden_layers");
  config.context_length = members.required("max_position_embeddings");
  config.embedding_length = members.required("hidden_size");
  config.feed_forward_length = members.required("intermediate_size");
  config.vocab_size = members.required("vocab_size");
  read_heads(members, config);
  const double default_epsilon = config.architecture == "phi3" ? 1e-5 : 1e-6;
  config.rms_epsilon = members.real("rms_norm_eps").value_or(default_epsilon);
  read_rope(members, what, config);
  // Qwen's files name a window that only this flag puts in use.
  const bool is_qwen = config.architecture.starts_with("qwen");
  if (members.flag("use_sliding_window").value_or(!is_qwen))
    config.sliding_window = members.number("sliding_window");
  config.attn_logit_softcapping = members.real("attn_logit_softcapping");
  config.final_logit_softcapping = members.real("final_logit_softcapping");
  return config;
}

void add_config_metadata(GgufWriter& writer, const HfConfig& config) {
  if (config.architecture.empty()) {
    writer.add_string("general.architecture",
                      config.model_type.empty() ? "unknown" : config.model_type);
    return;
  }
  const std::string prefix = config.architecture + '.';
  const std::string attention = prefix + "attention.";
  writer.add_string("general.architecture", config.architecture);
  writer.add_u32(prefix + "vocab_size", config.vocab_size);
  writer.add_u32(prefix + "context_length", config.context_length);
  writer.add_u32(prefix + "embedding_length", config.embedding_length);
  writer.add_u32(prefix + "block_count", config.block_count);
  writer.add_u32(prefix + "feed_forward_length", config.feed_forward_length);
  writer.add_u32(attention + "head_count", config.head_count);
  writer.add_u32(attention + "head_count_kv", config.head_count_kv);
  writer.add_f32(attention + "layer_norm_rms_epsilon", static_cast<float>(config.rms_epsilon));
  if (config.has_head_dim) {
    writer.add_u32(attention + "key_length", config.head_dim);
    writer.add_u32(attention + "value_length", config.head_dim);
  }
  if (config.sliding_window)
    writer.add_u32(attention + "sliding_window", *config.sliding_window);
  add_rope(writer, config);
  if (config.attn_logit_softcapping)
    writer.add_f32(prefix + "attn_logit_softcapping",
                   static_cast<float>(*config.attn_logit_softcapping));
  if (config.final_logit_softcapping)
    writer.add_f32(prefix + "final_logit_softcapping",
                   static_cast<float>(*config.final_logit_softcapping));
}

std::vector<float> rope_frequency_divisors(const HfConfig& config) {
  if (!config.rope_scaling || config.rope_scaling->type != "llama3") return {};
  const RopeScaling& scaling = *config.rope_scaling;
  std::vector<float> divisors(config.head_dim / 2);
  for (std::size_t i = 0; i < divisors.size(); ++i) {
    const double frequency =
        std::pow(config.rope_base, -2.0 * static_cast<double>(i) / config.head_dim);
    // Turns within the original context: the more, the less a frequency is stretched.
    const double turns = scaling.original_context * frequency / (2 * std::numbers::pi);
    const double smooth = (turns - scaling.low_freq_factor) /
                          (scaling.high_freq_factor - scaling.low_freq_factor);
    if (smooth > 1)
      divisors[i] = 1;
    else if (smooth < 0)
      divisors[i] = static_cast<float>(scaling.factor);
    else
      divisors[i] = static_cast<float>(1 / ((1 - smooth) / scaling.factor + smooth));
  }
  return divisors;
}

}  // namespace hart::formats
