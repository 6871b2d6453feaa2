#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/transformer.h"

namespace hart::nn {

/// What flows through a model on a calibration text, summed up.
class ActivationStatistics : public TransformerObserver {
 public:
  explicit ActivationStatistics(const TransformerParameters& parameters)
      : n_embd_{parameters.n_embd}, similarity_(parameters.n_layers) {}

  void see_input(std::span<const std::string> names, std::span<const float> x,
                 std::size_t columns) override;
  void see_block(std::uint32_t layer, std::span<const float> before,
                 std::span<const float> after) override;

  /// Root mean square over the tokens of each column of what a matrix is multiplied with; empty
  /// for a tensor that multiplied nothing. The L2 norm of Wanda divided by the root of the
  /// number of tokens, so that the length of the text does not count.
  /// Source: M. Sun et al., "A Simple and Effective Pruning Approach for Large Language
  /// Models", 2023.
  [[nodiscard]] std::vector<double> column_norms(const std::string& tensor) const;

  /// 1 − the mean over the tokens of the cosine between a block's input and its output, in
  /// [0, 2]: what the block does to the hidden state; 0 before any token was seen.
  /// Source: X. Men et al., "ShortGPT: Layers in Large Language Models are More Redundant Than
  /// You Expect", 2024, the block influence.
  [[nodiscard]] double block_influence(std::uint32_t layer) const;

  [[nodiscard]] std::uint64_t tokens() const noexcept {
    return similarity_.empty() ? 0 : similarity_.front().rows;
  }

 private:
  struct Columns {
    std::vector<double> squares;
    std::uint64_t rows = 0;
  };
  struct Similarity {
    double sum = 0;
    std::uint64_t rows = 0;
  };

  std::uint32_t n_embd_;
  /// Matrices that share an input share an entry, by the first of their names.
  std::map<std::string, Columns, std::less<>> columns_;
  std::map<std::string, std::string, std::less<>> first_name_;
  std::vector<Similarity> similarity_;
};

/// Tokens of a window: what the calibrations of both papers use.
inline constexpr std::uint32_t kCalibrationWindow = 2048;

/// Runs `tokens` through the model in windows of its context length, or of kCalibrationWindow
/// where that is less, each from an empty cache,
/// and returns what was seen. The result is the same whatever
/// the threads. Throws Error(data) when there are no tokens or one is outside the vocabulary.
[[nodiscard]] ActivationStatistics observe_activations(const TransformerModel& model,
                                                       std::span<const TokenId> tokens,
                                                       unsigned threads);

}  // namespace hart::nn
