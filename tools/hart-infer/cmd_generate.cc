#include <algorithm>
#include <fstream>
#include <memory>
#include <vector>

#include "commands.h"
#include "common/line_stream.h"
#include "core/error.h"
#include "generation_output.h"
#include "infer/generate.h"
#include "model_choice.h"
#include "reports.h"
#include "reuse_options.h"
#include "sampling_options.h"
#include "session_options.h"

namespace hart::infer_tool {
namespace {

struct GenerateOptions {
  std::optional<std::string> prompt;
  std::string model;
  unsigned tokens = 128;
  nn::SamplerOptions sampling;
  GrammarOptions grammar;
  ReuseOptions reuse;
  ReceiptKeyOptions receipt_key;
  std::string kv_type = "f16";
  std::vector<std::string> stop;
  std::string context;
  std::optional<unsigned> logprobs;
  bool prompt_logprobs = false;
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
    if (score != json.end() && score->is_number()) item.score = score->get<double>();
    const auto distance = json.find("distance");
    if (distance != json.end() && distance->is_number())
      item.distance = distance->get<double>();
    const auto rank = json.find("rank");
    if (rank != json.end() && rank->is_number_unsigned())
      item.rank = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(rank->get<std::uint64_t>(), UINT32_MAX));
    total += item.weight;
    evidence.push_back(std::move(item));
  }
  for (Evidence& item : evidence)
    item.weight = total > 0 ? item.weight / total : 1.0 / static_cast<double>(evidence.size());
  return evidence;
}

/// Answers prompts with one loaded model.
class Generating {
 public:
  Generating(const GenerateOptions& options, cli::Context& context)
      : options_{options},
        context_{context},
        chosen_{choose_model(context, options.model, true)},
        reports_{chosen_.store, options.receipt_key},
        grammar_{options.grammar, chosen_.model->tokenizer()},
        lookup_{lookup_of(options.reuse)},
        kept_{options.reuse, chosen_} {
    if (!options.context.empty()) evidence_ = read_evidence(options.context);
  }

  void answer(const std::string& prompt) {
    const infer::GenerateRequest request = request_of(prompt);
    logprobs_ = Json::array();
    const bool human = context_.out.human();
    if (human && options_.echo) context_.out.raw(as_bytes(cli::printable(prompt)));
    const infer::Generation generation = infer::generate(
        *chosen_.model, request, reports_.reporting(),
        [&](const infer::TokenEvent& event) { show(event); }, kept_.reuse());
    finish(prompt, generation);
    if (generation.finish_reason == infer::finish_reason::kGrammar)
      throw Error{Fault::data,
                  "no token of the model goes on as the grammar demands: the "
                  "text breaks off"};
  }

 private:
  [[nodiscard]] infer::GenerateRequest request_of(const std::string& prompt) {
    infer::GenerateRequest request;
    request.prompt = prompt;
    request.evidence = evidence_;
    request.sampling = options_.sampling;
    request.sampling.alternatives = options_.logprobs.value_or(0);
    request.max_tokens = options_.tokens;
    request.stop = options_.stop;
    request.grammar = grammar_.constraint();
    request.grammar_text = grammar_.text();
    request.context_length = options_.context_length;
    request.kv_type = parse_kv_type(options_.kv_type);
    request.threads = context_.common.threads;
    request.lookup = lookup_;
    if (options_.prompt_logprobs && !context_.out.human())
      request.each_prompt_token = [this](const infer::PromptToken& token) { show(token); };
    return request;
  }

  void show(const infer::PromptToken& token) {
    context_.check_interrupt();
    Json json{{"type", "prompt_token"},
              {"index", token.index},
              {"token", token.token},
              {"text", token.text},
              {"logprob", token.logprob ? Json(*token.logprob) : Json(nullptr)}};
    if (options_.logprobs) json["alternatives"] = alternatives_json(token.alternatives);
    context_.out.write(json);
  }

  void show(const infer::TokenEvent& event) {
    context_.check_interrupt();
    if (context_.out.human()) {
      // A person sees the text grow.
      context_.out.raw(as_bytes(cli::printable(event.text)));
      context_.out.flush();
      return;
    }
    if (!options_.stream) {
      if (options_.logprobs) logprobs_.push_back(logprobs_json(event));
      return;
    }
    Json json = token_json(event);
    if (options_.logprobs) json["alternatives"] = alternatives_json(event.alternatives);
    if (!event.evidence.empty()) json["evidence"] = event.evidence;
    context_.out.write(json);
    context_.out.flush();
  }

  /// An entry of the result's logprobs: the token's own text, whatever a stop text holds back.
  [[nodiscard]] Json logprobs_json(const infer::TokenEvent& event) const {
    return {{"token", event.token},
            {"text", chosen_.model->tokenizer().piece(event.token)},
            {"logprob", event.logprob},
            {"alternatives", alternatives_json(event.alternatives)}};
  }

  [[nodiscard]] Json alternatives_json(const std::vector<nn::TokenLogprob>& others) const {
    Json best = Json::array();
    for (const nn::TokenLogprob& other : others) {
      if (best.size() >= *options_.logprobs) break;
      best.push_back({{"token", other.token},
                      {"text", chosen_.model->tokenizer().piece(other.token)},
                      {"logprob", other.logprob}});
    }
    return best;
  }

  void finish(const std::string& prompt, const infer::Generation& generation) {
    if (context_.out.human()) {
      context_.out.raw(as_bytes("\n"));
      if (!generation.receipt.empty()) context_.notice("receipt " + generation.receipt);
      return;
    }
    Json json = inference_json(generation, chosen_.model->name(),
                               (options_.echo ? prompt : "") + generation.text);
    if (options_.logprobs && !options_.stream) json["logprobs"] = std::move(logprobs_);
    context_.out.write(json);
  }

  const GenerateOptions& options_;
  cli::Context& context_;
  ChosenModel chosen_;
  Reports reports_;
  ChosenGrammar grammar_;
  infer::Lookup lookup_;
  KeptWork kept_;
  std::vector<Evidence> evidence_;
  Json logprobs_ = Json::array();
};

void require_one_reader(const GenerateOptions& options, bool stream) {
  const int readers = static_cast<int>(stream) + (options.context == "-") +
                      (options.grammar.grammar == "-") + (options.grammar.json_schema == "-");
  if (readers > 1)
    throw Error{Fault::usage,
                "standard input can hold one of the prompts, the context and the "
                "grammar"};
}

int generate(const GenerateOptions& options, cli::Context& context) {
  const bool stream = !options.prompt || *options.prompt == "-";
  require_one_reader(options, stream);
  Generating generating{options, context};
  if (!stream) {
    generating.answer(*options.prompt);
    return 0;
  }
  return cli::for_each_line(context, [&](const cli::InputLine& line) {
    generating.answer(cli::required_string(line.value, "text"));
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
  add_sampling_options(command, options.sampling);
  add_grammar_options(command, options.grammar);
  command.option("--stop", "TEXT", options.stop, "end before this text; may be repeated");
  command.option("--context", "FILE", options.context,
                 "ground on hits of hart-search (JSON lines); - for standard input");
  command
      .option("--logprobs", "N", options.logprobs,
              "log-probabilities, and the N best other tokens")
      .range(0, 1000);
  command.flag("--prompt-logprobs", options.prompt_logprobs,
               "first one line for each token of the prompt");
  command.option("--context-length", "N", options.context_length,
                 "positions to hold (0: what the prompt and -n need)");
  add_kv_type(command, options.kv_type);
  add_reuse_options(command, options.reuse);
  add_receipt_key_options(command, options.receipt_key);
  command.flag("--stream", options.stream, "one line a token, then the result");
  command.flag("--echo", options.echo, "put the prompt before the text");
  command.action([&options](cli::Context& context) { return generate(options, context); });
}

}  // namespace hart::infer_tool
