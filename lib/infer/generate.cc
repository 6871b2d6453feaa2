#include "infer/generate.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "infer/grounding.h"

namespace hart::infer {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
/// Positions that a session may hold when the caller does not say.
constexpr std::uint64_t kMaxContext = 1 << 20;
/// Rejected tokens that a receipt keeps for each token.
constexpr std::uint32_t kReceiptAlternatives = 3;

/// Gives a reservation back unless it was settled.
class Metered {
 public:
  Metered(UsageGate* gate, std::uint64_t tokens) : gate_{gate} {
    if (gate_ != nullptr)
      reservation_ =
          gate_->reserve({"generate_text", static_cast<std::int64_t>(tokens) * kMicros});
  }
  ~Metered() {
    if (gate_ != nullptr) gate_->release(reservation_);
  }
  Metered(const Metered&) = delete;
  Metered& operator=(const Metered&) = delete;

  void settle(const UsageRecord& record) {
    if (gate_ == nullptr) return;
    gate_->settle(reservation_, record);
    gate_ = nullptr;
  }

 private:
  UsageGate* gate_;
  UsageGate::Reservation reservation_ = 0;
};

/// Text that streams out while nothing in it can still become a stop string.
class StopFilter {
 public:
  explicit StopFilter(const std::vector<std::string>& stops) : stops_{stops} {}

  /// What may be shown now. Sets `stopped` when a stop string is complete.
  std::string push(const std::string& piece, bool& stopped) {
    held_ += piece;
    std::size_t cut = std::string::npos;
    for (const std::string& stop : stops_)
      if (!stop.empty()) cut = std::min(cut, held_.find(stop));
    if (cut != std::string::npos) {
      stopped = true;
      return std::exchange(held_, {}).substr(0, cut);
    }
    const std::size_t keep = longest_beginning();
    std::string shown = held_.substr(0, held_.size() - keep);
    held_.erase(0, shown.size());
    return shown;
  }
  std::string finish() { return std::exchange(held_, {}); }

 private:
  /// Length of the longest end of the text that a stop string begins with.
  [[nodiscard]] std::size_t longest_beginning() const {
    std::size_t longest = 0;
    for (const std::string& stop : stops_)
      for (std::size_t n = std::min(stop.size(), held_.size()); n > longest; --n)
        if (held_.compare(held_.size() - n, n, stop, 0, n) == 0) longest = n;
    return longest;
  }

  const std::vector<std::string>& stops_;
  std::string held_;
};

Json sampling_json(const GenerateRequest& request) {
  return {{"max_tokens", request.max_tokens},
          {"min_p", request.sampling.min_p},
          {"repeat_last_n", request.sampling.repeat_last_n},
          {"repeat_penalty", request.sampling.repeat_penalty},
          {"stop", request.stop},
          {"temperature", request.sampling.temperature},
          {"top_k", request.sampling.top_k},
          {"top_p", request.sampling.top_p}};
}

GenerationBegin begin_of(const RunnableModel& model, const GenerateRequest& request,
                         const Generation& generation, TimeUs started) {
  GenerationBegin begin;
  begin.inference = generation.inference;
  begin.started = started;
  begin.operation = "generate_text";
  begin.model = model.id();
  begin.model_name = model.name();
  begin.parameters = sampling_json(request);
  begin.seed = request.sampling.seed;
  begin.prompt = request.prompt;
  begin.evidence = request.evidence;
  return begin;
}

UsageRecord usage_of(const RunnableModel& model, const GenerateRequest& request,
                     const Generation& generation) {
  UsageRecord record;
  record.source = "hart-infer";
  record.event_id = uuid_text(generation.inference);
  record.operation = "generate_text";
  record.units_micros =
      static_cast<std::int64_t>(generation.tokens_in + generation.tokens_out) * kMicros;
  record.unit = "token";
  record.time = now_us();
  record.attributes = {{"model", model.name()},
                       {"content_type", "text"},
                       {"grounding", request.evidence.empty() ? "none" : "context"},
                       {"evidence_count", request.evidence.size()},
                       {"tokens_in", generation.tokens_in},
                       {"tokens_out", generation.tokens_out}};
  return record;
}

GeneratedToken receipt_token(const TokenEvent& event, const nn::Tokenizer& tokenizer) {
  GeneratedToken token;
  token.token = event.token;
  token.text = tokenizer.piece(event.token);
  token.logprob = static_cast<float>(event.logprob);
  for (const nn::TokenLogprob& other : event.alternatives)
    token.alternatives.push_back(
        {other.token, static_cast<float>(other.logprob), tokenizer.piece(other.token)});
  token.evidence = event.evidence;
  return token;
}

/// The loop itself: evaluates, samples, streams, until an end is reached.
class Generator {
 public:
  Generator(RunnableModel& model, const GenerateRequest& request, EventSink* sink,
            const std::function<void(const TokenEvent&)>& each_token)
      : model_{model},
        request_{request},
        sink_{sink},
        each_token_{each_token},
        pieces_{model.tokenizer()},
        stops_{request.stop},
        grounding_{model.tokenizer(), request.evidence} {}

  void run(const std::vector<nn::TokenId>& prompt, nn::LlamaSession& session,
           Generation& generation);

 private:
  /// True when the token ended the text.
  bool emit(const nn::Choice& choice, bool last, Generation& generation);

  RunnableModel& model_;
  const GenerateRequest& request_;
  EventSink* sink_;
  const std::function<void(const TokenEvent&)>& each_token_;
  nn::PieceStream pieces_;
  StopFilter stops_;
  Grounding grounding_;
};

bool Generator::emit(const nn::Choice& choice, bool last, Generation& generation) {
  TokenEvent event;
  event.index = generation.tokens_out++;
  event.token = choice.token;
  event.logprob = choice.logprob;
  event.alternatives = choice.alternatives;
  event.evidence = grounding_.next(choice.token);
  bool stopped = model_.tokenizer().is_eog(choice.token);
  if (stopped) {
    event.text = stops_.push(pieces_.finish(), stopped);
    event.text += stops_.finish();
  } else {
    event.text = stops_.push(pieces_.push(choice.token), stopped);
    // Whoever reads the stream gets all of the text: nothing stays held back at the end.
    if (last && !stopped) event.text += stops_.finish() + pieces_.finish();
  }
  generation.text += event.text;
  if (sink_ != nullptr) sink_->token(receipt_token(event, model_.tokenizer()));
  if (each_token_) each_token_(event);
  return stopped;
}

void Generator::run(const std::vector<nn::TokenId>& prompt, nn::LlamaSession& session,
                    Generation& generation) {
  nn::SamplerOptions sampling = request_.sampling;
  sampling.alternatives = std::max(sampling.alternatives, kReceiptAlternatives);
  nn::Sampler sampler{sampling};
  for (const nn::TokenId token : prompt) sampler.accept(token);
  generation.finish_reason = "length";
  if (request_.max_tokens == 0) return;
  std::span<const float> logits = session.evaluate(prompt);
  while (true) {
    const nn::Choice choice = sampler.sample(logits);
    const bool last =
        generation.tokens_out + 1 >= request_.max_tokens || session.remaining() == 0;
    if (emit(choice, last, generation)) {
      generation.finish_reason = "stop";
      return;
    }
    if (last) return;
    logits = session.evaluate(std::span{&choice.token, 1});
  }
}

}  // namespace

Generation generate(RunnableModel& model, const GenerateRequest& request,
                    const Reporting& reporting,
                    const std::function<void(const TokenEvent&)>& each_token) {
  const TimeUs started = now_us();
  const double start = steady_seconds();
  Generation generation;
  generation.inference = make_uuid7(started);
  const std::vector<nn::TokenId> prompt = model.tokenizer().encode(
      grounded_prompt(request.evidence, request.prompt), {.add_special = true});
  if (prompt.empty())
    throw Error{Fault::data, "the prompt is empty and the model has no begin token"};
  const std::uint64_t needed = std::uint64_t{prompt.size()} + request.max_tokens;
  const std::uint64_t context =
      request.context_length != 0 ? request.context_length : std::min(needed, kMaxContext);
  if (prompt.size() > context)
    throw Error{Fault::data, "the prompt has " + std::to_string(prompt.size()) +
                                 " tokens, but the context holds " + std::to_string(context)};
  nn::LlamaSession session{
      model.weights(),
      {.context_length = static_cast<std::uint32_t>(context), .threads = request.threads}};
  generation.tokens_in = prompt.size();

  Metered metered{reporting.gate, prompt.size() + request.max_tokens};
  if (reporting.sink != nullptr)
    reporting.sink->begin(begin_of(model, request, generation, started));
  Generator{model, request, reporting.sink, each_token}.run(prompt, session, generation);
  generation.seconds = steady_seconds() - start;
  if (reporting.sink != nullptr)
    generation.receipt =
        reporting.sink->end({now_us(), generation.text, generation.finish_reason,
                             generation.tokens_in, generation.tokens_out});
  metered.settle(usage_of(model, request, generation));
  return generation;
}

}  // namespace hart::infer
