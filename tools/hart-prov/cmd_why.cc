#include <cmath>
#include <cstdio>
#include <string>

#include "commands.h"
#include "common/output.h"
#include "core/clock.h"
#include "prov/explanation.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct WhyOptions {
  std::string inference;
  unsigned tokens = 5;
};

Json optional_json(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json();
}

/// Single precision has no more than seven digits worth printing.
double rounded(float logprob) {
  return std::round(double{logprob} * 1e6) / 1e6;
}

Json evidence_json(const prov::ExplainedEvidence& one) {
  return {{"atom", one.evidence.atom.text()},
          {"weight", one.evidence.weight},
          {"name", one.evidence.name},
          {"text", one.evidence.text},
          {"tokens", one.tokens}};
}

Json token_json(const prov::ExplainedToken& one) {
  Json alternatives = Json::array();
  for (const TokenAlternative& alternative : one.token.alternatives)
    alternatives.push_back({{"token", alternative.token},
                            {"text", alternative.text},
                            {"logprob", rounded(alternative.logprob)}});
  return {{"index", one.index},
          {"token", one.token.token},
          {"text", one.token.text},
          {"logprob", rounded(one.token.logprob)},
          {"alternatives", alternatives}};
}

Json explanation_json(const prov::Explanation& why) {
  Json json{{"type", "explanation"},
            {"inference", uuid_text(why.stream.uuid)},
            {"operation", why.stream.operation},
            {"asked", optional_json(why.prompt)},
            {"answered", optional_json(why.output)},
            {"model", why.stream.model.text()},
            {"model_name", optional_json(why.model_name)},
            {"parameters", why.parameters},
            {"seed", std::to_string(why.seed)},
            {"evidence", Json::array()},
            {"uncertain_tokens", Json::array()},
            {"tokens_in", why.stream.tokens_in},
            {"tokens_out", why.stream.tokens_out},
            {"finish_reason", why.stream.finish_reason},
            {"started", format_time(why.stream.started)},
            {"completed", format_time(why.stream.completed)},
            {"erased", why.erased},
            {"receipt", "sha256:" + to_hex(why.stream.receipt_hash)}};
  for (const prov::ExplainedEvidence& one : why.evidence)
    json["evidence"].push_back(evidence_json(one));
  for (const prov::ExplainedToken& one : why.uncertain)
    json["uncertain_tokens"].push_back(token_json(one));
  return json;
}

std::string percent(float logprob) {
  char text[24];
  std::snprintf(text, sizeof text, "%.1f%%", 100 * std::exp(double{logprob}));
  return text;
}

std::string weight_text(double weight) {
  char text[24];
  std::snprintf(text, sizeof text, "%.3f", weight);
  return text;
}

/// A piece as a reader can see it: in quotes, or its number where the text is unknown.
std::string piece(std::int32_t token, const std::string& text) {
  return text.empty() ? "token " + std::to_string(token) : dump_json(text);
}

/// "0-3, 7": indexes with runs drawn together.
std::string ranges(const std::vector<std::uint32_t>& indexes) {
  std::string text;
  for (std::size_t i = 0; i < indexes.size();) {
    std::size_t end = i;
    while (end + 1 < indexes.size() && indexes[end + 1] == indexes[end] + 1) ++end;
    if (!text.empty()) text += ", ";
    text += std::to_string(indexes[i]);
    if (end > i) text += "-" + std::to_string(indexes[end]);
    i = end + 1;
  }
  return text;
}

std::string evidence_text(const prov::Explanation& why) {
  if (why.evidence.empty()) return {};
  std::string text = "\nbecause of\n";
  for (const prov::ExplainedEvidence& one : why.evidence) {
    text += "  " + weight_text(one.evidence.weight) + "  " + one.evidence.name + ": " +
            one.evidence.text + "\n";
    if (!one.tokens.empty()) text += "         behind tokens " + ranges(one.tokens) + "\n";
  }
  return text;
}

std::string uncertain_text(const prov::Explanation& why) {
  if (why.uncertain.empty()) return {};
  std::string text = "\nleast certain of\n";
  for (const prov::ExplainedToken& one : why.uncertain) {
    text += "  token " + std::to_string(one.index) + " " +
            piece(one.token.token, one.token.text) + " " + percent(one.token.logprob) + "; not";
    const char* separator = " ";
    for (const TokenAlternative& alternative : one.token.alternatives) {
      text += separator + piece(alternative.token, alternative.text) + " " +
              percent(alternative.logprob);
      separator = ", ";
    }
    text += "\n";
  }
  return text;
}

std::string explanation_text(const prov::Explanation& why) {
  const std::string erased = "(erased)";
  const prov::GenerationStream& stream = why.stream;
  std::string text = "asked     " + why.prompt.value_or(erased) + "\n" + "answered  " +
                     why.output.value_or(erased) + "\n" + evidence_text(why) +
                     uncertain_text(why) + "\n";
  text += "inference " + uuid_text(stream.uuid) + "\n";
  text += "model     " + why.model_name.value_or(erased) + " " + stream.model.text() + "\n";
  text +=
      "with      " + dump_json(why.parameters) + ", seed " + std::to_string(why.seed) + "\n";
  text += "tokens    " + std::to_string(stream.tokens_in) + " in, " +
          std::to_string(stream.tokens_out) + " out, ended by " + stream.finish_reason + "\n";
  text += "when      " + format_time(stream.started) + "\n";
  text += "receipt   sha256:" + to_hex(stream.receipt_hash);
  return text;
}

int why(const WhyOptions& options, Context& context) {
  store::Store store = context.open_store();
  return for_each_generation(options.inference, context, [&](const std::string& reference) {
    const prov::Explanation why =
        prov::explain(store, prov::resolve_stream(store, reference), options.tokens);
    context.out.write(explanation_json(why), explanation_text(why));
    return true;
  });
}

}  // namespace

void add_why_command(Command& tool) {
  Command& command = tool.subcommand("why", "What led to an answer");
  auto& options = command.options<WhyOptions>();
  command.positional("ID", options.inference,
                     "the generation's UUID or 6 digits of it, - for JSON lines");
  command.option("--tokens", "N", options.tokens, "how many of the least certain tokens")
      .range(0, 100'000);
  command.action([&options](Context& context) { return why(options, context); });
}

}  // namespace hart::cli
