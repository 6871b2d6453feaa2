#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/events.h"
#include "infer/runnable_model.h"
#include "nn/sampler.h"

namespace hart::infer {

struct GenerateRequest {
  std::string prompt;
  std::vector<Evidence> evidence;
  nn::SamplerOptions sampling;
  std::uint32_t max_tokens = 128;
  std::vector<std::string> stop;  ///< ends the text before the first of them
  /// Positions of the sequence; 0: as many as the prompt and `max_tokens` need, be it more than
  /// the model was trained on.
  std::uint32_t context_length = 0;
  unsigned threads = 1;
};

/// One token as it comes. `text` may be empty while a character or a stop string is incomplete.
struct TokenEvent {
  std::uint64_t index = 0;
  nn::TokenId token = 0;
  std::string text;
  double logprob = 0;
  std::vector<nn::TokenLogprob> alternatives;
  std::vector<std::uint32_t> evidence;  ///< indexes into the request's
};

struct Generation {
  Uuid inference{};
  std::string text;  ///< the continuation alone
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  std::string finish_reason;  ///< "stop" (end token or stop string), "length"
  double seconds = 0;
  std::string receipt;  ///< empty without a sink
};

/// Where what happened is reported; both may be null, when no store is there to keep it.
struct Reporting {
  EventSink* sink = nullptr;
  UsageGate* gate = nullptr;
};

/// Generates, token by token. The prompt goes in with the begin token where the model asks for
/// one. The same request gives the same text whatever the threads. Metered as operation
/// "generate_text" in tokens, in and out; reserved before the first token, so that a quota's no
/// comes before the work. Throws Error(denied) then, and Error(data) when the prompt does not
/// fit the context.
[[nodiscard]] Generation generate(RunnableModel& model, const GenerateRequest& request,
                                  const Reporting& reporting,
                                  const std::function<void(const TokenEvent&)>& each_token);

}  // namespace hart::infer
