#pragma once

#include <memory>
#include <string>

#include "common/cli.h"
#include "nn/grammar_constraint.h"
#include "nn/sampler.h"

namespace hart::infer_tool {

/// Declares --temperature, --top-k and all else that decides how a token is drawn, --seed too.
void add_sampling_options(cli::Command& command, nn::SamplerOptions& options);

/// What the text must be in: files, or empty.
struct GrammarOptions {
  std::string grammar;      ///< GBNF
  std::string json_schema;  ///< JSON Schema
};

/// Declares --grammar and --json-schema.
void add_grammar_options(cli::Command& command, GrammarOptions& options);

/// A grammar read from its file, at work on the vocabulary of a model.
class ChosenGrammar {
 public:
  /// Throws as cli::read_input, parse_json, json_schema_to_gbnf and parse_grammar do, and
  /// Error(usage) when both files are given.
  ChosenGrammar(const GrammarOptions& options, const nn::Tokenizer& tokenizer);

  /// Null where no file was given.
  [[nodiscard]] nn::GrammarConstraint* constraint() const noexcept { return constraint_.get(); }
  /// As GBNF.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  std::unique_ptr<nn::Grammar> grammar_;
  std::unique_ptr<nn::TokenTrie> trie_;
  std::unique_ptr<nn::GrammarConstraint> constraint_;
};

}  // namespace hart::infer_tool
