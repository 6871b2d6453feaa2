#include <string>

#include "commands.h"
#include "common/line_stream.h"
#include "core/error.h"
#include "core/mapped_file.h"
#include "infer/perplexity.h"
#include "infer/speed.h"
#include "model_choice.h"
#include "nn/sampler.h"
#include "session_options.h"

namespace hart::infer_tool {
namespace {

struct PerplexityCommand {
  std::string file;
  std::string model;
  unsigned context_length = 0;
  std::string kv_type = "f16";
};

int perplexity(const PerplexityCommand& options, cli::Context& context) {
  ChosenModel chosen = choose_model(context, options.model, false);
  const MappedFile file{options.file};
  const std::string_view text{reinterpret_cast<const char*>(file.bytes().data()),
                              file.bytes().size()};
  const infer::Perplexity result = infer::measure_perplexity(
      *chosen.model, text,
      {.context_length = options.context_length,
       .threads = context.common.threads,
       .kv_type = parse_kv_type(options.kv_type)},
      [&](const infer::Perplexity& so_far) {
        context.detail("window " + std::to_string(so_far.windows) + ": perplexity " +
                       std::to_string(so_far.perplexity));
      });
  context.out.write({{"type", "perplexity"},
                     {"model", chosen.model->name()},
                     {"perplexity", result.perplexity},
                     {"tokens", result.tokens},
                     {"windows", result.windows},
                     {"bits_per_byte", result.bits_per_byte}});
  return 0;
}

struct LogitsCommand {
  std::optional<std::string> text;
  std::string model;
  std::optional<unsigned> top;
  bool parse_special = false;
  std::string kv_type = "f16";
};

void write_logits(const LogitsCommand& options, infer::RunnableModel& model,
                  const std::string& text, cli::Context& context) {
  const std::vector<nn::TokenId> tokens = model.tokenizer().encode(
      text, {.add_special = true, .parse_special = options.parse_special});
  if (tokens.empty())
    throw Error{Fault::data, "the text is empty and the model has no begin token"};
  nn::TransformerSession session{model.weights(),
                                 {.context_length = static_cast<std::uint32_t>(tokens.size()),
                                  .threads = context.common.threads,
                                  .kv_type = parse_kv_type(options.kv_type)}};
  const std::span<const float> logits = session.evaluate(tokens);
  const double sum = nn::log_sum_exp(logits);
  Json line{{"type", "logits"}, {"model", model.name()}, {"tokens_in", tokens.size()}};
  if (!options.top) {
    Json all = Json::array();
    for (const float logit : logits) all.push_back(static_cast<double>(logit) - sum);
    line["logprobs"] = std::move(all);
    return context.out.write(line);
  }
  Json best = Json::array();
  for (const nn::TokenLogprob& one : nn::best_tokens(logits, *options.top))
    best.push_back({{"token", one.token},
                    {"text", model.tokenizer().piece(one.token)},
                    {"logprob", one.logprob}});
  line["top"] = std::move(best);
  context.out.write(line);
}

int logits(const LogitsCommand& options, cli::Context& context) {
  ChosenModel chosen = choose_model(context, options.model, false);
  if (options.text && *options.text != "-") {
    write_logits(options, *chosen.model, *options.text, context);
    return 0;
  }
  return cli::for_each_line(context, [&](const cli::InputLine& line) {
    write_logits(options, *chosen.model, cli::required_string(line.value, "text"), context);
  });
}

struct BenchCommand {
  std::string model;
  unsigned prompt_tokens = 128;
  unsigned tokens = 32;
  unsigned repeats = 3;
  std::string kv_type = "f16";
};

int bench(const BenchCommand& options, cli::Context& context) {
  ChosenModel chosen = choose_model(context, options.model, false);
  const infer::Speed speed =
      infer::measure_speed(*chosen.model, {.prompt_tokens = options.prompt_tokens,
                                           .tokens = options.tokens,
                                           .repeats = options.repeats,
                                           .threads = context.common.threads,
                                           .kv_type = parse_kv_type(options.kv_type)});
  context.out.write({{"type", "bench"},
                     {"model", chosen.model->name()},
                     {"threads", context.common.threads},
                     {"prompt_tokens", options.prompt_tokens},
                     {"prefill_tokens_per_second", speed.prefill_tokens_per_second},
                     {"decode_tokens_per_second", speed.decode_tokens_per_second},
                     {"first_token_seconds", speed.first_token_seconds},
                     {"weight_bytes", speed.weight_bytes},
                     {"decode_bytes_per_second", speed.decode_bandwidth},
                     {"read_bytes_per_second", speed.read_bandwidth},
                     {"decode_share", speed.decode_bandwidth / speed.read_bandwidth}});
  return 0;
}

constexpr const char* kModelHelp = "a file, a folder or a name in the store";

}  // namespace

void add_perplexity(cli::Command& tool) {
  cli::Command& command = tool.subcommand("perplexity", "How well a model predicts a text");
  auto& options = command.options<PerplexityCommand>();
  command.positional("FILE", options.file, "the text");
  command.option("-m,--model", "MODEL", options.model, kModelHelp);
  command.option("--context-length", "N", options.context_length,
                 "tokens of a window (default: 512, or the model's if less)");
  add_kv_type(command, options.kv_type);
  command.action([&options](cli::Context& context) { return perplexity(options, context); });
}

void add_logits(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("logits", "Log-probabilities of the token that follows a text");
  auto& options = command.options<LogitsCommand>();
  command.positional("TEXT", options.text, "without one, or with -: JSON lines {\"text\"}");
  command.option("-m,--model", "MODEL", options.model, kModelHelp);
  command.option("--top", "N", options.top, "only the N most probable (default: all, by id)");
  command.flag("--parse-special", options.parse_special, "read special tokens in the text");
  add_kv_type(command, options.kv_type);
  command.action([&options](cli::Context& context) { return logits(options, context); });
}

void add_bench(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("bench", "Prefill and decode rates, and the bandwidth they reach");
  auto& options = command.options<BenchCommand>();
  command.option("-m,--model", "MODEL", options.model, kModelHelp);
  command.option("--prompt-tokens", "N", options.prompt_tokens, "of the prompt")
      .range(1, 1 << 20);
  command.option("-n,--tokens", "N", options.tokens, "decoded after it").range(0, 1 << 20);
  command.option("--repeat", "N", options.repeats, "runs, of which the median counts")
      .range(1, 1000);
  add_kv_type(command, options.kv_type);
  command.action([&options](cli::Context& context) { return bench(options, context); });
}

}  // namespace hart::infer_tool
