#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hart::nn {

enum class NormKind : std::uint8_t {
  rms,    ///< B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization", 2019
  layer,  ///< J. L. Ba et al., "Layer Normalization", 2016
};

/// Where a block normalises around attention and feed-forward.
enum class NormPlacement : std::uint8_t {
  before,            ///< what goes in
  before_and_after,  ///< what goes in, and what comes out before it is added
  after_residual,    ///< the sum of what went in and what came out
};

/// Which two numbers of a head a rotary position embedding turns together.
enum class RopePairing : std::uint8_t {
  none,
  adjacent,  ///< 2i and 2i + 1
  halves,    ///< i and i + n / 2
};

enum class ActivationKind : std::uint8_t {
  silu,       ///< x / (1 + exp(-x))
  gelu_tanh,  ///< D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units", 2016: by tanh
  gelu_erf,   ///< the same, exact
};

/// What sets one family of transformers apart from another: all that the code asks. Tensors and
/// metadata have the names that GGUF gives them.
struct Architecture {
  std::string_view name;  ///< `general.architecture`
  bool is_causal = true;  ///< false: an encoder, every token sees every other
  NormKind norm = NormKind::rms;
  NormPlacement placement = NormPlacement::before;
  RopePairing rope = RopePairing::halves;
  ActivationKind activation = ActivationKind::silu;
  bool is_gated = true;           ///< activation(gate) * up, not activation(up)
  bool normalises_qk = false;     ///< an RMS norm over each head of queries and keys
  bool fuses_qkv = false;         ///< attn_qkv holds queries, keys and values
  bool fuses_gate = false;        ///< ffn_up holds the gate before what it gates
  bool scales_embedding = false;  ///< by sqrt(n_embd)
  bool embeds_positions = false;  ///< learned vectors of positions are added
  bool embeds_types = false;      ///< the vector of token type 0 is added
  bool normalises_embedding = false;
  /// Of every so many layers the last sees the whole context and the others a window of it; 1:
  /// every layer sees a window; 0: none does. Without a window's length there is none.
  std::uint32_t window_period = 0;
  /// The rotary base of layers that see a window; 0: as in the others.
  double window_rope_base = 0;
  /// Queries are scaled by sqrt(n_heads / n_embd), not by 1 / sqrt(head size), in the model of
  /// this family that has so many layers: its metadata do not say so.
  std::uint32_t wide_query_layers = 0;
};

/// Every architecture that runs, by name.
[[nodiscard]] std::span<const Architecture> architectures() noexcept;

/// Throws Error(data) naming `name` and those that are known.
[[nodiscard]] const Architecture& find_architecture(std::string_view name);

}  // namespace hart::nn
