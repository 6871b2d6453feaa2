#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf_writer.h"

namespace hart::formats {

/// How a model stretches its rotary embedding beyond the context it was first trained on.
struct RopeScaling {
  std::string type;  ///< "linear", "yarn", "llama3", "longrope", "dynamic"
  double factor = 1;
  std::uint32_t original_context = 0;  ///< 0 where the config does not say
  double low_freq_factor = 1;          ///< llama3
  double high_freq_factor = 4;         ///< llama3
  double attention_factor = 1;         ///< yarn: beside its own; longrope: all there is
  /// longrope: the divisors of the frequencies up to the original context, and beyond it.
  std::vector<float> short_factors, long_factors;
};

/// What the config.json of a language model says that GGUF metadata can. Names are those of the
/// GGUF keys; in brackets, the member of config.json.
struct HfConfig {
  std::string model_type;
  std::string architecture;          ///< as gguf_architecture says; empty when it is not known
  std::uint32_t block_count = 0;     ///< [num_hidden_layers]
  std::uint32_t context_length = 0;  ///< [max_position_embeddings]
  std::uint32_t embedding_length = 0;     ///< [hidden_size]
  std::uint32_t feed_forward_length = 0;  ///< [intermediate_size]
  std::uint32_t head_count = 0;           ///< [num_attention_heads]
  std::uint32_t head_count_kv = 0;        ///< [num_key_value_heads], else head_count
  std::uint32_t vocab_size = 0;           ///< [vocab_size]
  std::uint32_t head_dim = 0;             ///< [head_dim], else embedding_length / head_count
  bool has_head_dim = false;              ///< config.json has one
  double norm_epsilon = 0;  ///< [rms_norm_eps] or [layer_norm_eps], else the family's
  bool is_encoder = false;  ///< BERT and its kin: the norms are layer norms
  double rope_base = 0;     ///< [rope_theta], else the family's default
  std::optional<RopeScaling> rope_scaling;  ///< [rope_scaling]
  std::uint32_t rope_dims = 0;        ///< [partial_rotary_factor] of head_dim, else all of it
  double local_rope_base = 0;         ///< [rope_local_base_freq]: Gemma 3's windowed layers
  std::optional<double> query_scale;  ///< [query_pre_attn_scalar] ^ -1/2, if not head_dim's
  std::optional<std::uint32_t> sliding_window;  ///< [sliding_window] where it is in use
  /// Which layers see a window where the architecture does not tell: Qwen's.
  std::vector<bool> windowed_layers;
  std::optional<double> attn_logit_softcapping;   ///< Gemma 2
  std::optional<double> final_logit_softcapping;  ///< Gemma 2
};

/// Reads the text of a config.json. For an unknown architecture only model_type is filled.
/// Throws Error(data) beginning with `what` when the text is no JSON object, a member that the
/// architecture needs is missing or is not of the right type and range, or the heads do not
/// fit.
[[nodiscard]] HfConfig parse_hf_config(std::string_view text, const std::string& what);

/// Adds `general.architecture` and the keys that inference needs, as convert_hf_to_gguf.py of
/// llama.cpp writes them: {architecture}.block_count, context_length, embedding_length,
/// feed_forward_length, attention.head_count, attention.head_count_kv,
/// attention.layer_norm_rms_epsilon or layer_norm_epsilon, rope.freq_base,
/// rope.dimension_count, vocab_size, and attention.key_length, value_length, sliding_window,
/// rope.scaling.*, softcapping where the model has them. For an unknown architecture only
/// `general.architecture`, model_type or "unknown". The tokenizer's metadata are not in
/// config.json.
void add_config_metadata(GgufWriter& writer, const HfConfig& config);

/// The divisors of the rotary frequencies of a llama3-scaled model, head_dim / 2 of them, which
/// GGUF keeps as the F32 tensor "rope_freqs.weight"; empty for other models. Source: Meta's
/// llama-models, `apply_scaling`.
[[nodiscard]] std::vector<float> rope_frequency_divisors(const HfConfig& config);

}  // namespace hart::formats
