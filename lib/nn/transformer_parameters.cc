#include "nn/transformer_parameters.h"

#include <cmath>
#include <string>

#include "core/error.h"

namespace hart::nn {
namespace {

// Limits far above any model and low enough that products of two stay below 2^63.
constexpr std::uint64_t kMaxDim = 1u << 24;
constexpr std::uint64_t kMaxHeads = 1u << 16;
constexpr std::uint64_t kMaxLayers = 1u << 16;
constexpr std::uint64_t kMaxContext = 1u << 28;

[[noreturn]] void fail(const std::string& key, const std::string& what) {
  throw Error{Fault::data, "GGUF metadata '" + key + "': " + what};
}

std::uint32_t check_range(const std::string& key, std::uint64_t value, std::uint64_t most) {
  if (value < 1 || value > most)
    fail(key, std::to_string(value) + " is not between 1 and " + std::to_string(most));
  return static_cast<std::uint32_t>(value);
}

/// The metadata under the architecture's prefix.
class Keys {
 public:
  Keys(const formats::GgufHeader& header, std::string_view architecture)
      : header_{header}, prefix_{std::string{architecture} + "."} {}

  [[nodiscard]] std::string key(const char* name) const { return prefix_ + name; }
  [[nodiscard]] bool has(const char* name) const { return header_.find(key(name)) != nullptr; }

  [[nodiscard]] std::uint32_t required(const char* name, std::uint64_t most) const {
    if (!has(name)) fail(key(name), "missing");
    return check_range(key(name), header_.get_uint(key(name), 0), most);
  }
  [[nodiscard]] std::uint32_t optional(const char* name, std::uint64_t fallback,
                                       std::uint64_t most) const {
    return check_range(key(name), header_.get_uint(key(name), fallback), most);
  }
  /// An integer that may be 0 or missing.
  [[nodiscard]] std::uint32_t count(const char* name, std::uint64_t most) const {
    const std::uint64_t value = header_.get_uint(key(name), 0);
    return value == 0 ? 0 : check_range(key(name), value, most);
  }
  [[nodiscard]] double positive(const char* name, double fallback) const {
    const double value = header_.get_float(key(name), fallback);
    if (!std::isfinite(value) || value <= 0) fail(key(name), "not a positive number");
    return value;
  }
  /// A number that may be missing or 0, which then mean the same.
  [[nodiscard]] float switchable(const char* name) const {
    if (header_.get_float(key(name), 0) == 0) return 0;
    return static_cast<float>(positive(name, 0));
  }
  [[nodiscard]] std::string text(const char* name, std::string_view fallback) const {
    return std::string{header_.get_string(key(name), fallback)};
  }
  [[nodiscard]] const formats::GgufArray* array(const char* name) const {
    const formats::GgufEntry* entry = header_.find(key(name));
    return entry == nullptr ? nullptr : std::get_if<formats::GgufArray>(&entry->value);
  }

 private:
  const formats::GgufHeader& header_;
  std::string prefix_;
};

void read_heads(const Keys& keys, TransformerParameters& p) {
  p.n_heads = keys.required("attention.head_count", kMaxHeads);
  p.n_kv_heads = keys.optional("attention.head_count_kv", p.n_heads, kMaxHeads);
  if (p.n_heads % p.n_kv_heads != 0)
    fail(keys.key("attention.head_count_kv"), std::to_string(p.n_kv_heads) +
                                                  " does not divide the " +
                                                  std::to_string(p.n_heads) + " heads");
  if (!keys.has("attention.key_length") && p.n_embd % p.n_heads != 0)
    fail(keys.key("attention.head_count"), std::to_string(p.n_heads) +
                                               " does not divide the embedding length " +
                                               std::to_string(p.n_embd));
  p.head_dim = keys.optional("attention.key_length", p.n_embd / p.n_heads, kMaxHeads);
  if (keys.optional("attention.value_length", p.head_dim, kMaxDim) != p.head_dim)
    fail(keys.key("attention.value_length"),
         "differs from the key length, which is not supported");
  if (std::uint64_t{p.n_heads} * p.head_dim > kMaxDim)
    fail(keys.key("attention.head_count"),
         "heads times head size exceeds " + std::to_string(kMaxDim));
}

void read_attention(const Keys& keys, TransformerParameters& p) {
  const bool is_wide = p.architecture->wide_query_layers == p.n_layers;
  const double width = is_wide ? p.n_embd / p.n_heads : p.head_dim;
  p.attention_scale =
      static_cast<float>(keys.positive("attention.scale", 1 / std::sqrt(width)));
  p.attention_softcap = keys.switchable("attn_logit_softcapping");
  p.logit_softcap = keys.switchable("final_logit_softcapping");
}

void read_window(const Keys& keys, TransformerParameters& p) {
  const std::uint32_t period = p.architecture->window_period;
  const formats::GgufArray* pattern = keys.array("attention.sliding_window_pattern");
  if (period == 0 && pattern == nullptr) return;
  p.window = keys.count("attention.sliding_window", kMaxContext);
  if (p.window == 0) return;
  if (pattern != nullptr && pattern->integers.size() != p.n_layers)
    fail(keys.key("attention.sliding_window_pattern"),
         std::to_string(pattern->size()) + " values for " + std::to_string(p.n_layers) +
             " layers");
  for (std::uint32_t layer = 0; layer < p.n_layers; ++layer)
    p.windowed.push_back(pattern != nullptr ? pattern->integers[layer] != 0
                                            : period == 1 || (layer + 1) % period != 0);
}

void read_rope_scaling(const Keys& keys, RopeParameters& rope, std::uint32_t context) {
  const std::string scaling = keys.text("rope.scaling.type", "linear");
  if (scaling == "none") return;
  const char* factor =
      keys.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear";
  // Files write 0 for "no scaling".
  rope.factor = keys.switchable(factor);
  rope.original_context =
      keys.optional("rope.scaling.original_context_length", context, kMaxContext);
  rope.attention_factor = keys.positive("rope.scaling.attn_factor", 1);
  if (scaling == "longrope") {
    rope.scaling = RopeScaling::longrope;
  } else if (scaling != "linear" && scaling != "yarn") {
    fail(keys.key("rope.scaling.type"), "'" + scaling + "' is not supported");
  } else if (rope.factor != 0) {
    rope.scaling = scaling == "yarn" ? RopeScaling::yarn : RopeScaling::linear;
  }
  if (rope.factor == 0) rope.factor = 1;
}

void read_rope(const Keys& keys, TransformerParameters& p) {
  p.rope_pairing = p.architecture->rope;
  if (p.rope_pairing == RopePairing::none) return;
  RopeParameters& rope = p.rope;
  rope.dims = keys.optional("rope.dimension_count", p.head_dim, kMaxDim);
  if (rope.dims % 2 != 0 || rope.dims > p.head_dim)
    fail(keys.key("rope.dimension_count"), std::to_string(rope.dims) +
                                               " is odd or more than the head size " +
                                               std::to_string(p.head_dim));
  rope.base = keys.positive("rope.freq_base", 10000);
  p.window_rope = rope;
  read_rope_scaling(keys, rope, p.context_length);
  if (p.architecture->window_rope_base == 0)
    p.window_rope = rope;
  else
    p.window_rope.base =
        keys.positive("rope.local.freq_base", p.architecture->window_rope_base);
}

Pooling read_pooling(const Keys& keys) {
  const std::uint32_t type = keys.count("pooling_type", 255);
  constexpr Pooling kKinds[] = {Pooling::none, Pooling::mean, Pooling::first, Pooling::last};
  if (type >= std::size(kKinds))
    fail(keys.key("pooling_type"), std::to_string(type) + " is not supported");
  return kKinds[type];
}

}  // namespace

TransformerParameters read_parameters(const formats::GgufHeader& header) {
  formats::require_little_endian(header);
  const std::string name{header.get_string("general.architecture", "")};
  if (name.empty()) fail("general.architecture", "missing");
  TransformerParameters p;
  p.architecture = &find_architecture(name);
  const Keys keys{header, name};
  if (keys.count("expert_count", kMaxDim) > 0)
    fail(keys.key("expert_count"), "mixtures of experts are not supported");
  p.n_embd = keys.required("embedding_length", kMaxDim);
  p.n_layers = keys.required("block_count", kMaxLayers);
  p.n_ff = keys.required("feed_forward_length", kMaxDim);
  p.context_length = keys.required("context_length", kMaxContext);
  read_heads(keys, p);
  read_attention(keys, p);
  read_window(keys, p);
  read_rope(keys, p);
  const char* epsilon = p.architecture->norm == NormKind::rms
                            ? "attention.layer_norm_rms_epsilon"
                            : "attention.layer_norm_epsilon";
  if (!keys.has(epsilon)) fail(keys.key(epsilon), "missing");
  p.norm_epsilon = static_cast<float>(keys.positive(epsilon, 0));
  if (p.architecture->scales_embedding)
    p.embedding_scale = std::sqrt(static_cast<float>(p.n_embd));
  p.pooling = read_pooling(keys);
  return p;
}

}  // namespace hart::nn
