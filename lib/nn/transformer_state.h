#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "nn/cpu/ops.h"
#include "nn/kv_cache.h"
#include "nn/transformer.h"
#include "nn/zeroed_floats.h"

namespace hart::nn {

/// What a session holds, and the forward pass over it. Scratch arrays are (batch, width), one
/// row a token of the batch.
struct TransformerSession::State {
  State(const TransformerModel& the_model, const SessionOptions& options);

  void check(std::span<const TokenId> tokens) const;
  void check_causal() const;
  /// Runs tokens, at most a batch, through all blocks and the last norm: their rows of `normed`
  /// are then ready for the logits. With `wants_all` false only the last row is.
  void forward(std::span<const TokenId> tokens, bool wants_all);

  void show_input(std::uint32_t layer, std::initializer_list<const char*> matrices,
                  const float* x, std::size_t rows, std::size_t columns);
  void show_logits_input(std::size_t rows);

  const TransformerModel& model;
  const TransformerParameters& p;
  const Architecture& architecture;
  const std::uint32_t context_length;
  const std::uint32_t batch;
  const unsigned threads;
  const KvType kv_type;
  std::uint32_t position = 0;  ///< of the first token of the batch
  TransformerObserver* observer = nullptr;
  KvCache cache;
  ZeroedFloats hidden, normed, query, key, value, mixed, gate, up, logits;

 private:
  /// Cosines and sines of the batch's positions, (batch, pairs).
  struct Angles {
    const RopeTable* table = nullptr;
    ZeroedFloats cosines, sines;
  };

  [[nodiscard]] std::size_t rows_of(std::size_t width) const noexcept { return batch * width; }
  void embed(std::span<const TokenId> tokens);
  void turn(const Angles& angles, std::size_t row, float* x, std::uint32_t n_heads) const;
  void attention_block(const TransformerBlock& block, std::uint32_t layer, std::size_t rows,
                       std::size_t first);
  void project(const TransformerBlock& block, const float* input, std::size_t rows,
               std::size_t first);
  void attend(std::uint32_t layer, std::size_t rows, std::size_t first);
  void attend_rows(std::uint32_t layer, std::uint32_t kv_head, std::size_t first,
                   std::size_t last, std::size_t rows) noexcept;
  void feed_forward(const TransformerBlock& block, std::uint32_t layer, std::size_t rows,
                    std::size_t first);
  void activate(const TransformerBlock& block, std::size_t count) noexcept;
  /// The rows of `hidden` that a sub-layer computes with: normalised where its norm is there.
  const float* input_rows(const Norm& norm, std::size_t first, std::size_t rows) noexcept;
  /// Adds a sub-layer's output, in `normed`, to `hidden`.
  void add_output(const Norm& post, std::size_t first, std::size_t count) noexcept;
  void norm_rows(const Norm& norm, const float* x, std::size_t rows, std::size_t width,
                 float* out) const noexcept;

  Angles angles_, window_angles_;
  std::vector<cpu::SoftmaxState> softmax_;  ///< (batch, n_heads)
};

}  // namespace hart::nn
