#include "nn/architecture.h"

#include <string>

#include "core/error.h"

namespace hart::nn {
namespace {

constexpr Architecture kArchitectures[] = {
    {.name = "bert",
     .is_causal = false,
     .norm = NormKind::layer,
     .placement = NormPlacement::after_residual,
     .rope = RopePairing::none,
     .activation = ActivationKind::gelu_erf,
     .is_gated = false,
     .embeds_positions = true,
     .embeds_types = true,
     .normalises_embedding = true},
    {.name = "gemma", .activation = ActivationKind::gelu_tanh, .scales_embedding = true},
    {.name = "gemma2",
     .placement = NormPlacement::before_and_after,
     .activation = ActivationKind::gelu_tanh,
     .scales_embedding = true,
     .window_period = 2,
     .wide_query_layers = 46},
    {.name = "gemma3",
     .placement = NormPlacement::before_and_after,
     .activation = ActivationKind::gelu_tanh,
     .normalises_qk = true,
     .scales_embedding = true,
     .window_period = 6,
     .window_rope_base = 10000,
     .wide_query_layers = 62},
    {.name = "llama", .rope = RopePairing::adjacent, .window_period = 1},
    {.name = "nomic-bert",
     .is_causal = false,
     .norm = NormKind::layer,
     .placement = NormPlacement::after_residual,
     .fuses_qkv = true,
     .embeds_types = true,
     .normalises_embedding = true},
    {.name = "phi3", .fuses_qkv = true, .fuses_gate = true, .window_period = 1},
    {.name = "qwen2"},
    {.name = "qwen3", .normalises_qk = true},
};

}  // namespace

std::span<const Architecture> architectures() noexcept {
  return kArchitectures;
}

const Architecture& find_architecture(std::string_view name) {
  std::string known;
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.name == name) return architecture;
    known += (known.empty() ? "" : ", ") + std::string{architecture.name};
  }
  throw Error{Fault::data, "GGUF metadata 'general.architecture': '" + std::string{name} +
                               "' is not supported; known: " + known};
}

}  // namespace hart::nn
