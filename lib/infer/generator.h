#pragma once

#include <optional>
#include <span>
#include <string>

#include "infer/generate.h"
#include "infer/grounding.h"
#include "infer/stop_filter.h"
#include "nn/sampler.h"
#include "nn/tokenizer.h"

namespace hart::infer {

/// One generation, apart from the model: takes the logits of what follows, chooses a token,
/// puts the text together, and knows when to end. Where the logits come from (one evaluation a
/// token, several at once, a cache) is the caller's business and changes nothing:
///
///     Generator generator{tokenizer, request, alternatives};
///     generator.read(prompt);
///     while (!generator.is_done()) {
///       const auto event = generator.step(logits, session.remaining() > 0);
///       if (event && !generator.is_done()) logits = session.evaluate({&event->token, 1});
///     }
class Generator {
 public:
  /// All must outlive the generator; a grammar of the request begins anew. `alternatives` is
  /// the least number of rejected tokens that an event reports.
  Generator(const nn::Tokenizer& tokenizer, const GenerateRequest& request,
            std::uint32_t alternatives = 0);

  /// Makes the prompt's tokens recent for the penalties.
  void read(std::span<const nn::TokenId> prompt);
  [[nodiscard]] bool is_done() const noexcept { return finish_reason_ != nullptr; }

  /// Chooses the token that follows, given the logits (n_vocab). `more` says whether another
  /// can be evaluated after it; when not, or at max_tokens, it is the last one. Nothing when
  /// all that the grammar allows is impossible by the logits. Precondition: not is_done().
  [[nodiscard]] std::optional<TokenEvent> step(std::span<const float> logits, bool more);

  /// All events' texts, one after the other.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::uint64_t tokens_out() const noexcept { return tokens_out_; }
  /// See namespace finish_reason. Precondition: is_done().
  [[nodiscard]] const char* reason() const noexcept { return finish_reason_; }

 private:
  [[nodiscard]] std::optional<nn::Choice> choose(std::span<const float> logits);
  [[nodiscard]] const char* grammar_end();
  [[nodiscard]] std::string add_text(nn::TokenId token, bool last);

  const nn::Tokenizer& tokenizer_;
  const GenerateRequest& request_;
  nn::Sampler sampler_;
  nn::PieceStream pieces_;
  StopFilter stops_;
  Grounding grounding_;
  std::string text_;
  std::uint64_t tokens_out_ = 0;
  const char* finish_reason_ = nullptr;
};

}  // namespace hart::infer
