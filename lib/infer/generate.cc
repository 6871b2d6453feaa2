#include "infer/generate.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "infer/decoding.h"
#include "infer/generation_report.h"
#include "infer/generator.h"
#include "infer/grounding.h"
#include "infer/metered.h"
#include "infer/result_cache.h"
#include "infer/sequence.h"

namespace hart::infer {
namespace {

/// Positions that a session may hold when the caller does not say.
constexpr std::uint64_t kMaxContext = 1 << 20;
/// Rejected tokens that a receipt keeps for each token.
constexpr std::uint32_t kReceiptAlternatives = 3;

using Tokens = std::span<const nn::TokenId>;
using EachToken = std::function<void(const TokenEvent&)>;

std::uint32_t least_alternatives(const Reporting& reporting) {
  return reporting.sink != nullptr ? kReceiptAlternatives : 0;
}

/// Room for the prompt and, unless the caller says otherwise, for all that may be generated.
SequenceNeeds sequence_needs(const GenerateRequest& request, std::size_t prompt_size) {
  const std::uint64_t needed = std::uint64_t{prompt_size} + request.max_tokens;
  const std::uint64_t context =
      request.context_length != 0 ? request.context_length : std::min(needed, kMaxContext);
  return {.context_length = static_cast<std::uint32_t>(context),
          .threads = request.threads,
          .kv_type = request.kv_type,
          .reuses = !request.each_prompt_token};
}

/// Tells how probable each token of the prompt was; gives the logits of what follows the last.
std::vector<float> score_prompt(Sequence& sequence, Tokens prompt,
                                const nn::Tokenizer& tokenizer,
                                const GenerateRequest& request) {
  const auto tell = [&](std::size_t index, std::span<const float> before) {
    PromptToken out;
    out.index = index;
    out.token = prompt[index];
    out.text = tokenizer.piece(out.token);
    if (!before.empty()) {
      out.logprob = before[static_cast<std::size_t>(out.token)] - nn::log_sum_exp(before);
      out.alternatives = nn::best_tokens(before, request.sampling.alternatives, out.token);
    }
    request.each_prompt_token(out);
  };
  tell(0, {});
  std::vector<float> last;
  sequence.evaluate_each(prompt, [&](std::size_t index, std::span<const float> logits) {
    if (index + 1 < prompt.size())
      tell(index + 1, logits);
    else
      last.assign(logits.begin(), logits.end());
  });
  return last;
}

/// A generation that is under way: reserved, reported and recorded, token by token.
class Answer {
 public:
  Answer(const RunnableModel& model, const GenerateRequest& request, const Reporting& reporting,
         const EachToken& each_token, std::uint64_t tokens_in, double start_seconds)
      : model_{model},
        request_{request},
        reporting_{reporting},
        each_token_{each_token},
        start_seconds_{start_seconds},
        metered_{reporting.gate,
                 {"generate_text", token_micros(tokens_in + request.max_tokens), "token"}} {
    const TimeUs started = now_us();
    generation_.inference = make_uuid7(started);
    generation_.tokens_in = recorded_.tokens_in = tokens_in;
    if (reporting_.sink != nullptr)
      reporting_.sink->begin(
          generation_begin(model_, request_, generation_.inference, started));
  }

  void show(const TokenEvent& event) {
    if (reporting_.sink != nullptr)
      reporting_.sink->token(receipt_token(event, model_.tokenizer()));
    if (each_token_) each_token_(event);
    generation_.text += event.text;
    recorded_.events.push_back(event);
  }

  Generation end(const char* reason, bool cached) {
    recorded_.finish_reason = reason;
    generation_.tokens_out = recorded_.events.size();
    generation_.finish_reason = reason;
    generation_.cached = cached;
    generation_.seconds = steady_seconds() - start_seconds_;
    const UsageRecord usage = generation_usage(model_, request_, generation_);
    if (reporting_.sink != nullptr)
      generation_.receipt =
          reporting_.sink->end({now_us(),
                                generation_.text,
                                generation_.finish_reason,
                                generation_.tokens_in,
                                generation_.tokens_out,
                                {{usage.operation, usage.unit, usage.units_micros}}});
    metered_.settle(usage);
    return std::move(generation_);
  }

  [[nodiscard]] const RecordedGeneration& recorded() const noexcept { return recorded_; }

 private:
  const RunnableModel& model_;
  const GenerateRequest& request_;
  const Reporting& reporting_;
  const EachToken& each_token_;
  double start_seconds_;
  Metered metered_;
  Generation generation_;
  RecordedGeneration recorded_;
};

/// Shows again what was generated once.
Generation repeat(RunnableModel& model, const RecordedGeneration& recorded,
                  const GenerateRequest& request, const Reporting& reporting,
                  const EachToken& each_token, double start_seconds) {
  Answer answer{model, request, reporting, each_token, recorded.tokens_in, start_seconds};
  for (const TokenEvent& event : recorded.events) answer.show(event);
  return answer.end(recorded.finish_reason, true);
}

}  // namespace

Generation generate_after(RunnableModel& model, Tokens prompt, const GenerateRequest& request,
                          const Reporting& reporting, const EachToken& each_token,
                          const Reuse& reuse) {
  const double start = steady_seconds();
  if (prompt.empty())
    throw Error{Fault::data, "the prompt is empty and the model has no begin token"};
  const std::uint32_t alternatives =
      std::max(request.sampling.alternatives, least_alternatives(reporting));
  ResultCache* results = request.each_prompt_token ? nullptr : reuse.results;
  Hash256 key{};
  if (results != nullptr) {
    key = generation_key(results->tenant_id(), model.fingerprint(), prompt, request,
                         alternatives);
    if (const auto recorded = results->find(key))
      return repeat(model, *recorded, request, reporting, each_token, start);
  }
  Generator generator{model.tokenizer(), request, alternatives};
  Sequence own{model};
  Sequence& sequence = reuse.sequence != nullptr ? *reuse.sequence : own;
  const std::uint32_t known = sequence.begin(prompt, sequence_needs(request, prompt.size()));

  Answer answer{model, request, reporting, each_token, prompt.size(), start};
  std::vector<float> scored;
  std::span<const float> logits;
  if (request.each_prompt_token)
    logits = scored = score_prompt(sequence, prompt, model.tokenizer(), request);
  else if (!generator.is_done())
    logits = sequence.evaluate(prompt.subspan(known));
  generator.read(prompt);
  decode(generator, sequence, prompt, logits, request.max_tokens, request.lookup,
         [&](const TokenEvent& event) { answer.show(event); });
  Generation generation = answer.end(generator.reason(), false);
  if (results != nullptr) results->keep(key, answer.recorded());
  sequence.keep_prompt();
  return generation;
}

Generation generate(RunnableModel& model, const GenerateRequest& request,
                    const Reporting& reporting, const EachToken& each_token,
                    const Reuse& reuse) {
  const std::vector<nn::TokenId> prompt = model.tokenizer().encode(
      grounded_prompt(request.evidence, request.prompt), request.encoding);
  return generate_after(model, prompt, request, reporting, each_token, reuse);
}

}  // namespace hart::infer
