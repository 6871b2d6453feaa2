#include <string>

#include "commands.h"
#include "common/line_stream.h"
#include "core/error.h"
#include "infer/clear_caches.h"
#include "model_choice.h"
#include "reuse_options.h"
#include "session_options.h"

namespace hart::infer_tool {
namespace {

Json cache_json(const char* type, const char* cache, const infer::CacheFigures& figures) {
  return {{"type", type},
          {"cache", cache},
          {"entries", figures.entries},
          {"bytes", figures.bytes},
          {"hits", figures.hits}};
}

int stat(cli::Context& context) {
  store::Store store = context.open_store();
  cli::Table table{{"CACHE", "ENTRIES", "BYTES", "LIMIT", "HITS"}};
  const auto show = [&](const char* cache, const infer::CacheFigures& figures,
                        std::uint64_t limit_bytes) {
    Json json = cache_json("cache", cache, figures);
    json["limit_bytes"] = limit_bytes;
    if (!context.out.human()) return context.out.write(json);
    table.row({cache, std::to_string(figures.entries), cli::format_bytes(figures.bytes),
               cli::format_bytes(limit_bytes), std::to_string(figures.hits)});
  };
  show("results", infer::ResultCache{store}.figures(), infer::ResultCache::kDefaultLimitBytes);
  show("prefixes", infer::PrefixCache{store}.figures(), infer::PrefixCache::kDefaultLimitBytes);
  if (!table.empty()) context.out.table(table);
  return 0;
}

int clear(cli::Context& context) {
  store::Store store = context.open_store(!context.common.dry_run);
  const infer::CacheFigures results = infer::ResultCache{store}.figures();
  const infer::CacheFigures prefixes = infer::PrefixCache{store}.figures();
  if (!context.common.dry_run) infer::clear_caches(store);
  if (context.out.human()) {
    context.notice((context.common.dry_run ? "would remove " : "removed ") +
                   std::to_string(results.entries) + " results and " +
                   std::to_string(prefixes.entries) + " prefixes");
    return 0;
  }
  context.out.write(cache_json("cleared", "results", results));
  context.out.write(cache_json("cleared", "prefixes", prefixes));
  return 0;
}

struct PrimeOptions {
  std::optional<std::string> prompt;
  std::string model;
  std::string kv_type = "f16";
};

/// Evaluates prompts and keeps what the model knows of them.
class Priming {
 public:
  Priming(const PrimeOptions& options, cli::Context& context)
      : options_{options},
        context_{context},
        chosen_{choose_model(context, options.model, true)} {
    if (!chosen_.store || !chosen_.store->writable())
      throw Error{Fault::no_input, "there is no store to keep prefixes in"};
    kept_.emplace(ReuseOptions{}, chosen_);
  }

  void prime(const std::string& text) {
    const std::vector<nn::TokenId> prompt =
        chosen_.model->tokenizer().encode(text, {.add_special = true});
    infer::Sequence& sequence = kept_->sequence();
    const std::uint32_t found =
        sequence.begin(prompt, {.context_length = static_cast<std::uint32_t>(prompt.size()),
                                .threads = context_.common.threads,
                                .kv_type = parse_kv_type(options_.kv_type)});
    sequence.evaluate(std::span{prompt}.subspan(found));
    const std::uint32_t kept = sequence.keep_prompt(1);
    Json json{{"type", "prefix"},
              {"model", chosen_.model->name()},
              {"tokens", prompt.size()},
              {"found", found},
              {"kept", kept}};
    if (!context_.out.human()) return context_.out.write(json);
    context_.notice(std::to_string(prompt.size()) + " tokens, " + std::to_string(found) +
                    " known, " + std::to_string(kept) + " kept");
  }

 private:
  const PrimeOptions& options_;
  cli::Context& context_;
  ChosenModel chosen_;
  std::optional<KeptWork> kept_;
};

int prime(const PrimeOptions& options, cli::Context& context) {
  Priming priming{options, context};
  if (options.prompt && *options.prompt != "-") {
    priming.prime(*options.prompt);
    return 0;
  }
  return cli::for_each_line(context, [&](const cli::InputLine& line) {
    priming.prime(cli::required_string(line.value, "text"));
  });
}

}  // namespace

void add_cache(cli::Command& tool) {
  cli::Command& command = tool.subcommand("cache", "Kept results, and states of prompts");
  cli::Command& stat_command =
      command.subcommand("stat", "How much is kept, and how often used");
  stat_command.action([](cli::Context& context) { return stat(context); });
  cli::Command& clear_command = command.subcommand("clear", "Empty both caches");
  clear_command.dry_run();
  clear_command.action([](cli::Context& context) { return clear(context); });
  cli::Command& prime_command =
      command.subcommand("prime", "Evaluate prompts that others will begin with");
  auto& options = prime_command.options<PrimeOptions>();
  prime_command.positional("PROMPT", options.prompt,
                           "what prompts begin with (without one, or with -: JSON lines "
                           "{\"text\"})");
  prime_command.option(
      "-m,--model", "MODEL", options.model,
      "a name in the store, or a .gguf file (default: the store's only model)");
  add_kv_type(prime_command, options.kv_type);
  prime_command.action([&options](cli::Context& context) { return prime(options, context); });
}

}  // namespace hart::infer_tool
