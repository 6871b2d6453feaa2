#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "infer/runnable_model.h"
#include "nn/transformer.h"

namespace hart::infer {

struct PerplexityOptions {
  /// Tokens of a window; 0: 512, or what the model was trained on where that is less.
  std::uint32_t context_length = 0;
  unsigned threads = 1;
  nn::KvType kv_type = nn::KvType::f16;
};

struct Perplexity {
  double perplexity = 0;
  double bits_per_byte = 0;  ///< of the scored tokens' text
  std::uint64_t tokens = 0;  ///< that were scored
  std::uint64_t windows = 0;
};

/// How well a model predicts `text`, counted as llama.cpp's tool does, so that figures compare:
/// the text becomes tokens once, the begin token in front; only whole windows count; a window's
/// first token gives way to the begin token; of N tokens those after the positions N / 2 to
/// N - 2 are scored. `each_window` is called after each. Throws Error(data) for an encoder, and
/// when the text is shorter than one window or the window shorter than 4.
[[nodiscard]] Perplexity measure_perplexity(
    RunnableModel& model, std::string_view text, const PerplexityOptions& options,
    const std::function<void(const Perplexity&)>& each_window);

}  // namespace hart::infer
