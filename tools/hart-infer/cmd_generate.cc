#include <algorithm>
#include <fstream>
#include <memory>
#include <vector>

#include "bill/meter_gate.h"
#include "commands.h"
#include "common/line_stream.h"
#include "core/error.h"
#include "infer/generate.h"
#include "model_choice.h"
#include "prov/receipt_sink.h"

namespace hart::infer_tool {
namespace {

struct GenerateOptions {
  std::optional<std::string> prompt;
  std::string model;
  unsigned tokens = 128;
  double temperature = 0.8;
  unsigned top_k = 40;
  double top_p = 0.95;
  double min_p = 0.05;
  double repeat_penalty = 1.0;
  std::uint64_t seed = 0;
  std::vector<std::string> stop;
  std::string context;
  unsigned logprobs = 0;
  unsigned context_length = 0;
  bool stream = false;
  bool echo = false;
};

/// The evidence among JSON lines: every hit with a text; other lines are passed over.
std::vector<Evidence> read_evidence(const std::string& path) {
  const std::string lines = cli::read_input(path);
  std::vector<Evidence> evidence;
  double total = 0;
  std::size_t begin = 0;
  for (std::size_t number = 1; begin < lines.size(); ++number) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    const std::string_view line{lines.data() + begin, end - begin};
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Json json = parse_json(line, path + ":" + std::to_string(number));
    if (!json.is_object() || !json.contains("text") || !json["text"].is_string()) continue;
    Evidence item;
    item.text = json["text"].get<std::string>();
    item.atom = parse_id(cli::required_string(json, "atom"));
    item.name = cli::optional_string(json, "name").value_or("");
    const auto score = json.find("score");
    item.weight =
        score != json.end() && score->is_number() ? std::max(0.0, score->get<double>()) : 1;
    total += item.weight;
    evidence.push_back(std::move(item));
  }
  for (Evidence& item : evidence)
    item.weight = total > 0 ? item.weight / total : 1.0 / static_cast<double>(evidence.size());
  return evidence;
}

Json logprobs_json(const infer::TokenEvent& event, unsigned count) {
  Json best = Json::array();
  for (const nn::TokenLogprob& other : event.alternatives) {
    if (best.size() >= count) break;
    best.push_back({{"token", other.token}, {"logprob", other.logprob}});
  }
  return best;
}

/// Answers prompts with one loaded model.
class Generating {
 public:
  Generating(const GenerateOptions& options, cli::Context& context)
      : options_{options},
        context_{context},
        chosen_{choose_model(context, options.model, true)} {
    if (!options.context.empty()) evidence_ = read_evidence(options.context);
    if (chosen_.store && chosen_.store->writable()) {
      sink_ = std::make_unique<prov::ReceiptSink>(*chosen_.store);
      gate_ = std::make_unique<bill::MeterGate>(*chosen_.store);
    }
  }

  void answer(const std::string& prompt, const std::vector<Evidence>& evidence) {
    infer::GenerateRequest request;
    request.prompt = prompt;
    request.evidence = evidence;
    request.sampling = {.temperature = options_.temperature,
                        .top_k = options_.top_k,
                        .top_p = options_.top_p,
                        .min_p = options_.min_p,
                        .repeat_penalty = options_.repeat_penalty,
                        .seed = options_.seed,
                        .alternatives = options_.logprobs};
    request.max_tokens = options_.tokens;
    request.stop = options_.stop;
    request.context_length = options_.context_length;
    request.threads = context_.common.threads;
    const bool human = context_.out.human();
    if (human && options_.echo) context_.out.raw(as_bytes(cli::printable(prompt)));
    const infer::Generation generation =
        infer::generate(*chosen_.model, request, {sink_.get(), gate_.get()},
                        [&](const infer::TokenEvent& event) { show(event); });
    finish(prompt, generation);
  }

  [[nodiscard]] const std::vector<Evidence>& evidence() const noexcept { return evidence_; }

 private:
  void show(const infer::TokenEvent& event) {
    context_.check_interrupt();
    if (context_.out.human()) {
      // A person sees the text grow.
      context_.out.raw(as_bytes(cli::printable(event.text)));
      context_.out.flush();
      return;
    }
    if (!options_.stream) return;
    Json json{{"type", "token"},
              {"index", event.index},
              {"token", event.token},
              {"text", event.text},
              {"logprob", event.logprob}};
    if (options_.logprobs > 0) json["alternatives"] = logprobs_json(event, options_.logprobs);
    if (!event.evidence.empty()) json["evidence"] = event.evidence;
    context_.out.write(json);
    context_.out.flush();
  }

  void finish(const std::string& prompt, const infer::Generation& generation) {
    const double rate = generation.seconds > 0
                            ? static_cast<double>(generation.tokens_out) / generation.seconds
                            : 0;
    if (context_.out.human()) {
      context_.out.raw(as_bytes("\n"));
      if (!generation.receipt.empty()) context_.notice("receipt " + generation.receipt);
      return;
    }
    Json json{{"type", "inference"},
              {"inference", uuid_text(generation.inference)},
              {"text", (options_.echo ? prompt : "") + generation.text},
              {"tokens_in", generation.tokens_in},
              {"tokens_out", generation.tokens_out},
              {"finish_reason", generation.finish_reason},
              {"model", chosen_.model->name()},
              {"seconds", generation.seconds},
              {"tokens_per_second", rate},
              {"cached", false}};
    json["receipt"] = generation.receipt.empty() ? Json(nullptr) : Json(generation.receipt);
    context_.out.write(json);
  }

  const GenerateOptions& options_;
  cli::Context& context_;
  ChosenModel chosen_;
  std::unique_ptr<prov::ReceiptSink> sink_;
  std::unique_ptr<bill::MeterGate> gate_;
  std::vector<Evidence> evidence_;
};

int generate(const GenerateOptions& options, cli::Context& context) {
  const bool stream = !options.prompt || *options.prompt == "-";
  if (stream && options.context == "-")
    throw Error{Fault::usage, "standard input cannot hold both the prompts and the context"};
  Generating generating{options, context};
  if (!stream) {
    generating.answer(*options.prompt, generating.evidence());
    return 0;
  }
  return cli::for_each_line(context, [&](const cli::InputLine& line) {
    generating.answer(cli::required_string(line.value, "text"), generating.evidence());
  });
}

}  // namespace

void add_generate(cli::Command& tool) {
  cli::Command& command = tool.subcommand("generate", "Continue a prompt, token by token");
  auto& options = command.options<GenerateOptions>();
  command.positional("PROMPT", options.prompt,
                     "the text to continue (without one, or with -: JSON lines {\"text\"})");
  command.option("-m,--model", "MODEL", options.model,
                 "a name in the store, or a .gguf file (default: the store's only model)");
  command.option("-n,--tokens", "N", options.tokens, "at most so many").range(0, 1e9);
  command.option("--temperature", "T", options.temperature, "0 takes the likeliest token")
      .range(0, 100);
  command.option("--top-k", "K", options.top_k, "keep the K likeliest; 0: all");
  command.option("--top-p", "P", options.top_p, "keep the fewest that reach P").range(1e-9, 1);
  command.option("--min-p", "P", options.min_p, "drop those below P of the best").range(0, 1);
  command.option("--repeat-penalty", "R", options.repeat_penalty, "1: none").range(1e-3, 100);
  command.option("--seed", "N", options.seed, "the same seed gives the same text");
  command.option("--stop", "TEXT", options.stop, "end before this text; may be repeated");
  command.option("--context", "FILE", options.context,
                 "ground on hits of hart-search (JSON lines); - for standard input");
  command.option("--logprobs", "N", options.logprobs, "with --stream: the N best other tokens")
      .range(0, 1000);
  command.option("--context-length", "N", options.context_length,
                 "positions to hold (0: what the prompt and -n need)");
  command.flag("--stream", options.stream, "one line a token, then the result");
  command.flag("--echo", options.echo, "put the prompt before the text");
  command.action([&options](cli::Context& context) { return generate(options, context); });
}

}  // namespace hart::infer_tool
