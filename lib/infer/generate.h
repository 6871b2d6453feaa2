#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/events.h"
#include "infer/runnable_model.h"
#include "nn/grammar_constraint.h"
#include "nn/sampler.h"

namespace hart::infer {

/// Why a generation ended.
namespace finish_reason {
inline constexpr const char* kStop = "stop";  ///< an end token, a stop string, or the end of
                                              ///< what the grammar allows
inline constexpr const char* kLength = "length";    ///< max_tokens or the context: incomplete
inline constexpr const char* kGrammar = "grammar";  ///< no token goes on as the grammar must
}  // namespace finish_reason

/// A token of the prompt and how probable it was after those before it.
struct PromptToken {
  std::uint64_t index = 0;
  nn::TokenId token = 0;
  std::string text;               ///< its piece
  std::optional<double> logprob;  ///< none for the first
  std::vector<nn::TokenLogprob> alternatives;
};

/// Lookup decoding: several tokens are guessed from the text so far and evaluated at once.
enum class Lookup {
  off,
  adaptive,  ///< as many as make the text come faster
  always,    ///< as many as can be guessed
};

struct GenerateRequest {
  std::string prompt;
  /// How `prompt` becomes tokens. For generate_after, which is given them: how it did.
  nn::EncodeOptions encoding{.add_special = true};
  std::vector<Evidence> evidence;
  nn::SamplerOptions sampling;
  std::uint32_t max_tokens = 128;
  std::vector<std::string> stop;  ///< ends the text before the first of them
  /// What the text must be in, or null. Made for the model's vocabulary; reset first.
  nn::GrammarConstraint* grammar = nullptr;
  /// The text that `grammar` was made of: its hash is recorded.
  std::string grammar_text;
  /// Positions of the sequence; 0: as many as the prompt and `max_tokens` need, be it more than
  /// the model was trained on.
  std::uint32_t context_length = 0;
  nn::KvType kv_type = nn::KvType::f16;  ///< of the key-value cache
  unsigned threads = 1;                  ///< no result depends on it
  Lookup lookup = Lookup::adaptive;      ///< nor on this
  /// Called with each token of the prompt before any is generated; null: no logits are
  /// computed for them.
  std::function<void(const PromptToken&)> each_prompt_token;
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
  std::string finish_reason;
  double seconds = 0;
  std::string receipt;  ///< empty without a sink
  bool cached = false;  ///< the answer to an earlier request, shown again
};

/// Where what happened is reported; both may be null, when no store is there to keep it.
struct Reporting {
  EventSink* sink = nullptr;
  UsageGate* gate = nullptr;
};

class ResultCache;
class Sequence;

/// What a generation may take over from others. Both may be null; no text, number or token that
/// comes out depends on them.
struct Reuse {
  /// Whole answers: found, one is reported and metered as if it were generated. Not asked where
  /// the prompt's tokens are to be shown.
  ResultCache* results = nullptr;
  /// What the model has evaluated, of the model that generates.
  Sequence* sequence = nullptr;
};

/// Generates, token by token. The prompt goes in with the begin token where the model asks for
/// one. The same request gives the same text whatever the threads. Under a grammar every text
/// begins one of its language, and is one when the finish reason is "stop" (unless a stop
/// string cut it). Metered as operation "generate_text" in tokens, in and out; reserved before
/// the first token, so that a quota's no comes before the work. Throws Error(denied) then,
/// Error(data) when the prompt does not fit the context, and as GrammarConstraint::mask does.
[[nodiscard]] Generation generate(RunnableModel& model, const GenerateRequest& request,
                                  const Reporting& reporting,
                                  const std::function<void(const TokenEvent&)>& each_token,
                                  const Reuse& reuse = {});

/// The same after a prompt that is tokens already, which `request.prompt` became. Throws
/// Error(data) when there are none.
[[nodiscard]] Generation generate_after(
    RunnableModel& model, std::span<const nn::TokenId> prompt, const GenerateRequest& request,
    const Reporting& reporting, const std::function<void(const TokenEvent&)>& each_token,
    const Reuse& reuse = {});

}  // namespace hart::infer
