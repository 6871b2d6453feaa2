#include <optional>
#include <string>

#include "commands.h"
#include "common/line_stream.h"
#include "core/error.h"
#include "model_choice.h"
#include "nn/sampler.h"
#include "session_options.h"

namespace hart::infer_tool {
namespace {

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

}  // namespace

void add_logits(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("logits", "Log-probabilities of the token that follows a text");
  auto& options = command.options<LogitsCommand>();
  command.positional("TEXT", options.text, "without one, or with -: JSON lines {\"text\"}");
  command.option("-m,--model", "MODEL", options.model,
                 "a file, a folder or a name in the store");
  command.option("--top", "N", options.top, "only the N most probable (default: all, by id)");
  command.flag("--parse-special", options.parse_special, "read special tokens in the text");
  add_kv_type(command, options.kv_type);
  command.action([&options](cli::Context& context) { return logits(options, context); });
}

}  // namespace hart::infer_tool
