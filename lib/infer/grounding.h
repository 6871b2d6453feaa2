#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/events.h"
#include "nn/tokenizer.h"

namespace hart::infer {

/// Tells which evidence a generated token leans on: those in whose text the token continues the
/// longest run of the tokens before it. A run counts from `kShortestRun` tokens on, so that
/// common words alone are no evidence.
class Grounding {
 public:
  static constexpr std::size_t kShortestRun = 3;

  Grounding(const nn::Tokenizer& tokenizer, std::span<const Evidence> evidence);

  /// Takes the next token; returns the indexes of the evidence it leans on, ascending.
  [[nodiscard]] std::vector<std::uint32_t> next(nn::TokenId token);

 private:
  /// One evidence's tokens; run[i] is the length of the run that ends at token i.
  struct Tracked {
    std::vector<nn::TokenId> tokens;
    std::vector<std::uint32_t> run;
  };
  std::vector<Tracked> tracked_;
};

/// What the model reads: each evidence's text on a line of its own, an empty line, the prompt.
[[nodiscard]] std::string grounded_prompt(std::span<const Evidence> evidence,
                                          const std::string& prompt);

}  // namespace hart::infer
