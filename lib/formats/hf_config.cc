#include "formats/hf_config.h"

#include <algorithm>
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

/// The divisors of longrope, one for each turned pair.
std::vector<float> read_factors(const Members& rope, const char* key, std::size_t count) {
  const Json* list = rope.find(key);
  if (list == nullptr || !list->is_array() || list->size() != count)
    rope.fail(std::string{key} + " as an array of " + std::to_string(count) + " numbers");
  std::vector<float> factors;
  factors.reserve(count);
  for (const Json& value : *list) {
    if (!value.is_number() || !(value.get<double>() > 0))
      rope.fail(std::string{key} + " as positive numbers");
    factors.push_back(value.get<float>());
  }
  return factors;
}

/// Source: transformers' modeling_rope_utils, whose defaults these are.
void read_attention_factor(const Members& rope, const HfConfig& config, RopeScaling& scaling) {
  const auto given = rope.real("attention_factor");
  if (scaling.type == "yarn" && given)
    scaling.attention_factor = *given / (1 + 0.1 * std::log(scaling.factor));
  if (scaling.type != "longrope") return;
  const double original = scaling.original_context;
  const double factor = config.context_length / original;
  scaling.attention_factor =
      given.value_or(factor > 1 ? std::sqrt(1 + std::log(factor) / std::log(original)) : 1);
}

RopeScaling read_scaling(const Members& members, const Members& rope, HfConfig& config) {
  RopeScaling scaling;
  scaling.type = rope.text("rope_type");
  if (scaling.type.empty()) scaling.type = rope.text("type");
  if (scaling.type == "su") scaling.type = "longrope";  // Phi-3's first files
  if (scaling.type.empty() || scaling.type == "default") return {};
  scaling.factor = rope.real("factor").value_or(1);
  scaling.low_freq_factor = rope.real("low_freq_factor").value_or(scaling.low_freq_factor);
  scaling.high_freq_factor = rope.real("high_freq_factor").value_or(scaling.high_freq_factor);
  auto original = rope.number("original_max_position_embeddings");
  if (!original) original = members.number("original_max_position_embeddings");
  scaling.original_context = original.value_or(0);
  if (scaling.type == "llama3" &&
      (scaling.original_context == 0 || scaling.high_freq_factor <= scaling.low_freq_factor))
    rope.fail("original_max_position_embeddings and high_freq_factor above low_freq_factor");
  if (scaling.type == "longrope") {
    if (scaling.original_context < 2) rope.fail("original_max_position_embeddings");
    scaling.short_factors = read_factors(rope, "short_factor", config.rope_dims / 2);
    scaling.long_factors = read_factors(rope, "long_factor", config.rope_dims / 2);
  }
  read_attention_factor(rope, config, scaling);
  return scaling;
}

/// Older files have `rope_scaling` and `rope_theta` apart, newer ones `rope_parameters` with
/// both; it may hold an object for each kind of layer.
void read_rope(const Members& members, const std::string& what, HfConfig& config) {
  const bool is_gemma3 = config.architecture == "gemma3";
  config.rope_base = members.real("rope_theta").value_or(is_gemma3 ? 1'000'000 : 10'000);
  if (is_gemma3) config.local_rope_base = members.real("rope_local_base_freq").value_or(10'000);
  double share = members.real("partial_rotary_factor").value_or(1);
  const Json* json = members.find("rope_parameters");
  if (json == nullptr) json = members.find("rope_scaling");
  if (json != nullptr) {
    const Members kinds{*json, what + ": rope_scaling"};
    if (const Json* local = kinds.find("sliding_attention"))
      config.local_rope_base = Members{*local, what + ": rope_parameters"}
                                   .real("rope_theta")
                                   .value_or(config.local_rope_base);
    if (const Json* global = kinds.find("full_attention")) json = global;
    share = Members{*json, what}.real("partial_rotary_factor").value_or(share);
  }
  config.rope_dims = static_cast<std::uint32_t>(std::min(1.0, share) * config.head_dim);
  if (config.rope_dims < 2) members.fail("partial_rotary_factor to leave two numbers a head");
  if (json == nullptr) return;
  const Members rope{*json, what + ": rope_scaling"};
  config.rope_base = rope.real("rope_theta").value_or(config.rope_base);
  RopeScaling scaling = read_scaling(members, rope, config);
  if (!scaling.type.empty()) config.rope_scaling = std::move(scaling);
}

/// Qwen's files name a window that only a flag puts in use, and the layer where it begins.
void read_window(const Members& members, HfConfig& config) {
  const bool is_qwen = config.architecture.starts_with("qwen");
  if (!members.flag("use_sliding_window").value_or(!is_qwen)) return;
  config.sliding_window = members.number("sliding_window");
  if (!is_qwen || !config.sliding_window) return;
  const std::uint32_t first = members.number("max_window_layers").value_or(config.block_count);
  const Json* kinds = members.find("layer_types");
  for (std::uint32_t layer = 0; layer < config.block_count; ++layer)
    config.windowed_layers.push_back(kinds != nullptr && kinds->is_array() &&
                                             layer < kinds->size()
                                         ? (*kinds)[layer] == "sliding_attention"
                                         : layer >= first);
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

void read_decoder(const Members& members, const std::string& what, HfConfig& config) {
  config.block_count = members.required("num_hidden_layers");
  config.context_length = members.required("max_position_embeddings");
  config.embedding_length = members.required("hidden_size");
  config.feed_forward_length = members.required("intermediate_size");
  config.vocab_size = members.required("vocab_size");
  read_heads(members, config);
  const double default_epsilon = config.architecture == "phi3" ? 1e-5 : 1e-6;
  config.norm_epsilon = members.real("rms_norm_eps").value_or(default_epsilon);
  read_rope(members, what, config);
  read_window(members, config);
  config.attn_logit_softcapping = members.real("attn_logit_softcapping");
  config.final_logit_softcapping = members.real("final_logit_softcapping");
  const auto scalar = members.real("query_pre_attn_scalar");
  if (scalar && *scalar != config.head_dim) config.query_scale = 1 / std::sqrt(*scalar);
}

/// BERT's files have the names of decoders, Nomic's those of GPT-2.
void read_encoder(const Members& members, HfConfig& config) {
  const bool is_nomic = config.architecture == "nomic-bert";
  const auto required = [&](const char* name, const char* nomic_name) {
    return members.required(is_nomic ? nomic_name : name);
  };
  config.is_encoder = true;
  config.block_count = required("num_hidden_layers", "n_layer");
  config.context_length = required("max_position_embeddings", "n_positions");
  config.embedding_length = required("hidden_size", "n_embd");
  config.feed_forward_length = required("intermediate_size", "n_inner");
  config.vocab_size = members.required("vocab_size");
  config.head_count = required("num_attention_heads", "n_head");
  config.head_count_kv = config.head_count;
  if (config.embedding_length % config.head_count != 0)
    members.fail("the hidden size to be a multiple of the heads");
  config.head_dim = config.embedding_length / config.head_count;
  config.norm_epsilon =
      members.real(is_nomic ? "layer_norm_epsilon" : "layer_norm_eps").value_or(1e-12);
  if (!is_nomic) return;
  config.rope_dims = config.head_dim;
  config.rope_base = members.real("rotary_emb_base").value_or(10'000);
}

std::string_view scaling_name(const HfConfig& config) {
  const std::string& type = config.rope_scaling->type;
  return type == "linear" || type == "yarn" ? std::string_view{type} : std::string_view{};
}

void add_rope(GgufWriter& writer, const HfConfig& config) {
  const std::string rope = config.architecture + ".rope.";
  if (config.rope_dims == 0) return;
  writer.add_u32(rope + "dimension_count", config.rope_dims);
  writer.add_f32(rope + "freq_base", static_cast<float>(config.rope_base));
  if (!config.rope_scaling) return;
  const RopeScaling& scaling = *config.rope_scaling;
  // Of the rest, llama3 and longrope scale by tensors and dynamic scales at run time.
  if (const std::string_view name = scaling_name(config); !name.empty()) {
    writer.add_string(rope + "scaling.type", name);
    writer.add_f32(rope + "scaling.factor", static_cast<float>(scaling.factor));
  }
  if (scaling.original_context != 0 && scaling.type != "llama3")
    writer.add_u32(rope + "scaling.original_context_length", scaling.original_context);
  if (scaling.attention_factor != 1)
    writer.add_f32(rope + "scaling.attn_factor", static_cast<float>(scaling.attention_factor));
}

void add_windows(GgufWriter& writer, const HfConfig& config) {
  if (!config.sliding_window) return;
  const std::string window = config.architecture + ".attention.sliding_window";
  writer.add_u32(window, *config.sliding_window);
  if (config.windowed_layers.empty()) return;
  GgufArray pattern;
  pattern.element = GgufType::boolean;
  pattern.integers.assign(config.windowed_layers.begin(), config.windowed_layers.end());
  writer.add(window + "_pattern", GgufType::array, pattern);
}

}  // namespace

HfConfig parse_hf_config(std::string_view text, const std::string& what) {
  const Json json = parse_json(text, what);
  const Members members{json, what};
  HfConfig config;
  config.model_type = members.text("model_type");
  config.architecture = gguf_architecture(config.model_type);
  if (config.architecture.empty()) return config;
  if (config.architecture.ends_with("bert"))
    read_encoder(members, config);
  else
    read_decoder(members, what, config);
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
  writer.add_f32(
      attention + (config.is_encoder ? "layer_norm_epsilon" : "layer_norm_rms_epsilon"),
      static_cast<float>(config.norm_epsilon));
  if (config.is_encoder) writer.add_bool(attention + "causal", false);
  if (config.has_head_dim) {
    writer.add_u32(attention + "key_length", config.head_dim);
    writer.add_u32(attention + "value_length", config.head_dim);
  }
  if (config.query_scale)
    writer.add_f32(attention + "scale", static_cast<float>(*config.query_scale));
  add_windows(writer, config);
  add_rope(writer, config);
  if (config.local_rope_base != 0 && config.local_rope_base != 10'000)
    writer.add_f32(prefix + "rope.local.freq_base", static_cast<float>(config.local_rope_base));
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
  std::vector<float> divisors(config.rope_dims / 2);
  for (std::size_t i = 0; i < divisors.size(); ++i) {
    const double frequency =
        std::pow(config.rope_base, -2.0 * static_cast<double>(i) / config.rope_dims);
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
