#include "infer/speed.h"

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "nn/zeroed_floats.h"

namespace hart::infer {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 20;
constexpr int kReadPasses = 3;

/// Adds up 64-bit words in eight chains, so that no addition waits for the one before.
std::uint64_t sum_words(const std::uint64_t* words, std::size_t count) noexcept {
  std::uint64_t sums[8] = {};
  for (std::size_t i = 0; i + 8 <= count; i += 8)
    for (std::size_t j = 0; j < 8; ++j) sums[j] += words[i + j];
  std::uint64_t sum = 0;
  for (const std::uint64_t part : sums) sum += part;
  return sum;
}

std::uint64_t matrix_bytes(const nn::TransformerModel& model) {
  std::uint64_t bytes = model.output().weight.view.bytes.size();
  for (const nn::TransformerBlock& block : model.blocks()) {
    for (const nn::Linear* linear : {&block.attn_q, &block.attn_k, &block.attn_v,
                                     &block.attn_output, &block.ffn_up, &block.ffn_down})
      bytes += linear->weight.view.bytes.size();
    if (block.ffn_gate) bytes += block.ffn_gate->weight.view.bytes.size();
  }
  return bytes;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

double measure_read_bandwidth(unsigned threads) {
  const nn::ZeroedFloats array{kReadBytes / sizeof(float)};
  // Untouched pages would all be the one page of zeros.
  std::memset(array.data(), 1, kReadBytes);
  const auto* words = reinterpret_cast<const std::uint64_t*>(array.data());
  const std::size_t count = kReadBytes / sizeof(std::uint64_t);
  const std::size_t workers = std::max(1u, threads);
  std::vector<std::uint64_t> sums(workers);
  double best = 0;
  for (int pass = 0; pass < kReadPasses; ++pass) {
    const double begin = steady_seconds();
    std::vector<std::jthread> running;
    running.reserve(workers);
    for (std::size_t worker = 0; worker < workers; ++worker)
      running.emplace_back([&, worker] {
        const std::size_t from = count / workers * worker;
        sums[worker] = sum_words(words + from, count / workers);
      });
    running.clear();
    best = std::max(best, static_cast<double>(kReadBytes) / (steady_seconds() - begin));
  }
  // The sums are used, so that the reads are not left out.
  return sums.front() == 0 ? 0 : best;
}

Speed measure_speed(RunnableModel& model, const SpeedOptions& options) {
  const nn::TransformerModel& weights = model.weights();
  const std::uint32_t n_vocab = weights.parameters().n_vocab;
  std::vector<nn::TokenId> prompt(std::max(1u, options.prompt_tokens));
  for (std::size_t i = 0; i < prompt.size(); ++i)
    prompt[i] = static_cast<nn::TokenId>((i * 7919 + 1) % n_vocab);
  std::vector<double> prefill, decode, first;
  for (std::uint32_t repeat = 0; repeat < std::max(1u, options.repeats); ++repeat) {
    const double start = steady_seconds();
    nn::TransformerSession session{
        weights,
        {.context_length = static_cast<std::uint32_t>(prompt.size()) + options.tokens + 1,
         .threads = options.threads,
         .kv_type = options.kv_type}};
    (void)session.evaluate(std::span{prompt}.first(1));
    first.push_back(steady_seconds() - start);
    session.rewind(0);
    double begin = steady_seconds();
    (void)session.evaluate(prompt);
    prefill.push_back(static_cast<double>(prompt.size()) / (steady_seconds() - begin));
    begin = steady_seconds();
    for (std::uint32_t i = 0; i < options.tokens; ++i)
      (void)session.evaluate(std::span{prompt}.subspan(i % prompt.size(), 1));
    if (options.tokens > 0) decode.push_back(options.tokens / (steady_seconds() - begin));
  }
  Speed speed;
  speed.prefill_tokens_per_second = median(prefill);
  speed.decode_tokens_per_second = decode.empty() ? 0 : median(decode);
  speed.first_token_seconds = median(first);
  speed.weight_bytes = matrix_bytes(weights);
  speed.decode_bandwidth =
      speed.decode_tokens_per_second * static_cast<double>(speed.weight_bytes);
  speed.read_bandwidth = measure_read_bandwidth(options.threads);
  return speed;
}

}  // namespace hart::infer
