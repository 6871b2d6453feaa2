#pragma once

#include <cstdint>
#include <vector>

#include "formats/gguf.h"
#include "nn/architecture.h"
#include "nn/rope.h"

namespace hart::nn {

/// How an embedding model makes one vector of its tokens' hidden states.
enum class Pooling : std::uint8_t { none, mean, first, last };

/// Shape and constants of a transformer, checked against each other.
struct TransformerParameters {
  const Architecture* architecture = nullptr;
  std::uint32_t n_vocab = 0;
  std::uint32_t n_embd = 0;
  std::uint32_t n_layers = 0;
  std::uint32_t n_heads = 0;
  std::uint32_t n_kv_heads = 0;  ///< divides n_heads: grouped-query attention where it is less
  std::uint32_t head_dim = 0;
  std::uint32_t n_ff = 0;
  std::uint32_t context_length = 0;  ///< positions that the model was trained on
  float norm_epsilon = 0;
  float attention_scale = 0;    ///< of the products of queries and keys
  float attention_softcap = 0;  ///< scores are softcap * tanh(score / softcap); 0: as they are
  float logit_softcap = 0;      ///< the same of the logits
  float embedding_scale = 1;
  std::uint32_t window = 0;    ///< positions that a windowed layer sees, its own included
  std::vector<bool> windowed;  ///< for each layer; empty without a window
  RopePairing rope_pairing = RopePairing::none;
  RopeParameters rope, window_rope;
  Pooling pooling = Pooling::none;  ///< what the metadata say

  [[nodiscard]] std::uint32_t q_dim() const noexcept { return n_heads * head_dim; }
  [[nodiscard]] std::uint32_t kv_dim() const noexcept { return n_kv_heads * head_dim; }
  [[nodiscard]] bool is_windowed(std::uint32_t layer) const noexcept {
    return layer < windowed.size() && windowed[layer];
  }
};

/// The parameters in the metadata; n_vocab is left 0, for the embedding's shape tells it.
/// Throws Error(data) naming the key when the architecture is unknown, a parameter is missing
/// or impossible, or a variant is not supported (mixture of experts, an unknown rope scaling).
[[nodiscard]] TransformerParameters read_parameters(const formats::GgufHeader& header);

}  // namespace hart::nn
