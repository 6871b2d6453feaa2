#include "infer/perplexity.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "core/error.h"
#include "nn/sampler.h"

namespace hart::infer {
namespace {

constexpr std::uint32_t kDefaultWindow = 512;
constexpr std::uint32_t kShortestWindow = 4;

using Tokens = std::vector<nn::TokenId>;

Tokens text_tokens(const nn::Tokenizer& tokenizer, std::string_view text) {
  Tokens tokens = tokenizer.encode(text);
  if (tokenizer.add_bos()) tokens.insert(tokens.begin(), *tokenizer.bos());
  return tokens;
}

/// Sums over the scored tokens of a window.
struct Score {
  double loss = 0;  ///< nats
  std::uint64_t bytes = 0;
  std::uint64_t tokens = 0;
};

void score_window(nn::TransformerSession& session, const Tokens& window,
                  const nn::Tokenizer& tokenizer, Score& score) {
  session.rewind(0);
  const std::size_t first = window.size() / 2;
  session.evaluate_each(window, [&](std::size_t index, std::span<const float> logits) {
    if (index < first || index + 1 >= window.size()) return;
    const auto next = static_cast<std::size_t>(window[index + 1]);
    score.loss += nn::log_sum_exp(logits) - static_cast<double>(logits[next]);
    score.bytes += tokenizer.piece(window[index + 1]).size();
    ++score.tokens;
  });
}

}  // namespace

Perplexity measure_perplexity(RunnableModel& model, std::string_view text,
                              const PerplexityOptions& options,
                              const std::function<void(const Perplexity&)>& each_window) {
  const std::uint32_t trained = model.weights().parameters().context_length;
  const std::uint32_t length =
      options.context_length != 0 ? options.context_length : std::min(kDefaultWindow, trained);
  if (length < kShortestWindow)
    throw Error{Fault::data, "a window of " + std::to_string(length) +
                                 " tokens is too short: at least " +
                                 std::to_string(kShortestWindow) + " are needed"};
  const nn::Tokenizer& tokenizer = model.tokenizer();
  const Tokens tokens = text_tokens(tokenizer, text);
  if (tokens.size() < length)
    throw Error{Fault::data, "the text has " + std::to_string(tokens.size()) +
                                 " tokens, less than one window of " + std::to_string(length)};
  nn::TransformerSession session{
      model.weights(),
      {.context_length = length, .threads = options.threads, .kv_type = options.kv_type}};
  Perplexity result;
  Score score;
  for (std::size_t at = 0; at + length <= tokens.size(); at += length) {
    const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(at);
    Tokens window{begin, begin + static_cast<std::ptrdiff_t>(length)};
    if (tokenizer.add_bos()) window.front() = *tokenizer.bos();
    score_window(session, window, tokenizer, score);
    ++result.windows;
    result.tokens = score.tokens;
    result.perplexity = std::exp(score.loss / static_cast<double>(score.tokens));
    result.bits_per_byte =
        score.bytes == 0 ? 0
                         : score.loss / std::numbers::ln2 / static_cast<double>(score.bytes);
    if (each_window) each_window(result);
  }
  return result;
}

}  // namespace hart::infer
