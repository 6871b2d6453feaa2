#include <string>

#include "commands.h"
#include "core/mapped_file.h"
#include "infer/perplexity.h"
#include "model_choice.h"
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

}  // namespace

void add_perplexity(cli::Command& tool) {
  cli::Command& command = tool.subcommand("perplexity", "How well a model predicts a text");
  auto& options = command.options<PerplexityCommand>();
  command.positional("FILE", options.file, "the text");
  command.option("-m,--model", "MODEL", options.model,
                 "a file, a folder or a name in the store");
  command.option("--context-length", "N", options.context_length,
                 "tokens of a window (default: 512, or the model's if less)");
  add_kv_type(command, options.kv_type);
  command.action([&options](cli::Context& context) { return perplexity(options, context); });
}

}  // namespace hart::infer_tool
