#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "about.h"
#include "commands.h"
#include "common/output.h"
#include "core/clock.h"
#include "prov/explanation.h"
#include "prov/graph/store_graph.h"
#include "receipt_json.h"
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

Json vector_json(const prov::VectorDigest& vector) {
  return {{"dims", vector.dims}, {"sha256", to_hex(vector.hash)}};
}

/// Its place in the list that found it, as far as it is known.
void add_place(const Evidence& evidence, Json& json) {
  if (evidence.rank > 0) json["rank"] = evidence.rank;
  if (evidence.distance) json["distance"] = *evidence.distance;
  if (evidence.score) json["score"] = *evidence.score;
}

Json evidence_json(const prov::ExplainedEvidence& one) {
  Json json{{"atom", one.evidence.atom.text()}, {"weight", one.evidence.weight},
            {"strength", one.strength},         {"name", one.evidence.name},
            {"text", one.evidence.text},        {"tokens", one.tokens}};
  add_place(one.evidence, json);
  return json;
}

Json query_json(const prov::AnsweredQuery& query) {
  Json hits = Json::array();
  for (const Evidence& hit : query.hits) {
    Json json{{"atom", hit.atom.text()}};
    add_place(hit, json);
    hits.push_back(std::move(json));
  }
  Json json{{"asked", query.text}};
  if (query.vector.dims > 0) json["vector"] = vector_json(query.vector);
  json["hits"] = std::move(hits);
  return json;
}

Json models_json(const prov::Explanation& why) {
  Json models = Json::array();
  for (const UsedModel& model : why.models)
    models.push_back(
        {{"model", model.id.text()}, {"name", model.name}, {"weight", model.weight}});
  return models;
}

Json subjects_json(const prov::Explanation& why) {
  Json subjects = Json::array();
  for (const SubjectAtom& subject : why.subjects)
    subjects.push_back({{"atom", subject.atom.text()},
                        {"role", subject.role},
                        {"bytes", subject.bytes},
                        {"name", subject.name}});
  return subjects;
}

Json reasoning_json(const prov::Explanation& why) {
  if (why.reasoning.empty() && why.steps.empty()) return nullptr;
  Json steps = Json::array();
  for (const ReasoningStep& step : why.steps)
    steps.push_back({{"kind", step.kind}, {"text", step.text}, {"weight", step.weight}});
  return {{"mode", why.reasoning}, {"steps", std::move(steps)}};
}

Json token_json(const prov::OpenedReceipt::Token& one) {
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

Json optional_number(const std::optional<double>& number) {
  return number ? Json(*number) : Json();
}

Json measures_json(const prov::Measures& measures) {
  return {{"confidence", optional_number(measures.confidence)},
          {"grounding", optional_number(measures.grounding)},
          {"support", measures.support},
          {"trust", optional_number(prov::trust(measures))}};
}

Json explanation_json(const prov::Explanation& why) {
  Json json{{"type", "explanation"},
            {"inference", uuid_text(why.stream.uuid)},
            {"operation", why.stream.operation},
            {"asked", optional_json(why.prompt)},
            {"answered", optional_json(why.output)},
            {"model", why.models.empty() ? Json(nullptr) : Json(why.models[0].id.text())},
            {"model_name", optional_json(why.model_name)},
            {"models", models_json(why)},
            {"actor", optional_json(why.actor)},
            {"engine", why.engine ? engine_json(*why.engine) : Json(nullptr)},
            {"parameters", why.parameters},
            {"seed", why.seed ? Json(std::to_string(*why.seed)) : Json(nullptr)},
            {"subjects", subjects_json(why)},
            {"vector", why.vector ? vector_json(*why.vector) : Json(nullptr)},
            {"queries", Json::array()},
            {"reasoning", reasoning_json(why)},
            {"measures", measures_json(why.measures)},
            {"evidence", Json::array()},
            {"uncertain_tokens", Json::array()},
            {"tokens_in", why.stream.tokens_in},
            {"tokens_out", why.stream.tokens_out},
            {"finish_reason", why.stream.finish_reason},
            {"started", format_time(why.stream.started)},
            {"completed", format_time(why.stream.completed)},
            {"usage", usage_json(why.charges)},
            {"erased", why.erased},
            {"receipt", "sha256:" + to_hex(why.stream.receipt_hash)}};
  for (const prov::ExplainedEvidence& one : why.evidence)
    json["evidence"].push_back(evidence_json(one));
  for (const prov::AnsweredQuery& query : why.queries)
    json["queries"].push_back(query_json(query));
  for (const prov::OpenedReceipt::Token& one : why.uncertain)
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

/// What is called by its id in a receipt, by what a person knows it by.
using NameAtom = std::function<std::string(const Id&)>;

/// What it says, after the name of where it says it, where that is known.
std::string passage_text(const Evidence& evidence, const NameAtom& about) {
  const std::string text = evidence.text.empty() ? about(evidence.atom) : evidence.text;
  return evidence.name.empty() ? text : evidence.name + ": " + text;
}

std::string evidence_text(const prov::Explanation& why, const NameAtom& about) {
  if (why.evidence.empty()) return {};
  // Of what has no answer the evidence is what came of it.
  std::string text = why.stream.operation == "search" ? "\nfound\n" : "\nbecause of\n";
  for (const prov::ExplainedEvidence& one : why.evidence) {
    const Evidence& evidence = one.evidence;
    text += "  " + weight_text(evidence.weight) + "  " + passage_text(evidence, about) + "\n";
    if (!one.tokens.empty()) text += "         behind tokens " + ranges(one.tokens) + "\n";
  }
  return text;
}

std::string uncertain_text(const prov::Explanation& why) {
  if (why.uncertain.empty()) return {};
  std::string text = "\nleast certain of\n";
  for (const prov::OpenedReceipt::Token& one : why.uncertain) {
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

std::string hit_text(const Evidence& hit, const NameAtom& about) {
  char figures[64];
  std::snprintf(figures, sizeof figures, "  %3u  %8.4f  ", hit.rank, hit.score.value_or(0));
  return figures + passage_text(hit, about) + "\n";
}

std::string queries_text(const prov::Explanation& why, const NameAtom& about) {
  std::string text;
  for (const prov::AnsweredQuery& query : why.queries) {
    if (!query.text.empty())
      text += "\nasked     " + query.text + "\n";
    else
      text += query.vector.dims > 0 ? "\nasked     by a vector\n" : "\nfound\n";
    if (query.hits.empty()) text += "  nothing was found\n";
    for (const Evidence& hit : query.hits) text += hit_text(hit, about);
  }
  return text;
}

std::string subjects_text(const prov::Explanation& why) {
  std::string text;
  for (const SubjectAtom& subject : why.subjects)
    text += subject.role +
            std::string(subject.role.size() < 10 ? 10 - subject.role.size() : 1, ' ') +
            subject.atom.text() + " " + subject.name + ", " + std::to_string(subject.bytes) +
            " bytes\n";
  return text;
}

std::string reasoning_text(const prov::Explanation& why) {
  if (why.reasoning.empty() && why.steps.empty()) return {};
  std::string text = "\nreasoned  " + why.reasoning + "\n";
  for (const ReasoningStep& step : why.steps)
    text += "  " + weight_text(step.weight) + "  " + step.kind + ": " + step.text + "\n";
  return text;
}

/// What a result came of: only what its receipt has or had.
std::string question_text(const prov::Explanation& why, const prov::Receipt& receipt) {
  const std::string erased = "(erased)";
  std::string text;
  if (receipt.prompt.exists()) text += "asked     " + why.prompt.value_or(erased) + "\n";
  if (why.vector)
    text += "asked     by a vector of " + std::to_string(why.vector->dims) + " numbers\n";
  if (receipt.output.exists()) text += "answered  " + why.output.value_or(erased) + "\n";
  return text + subjects_text(why);
}

/// How well founded an answer of tokens is.
std::string trust_text(const prov::Measures& measures) {
  const auto trust = prov::trust(measures);
  if (!trust) return {};
  return "trust     " + weight_text(*trust) + ": confidence " +
         weight_text(measures.confidence.value_or(0)) + ", grounding " +
         weight_text(measures.grounding.value_or(0)) + ", support " +
         weight_text(measures.support) + "\n";
}

std::string explanation_text(const prov::Explanation& why, const NameAtom& about) {
  const prov::GenerationStream& stream = why.stream;
  const prov::Receipt receipt = prov::decode_receipt(stream.receipt);
  std::string text = question_text(why, receipt) + evidence_text(why, about) +
                     queries_text(why, about) + reasoning_text(why) + uncertain_text(why) +
                     "\n";
  text += "inference " + uuid_text(stream.uuid) + " (" + stream.operation + ")\n";
  text += trust_text(why.measures);
  for (const UsedModel& model : why.models)
    text += "model     " + (model.name.empty() ? "(erased)" : model.name) + " " +
            model.id.text() + "\n";
  text += "with      " + dump_json(why.parameters) +
          (why.seed ? ", seed " + std::to_string(*why.seed) : "") + "\n";
  if (stream.tokens_in + stream.tokens_out > 0)
    text += "tokens    " + std::to_string(stream.tokens_in) + " in, " +
            std::to_string(stream.tokens_out) + " out, ended by " + stream.finish_reason + "\n";
  if (why.erased > 0)
    text += "closed    " + std::to_string(why.erased) +
            " parts can no longer be read: they were erased or are withheld\n";
  text += "when      " + format_time(stream.started) + "\n";
  text += "receipt   sha256:" + to_hex(stream.receipt_hash);
  return text;
}

int why(const WhyOptions& options, Context& context) {
  store::Store store = context.open_store();
  const prov::StoreGraph graph{store};
  const NameAtom about = [&](const Id& atom) { return about_atom(store, graph, atom); };
  return for_each_generation(options.inference, context, [&](const std::string& reference) {
    const prov::Explanation why =
        prov::explain(store, prov::resolve_stream(store, reference), options.tokens);
    if (context.out.human())
      context.out.text(explanation_text(why, about));
    else
      context.out.write(explanation_json(why));
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
