#include "sampling_options.h"

#include "core/error.h"
#include "core/json.h"
#include "nn/grammar.h"
#include "nn/json_schema.h"

namespace hart::infer_tool {
namespace {

void add_filters(cli::Command& command, nn::SamplerOptions& options) {
  command.option("--temperature", "T", options.temperature, "0 takes the likeliest token")
      .range(0, 100);
  command
      .option("--top-n-sigma", "N", options.top_n_sigma,
              "drop those N deviations below the best; 0: none")
      .range(0, 1000);
  command.option("--top-k", "K", options.top_k, "keep the K likeliest; 0: all");
  command.option("--typical-p", "P", options.typical_p, "keep the most typical that reach P")
      .range(1e-9, 1);
  command.option("--top-p", "P", options.top_p, "keep the fewest that reach P").range(1e-9, 1);
  command.option("--min-p", "P", options.min_p, "drop those below P of the best").range(0, 1);
  command
      .option("--xtc-probability", "P", options.xtc_probability,
              "how often to exclude the top choices")
      .range(0, 1);
  command
      .option("--xtc-threshold", "P", options.xtc_threshold, "the probability of a top choice")
      .range(0, 1);
}

void add_penalties(cli::Command& command, nn::SamplerOptions& options) {
  command.option("--repeat-penalty", "R", options.repeat_penalty, "1: none").range(1e-3, 100);
  command.option("--frequency-penalty", "R", options.frequency_penalty, "0: none")
      .range(-100, 100);
  command.option("--presence-penalty", "R", options.presence_penalty, "0: none")
      .range(-100, 100);
  command
      .option("--repeat-last-n", "N", options.repeat_last_n,
              "how many tokens the penalties look at")
      .range(0, 1e9);
}

}  // namespace

void add_sampling_options(cli::Command& command, nn::SamplerOptions& options) {
  add_filters(command, options);
  add_penalties(command, options);
  command.option("--mirostat", "N", options.mirostat, "version 1 or 2 instead of filters")
      .range(0, 2);
  command.option("--mirostat-tau", "BITS", options.mirostat_tau, "the surprise aimed at")
      .range(1e-3, 100);
  command.option("--mirostat-eta", "R", options.mirostat_eta, "how fast it is approached")
      .range(1e-6, 1);
  command.option("--seed", "N", options.seed, "the same seed gives the same text");
}

void add_grammar_options(cli::Command& command, GrammarOptions& options) {
  command.option("--grammar", "FILE", options.grammar, "the text must be in this GBNF grammar");
  command.option("--json-schema", "FILE", options.json_schema,
                 "the text must be JSON that this schema accepts");
}

ChosenGrammar::ChosenGrammar(const GrammarOptions& options, const nn::Tokenizer& tokenizer) {
  if (options.grammar.empty() && options.json_schema.empty()) return;
  if (!options.grammar.empty() && !options.json_schema.empty())
    throw Error{Fault::usage, "--grammar and --json-schema exclude each other"};
  if (!options.grammar.empty())
    text_ = cli::read_input(options.grammar, nn::kMaxGrammarBytes);
  else
    text_ = nn::json_schema_to_gbnf(parse_json(
        cli::read_input(options.json_schema, nn::kMaxGrammarBytes), options.json_schema));
  grammar_ = std::make_unique<nn::Grammar>(nn::parse_gbnf(text_));
  trie_ = std::make_unique<nn::TokenTrie>(tokenizer);
  constraint_ = std::make_unique<nn::GrammarConstraint>(*grammar_, *trie_);
}

}  // namespace hart::infer_tool
