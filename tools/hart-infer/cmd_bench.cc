#include <string>

#include "commands.h"
#include "infer/speed.h"
#include "model_choice.h"
#include "session_options.h"

namespace hart::infer_tool {
namespace {

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

}  // namespace

void add_bench(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("bench", "Prefill and decode rates, and the bandwidth they reach");
  auto& options = command.options<BenchCommand>();
  command.option("-m,--model", "MODEL", options.model,
                 "a file, a folder or a name in the store");
  command.option("--prompt-tokens", "N", options.prompt_tokens, "of the prompt")
      .range(1, 1 << 20);
  command.option("-n,--tokens", "N", options.tokens, "decoded after it").range(0, 1 << 20);
  command.option("--repeat", "N", options.repeats, "runs, of which the median counts")
      .range(1, 1000);
  add_kv_type(command, options.kv_type);
  command.action([&options](cli::Context& context) { return bench(options, context); });
}

}  // namespace hart::infer_tool
