#include <string>
#include <vector>

#include "commands.h"
#include "common/line_stream.h"
#include "core/error.h"
#include "model_choice.h"

namespace hart::infer_tool {
namespace {

struct TokenizeOptions {
  std::optional<std::string> text;
  std::string model;
  bool pieces = false;
  bool add_special = false;
  bool parse_special = false;
};

void tokenize_text(const nn::Tokenizer& tokenizer, const TokenizeOptions& options,
                   const std::string& text, cli::Output& out) {
  const std::vector<nn::TokenId> tokens = tokenizer.encode(
      text, {.add_special = options.add_special, .parse_special = options.parse_special});
  Json json{{"type", "tokens"}, {"tokens", tokens}};
  if (options.pieces) {
    Json pieces = Json::array();
    for (const nn::TokenId token : tokens) pieces.push_back(tokenizer.piece(token));
    json["pieces"] = std::move(pieces);
  }
  out.write(json);
}

int tokenize(const TokenizeOptions& options, cli::Context& context) {
  const ChosenModel chosen = choose_model(context, options.model, false);
  const nn::Tokenizer& tokenizer = chosen.model->tokenizer();
  if (options.text && *options.text != "-") {
    tokenize_text(tokenizer, options, *options.text, context.out);
    return 0;
  }
  return cli::for_each_line(context, [&](const cli::InputLine& line) {
    tokenize_text(tokenizer, options, cli::required_string(line.value, "text"), context.out);
  });
}

struct DetokenizeOptions {
  std::vector<std::string> tokens;
  std::string model;
};

nn::TokenId token_of(const Json& value) {
  if (!value.is_number_integer())
    throw Error{Fault::data, "`tokens` is not an array of integers"};
  const auto token = value.get<std::int64_t>();
  if (token < 0 || token > INT32_MAX)
    throw Error{Fault::data, "no such token: " + std::to_string(token)};
  return static_cast<nn::TokenId>(token);
}

void detokenize_ids(const nn::Tokenizer& tokenizer, const Json& ids, cli::Output& out) {
  if (!ids.is_array()) throw Error{Fault::data, "`tokens` is not an array of integers"};
  std::vector<nn::TokenId> tokens;
  for (const Json& id : ids) tokens.push_back(token_of(id));
  out.write({{"type", "text"}, {"text", tokenizer.decode(tokens)}});
}

int detokenize(const DetokenizeOptions& options, cli::Context& context) {
  const ChosenModel chosen = choose_model(context, options.model, false);
  const nn::Tokenizer& tokenizer = chosen.model->tokenizer();
  if (!options.tokens.empty() && options.tokens.front() != "-") {
    Json ids = Json::array();
    for (const std::string& token : options.tokens) ids.push_back(parse_json(token, "token"));
    detokenize_ids(tokenizer, ids, context.out);
    return 0;
  }
  return cli::for_each_line(context, [&](const cli::InputLine& line) {
    if (!line.value.contains("tokens")) throw Error{Fault::data, "the line has no `tokens`"};
    detokenize_ids(tokenizer, line.value["tokens"], context.out);
  });
}

}  // namespace

void add_tokenize(cli::Command& tool) {
  cli::Command& command = tool.subcommand("tokenize", "Text to token ids");
  auto& options = command.options<TokenizeOptions>();
  command.positional("TEXT", options.text, "without one, or with -: JSON lines {\"text\"}");
  command.option("-m,--model", "MODEL", options.model, "a name in the store, or a .gguf file");
  command.flag("--pieces", options.pieces, "with the text of each token");
  command.flag("--add-special", options.add_special, "with begin and end tokens");
  command.flag("--parse-special", options.parse_special, "read control tokens out of the text");
  command.action([&options](cli::Context& context) { return tokenize(options, context); });
}

void add_detokenize(cli::Command& tool) {
  cli::Command& command = tool.subcommand("detokenize", "Token ids to text");
  auto& options = command.options<DetokenizeOptions>();
  command.positional("TOKEN", options.tokens,
                     "without any, or with -: JSON lines {\"tokens\"}");
  command.option("-m,--model", "MODEL", options.model, "a name in the store, or a .gguf file");
  command.action([&options](cli::Context& context) { return detokenize(options, context); });
}

}  // namespace hart::infer_tool
