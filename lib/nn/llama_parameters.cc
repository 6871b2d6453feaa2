#include "nn/llama_parameters.h"

#include <cmath>
#include <string>

#include "core/error.h"

namespace hart::nn {
namespace {

/// Limits far above any model and low enough that products of two stay below 2^63.
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

std::uint32_t required(const formats::GgufHeader& header, const std::string& key,
                       std::uint64_t most) {
  if (header.find(key) == nullptr) fail(key, "missing");
  return check_range(key, header.get_uint(key, 0), most);
}

std::uint32_t optional(const formats::GgufHeader& header, const std::string& key,
                       std::uint64_t fallback, std::uint64_t most) {
  return check_range(key, header.get_uint(key, fallback), most);
}

double positive(const formats::GgufHeader& header, const std::string& key, double fallback) {
  const double value = header.get_float(key, fallback);
  if (!std::isfinite(value) || value <= 0) fail(key, "not a positive number");
  return value;
}

void read_heads(const formats::GgufHeader& header, LlamaParameters& p) {
  p.n_heads = required(header, "llama.attention.head_count", kMaxHeads);
  p.n_kv_heads = optional(header, "llama.attention.head_count_kv", p.n_heads, kMaxHeads);
  if (p.n_heads % p.n_kv_heads != 0)
    fail("llama.attention.head_count_kv", std::to_string(p.n_kv_heads) +
                                              " does not divide the " +
                                              std::to_string(p.n_heads) + " heads");
  if (header.find("llama.attention.key_length") == nullptr && p.n_embd % p.n_heads != 0)
    fail("llama.attention.head_count", std::to_string(p.n_heads) +
                                           " does not divide the embedding length " +
                                           std::to_string(p.n_embd));
  p.head_dim = optional(header, "llama.attention.key_length", p.n_embd / p.n_heads, kMaxHeads);
  if (header.get_uint("llama.attention.value_length", p.head_dim) != p.head_dim)
    fail("llama.attention.value_length", "differs from the key length, which is not supported");
  if (std::uint64_t{p.n_heads} * p.head_dim > kMaxDim)
    fail("llama.attention.head_count",
         "heads times head size exceeds " + std::to_string(kMaxDim));
}

void read_rope(const formats::GgufHeader& header, LlamaParameters& p) {
  p.rope_dims = optional(header, "llama.rope.dimension_count", p.head_dim, kMaxDim);
  if (p.rope_dims % 2 != 0 || p.rope_dims > p.head_dim)
    fail("llama.rope.dimension_count", std::to_string(p.rope_dims) +
                                           " is odd or more than the head size " +
                                           std::to_string(p.head_dim));
  p.rope_base = positive(header, "llama.rope.freq_base", 10000);
  const std::string scaling{header.get_string("llama.rope.scaling.type", "linear")};
  if (scaling == "none") return;
  if (scaling != "linear")
    fail("llama.rope.scaling.type", "'" + scaling + "' is not supported");
  const bool is_new = header.find("llama.rope.scaling.factor") != nullptr;
  const char* key = is_new ? "llama.rope.scaling.factor" : "llama.rope.scale_linear";
  // Files write 0 for "no scaling".
  if (header.get_float(key, 0) != 0) p.rope_scale = 1 / positive(header, key, 1);
}

}  // namespace

LlamaParameters read_llama_parameters(const formats::GgufHeader& header) {
  formats::require_little_endian(header);
  const std::string architecture{header.get_string("general.architecture", "")};
  if (architecture.empty()) fail("general.architecture", "missing");
  if (architecture != "llama")
    fail("general.architecture", "'" + architecture + "' is not supported");
  if (header.get_uint("llama.expert_count", 0) > 0)
    fail("llama.expert_count", "mixtures of experts are not supported");
  LlamaParameters p;
  p.n_embd = required(header, "llama.embedding_length", kMaxDim);
  p.n_layers = required(header, "llama.block_count", kMaxLayers);
  p.n_ff = required(header, "llama.feed_forward_length", kMaxDim);
  p.context_length = required(header, "llama.context_length", kMaxContext);
  read_heads(header, p);
  read_rope(header, p);
  const char* epsilon = "llama.attention.layer_norm_rms_epsilon";
  if (header.find(epsilon) == nullptr) fail(epsilon, "missing");
  p.rms_epsilon = static_cast<float>(positive(header, epsilon, 0));
  return p;
}

}  // namespace hart::nn
