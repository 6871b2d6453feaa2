#include "infer/generator.h"

#include <algorithm>
#include <utility>

namespace hart::infer {
namespace {

nn::SamplerOptions with_alternatives(nn::SamplerOptions options, std::uint32_t least) {
  options.alternatives = std::max(options.alternatives, least);
  return options;
}

}  // namespace

Generator::Generator(const nn::Tokenizer& tokenizer, const GenerateRequest& request,
                     std::uint32_t alternatives)
    : tokenizer_{tokenizer},
      request_{request},
      sampler_{with_alternatives(request.sampling, alternatives)},
      pieces_{tokenizer},
      stops_{request.stop},
      grounding_{tokenizer, request.evidence} {
  if (request.grammar != nullptr) request.grammar->reset();
  if (request.max_tokens == 0)
    finish_reason_ = finish_reason::kLength;
  else
    finish_reason_ = grammar_end();
}

/// Why the grammar ends the text here; null while tokens may follow.
const char* Generator::grammar_end() {
  if (request_.grammar == nullptr) return nullptr;
  const bool is_over = request_.grammar->is_final() || request_.grammar->mask().is_empty();
  if (!is_over) return nullptr;
  return request_.grammar->is_complete() ? finish_reason::kStop : finish_reason::kGrammar;
}

void Generator::read(std::span<const nn::TokenId> prompt) {
  for (const nn::TokenId token : prompt) sampler_.accept(token);
}

std::optional<nn::Choice> Generator::choose(std::span<const float> logits) {
  if (request_.grammar == nullptr) return sampler_.sample(logits);
  std::optional<nn::Choice> choice = sampler_.sample(logits, request_.grammar->mask());
  if (choice) request_.grammar->accept(choice->token);
  return choice;
}

std::optional<TokenEvent> Generator::step(std::span<const float> logits, bool more) {
  std::optional<nn::Choice> choice = choose(logits);
  if (!choice) {
    // The model gives all tokens that the grammar allows no probability at all.
    finish_reason_ = finish_reason::kGrammar;
    return std::nullopt;
  }
  TokenEvent event;
  event.index = tokens_out_++;
  event.token = choice->token;
  event.logprob = choice->logprob;
  event.alternatives = std::move(choice->alternatives);
  event.evidence = grounding_.next(event.token);
  event.text = add_text(event.token, !more || tokens_out_ >= request_.max_tokens);
  return event;
}

/// What the token adds to the text; ends the generation where it does.
std::string Generator::add_text(nn::TokenId token, bool last) {
  bool stopped = false;
  const bool is_end = tokenizer_.is_end(token);
  std::string added = stops_.push(is_end ? pieces_.finish() : pieces_.push(token), stopped);
  finish_reason_ = stopped || is_end ? finish_reason::kStop : grammar_end();
  if (finish_reason_ == nullptr && last) finish_reason_ = finish_reason::kLength;
  // Whoever reads the stream gets all of the text: nothing stays held back at the end.
  // But for a character that was cut: under a grammar it could begin no text.
  if (is_done() && !stopped) added += stops_.finish();
  if (is_done() && !stopped && request_.grammar == nullptr) added += pieces_.finish();
  text_ += added;
  return added;
}

}  // namespace hart::infer
