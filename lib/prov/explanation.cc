#include "prov/explanation.h"

#include <algorithm>

#include "prov/content.h"

namespace hart::prov {
namespace {

std::optional<std::string> open_text(const Committed& committed, const Openings& openings) {
  const auto content = open_commitment(committed, openings);
  if (!content) return std::nullopt;
  return std::string{as_text(*content)};
}

std::vector<ExplainedToken> open_tokens(const Receipt& receipt, const Openings& openings) {
  std::vector<ExplainedToken> tokens;
  for (const TokenRun& run : receipt.tokens) {
    const auto content = open_commitment(run.committed, openings);
    if (!content) continue;
    std::uint32_t index = run.first;
    for (GeneratedToken& token : decode_tokens(*content))
      tokens.push_back({index++, std::move(token)});
  }
  return tokens;
}

std::vector<ExplainedEvidence> open_evidence(const Receipt& receipt, const Openings& openings,
                                             const std::vector<ExplainedToken>& tokens) {
  std::vector<std::vector<std::uint32_t>> leaning(receipt.evidence.size());
  for (const ExplainedToken& token : tokens)
    for (const std::uint32_t index : token.token.evidence)
      if (index < leaning.size()) leaning[index].push_back(token.index);

  std::vector<ExplainedEvidence> opened;
  for (std::size_t i = 0; i < receipt.evidence.size(); ++i)
    if (const auto content = open_commitment(receipt.evidence[i], openings))
      opened.push_back({decode_evidence(*content), std::move(leaning[i])});
  std::ranges::stable_sort(opened, std::ranges::greater{},
                           [](const ExplainedEvidence& one) { return one.evidence.weight; });
  return opened;
}

/// Keeps the `most` least probable tokens that had a choice.
std::vector<ExplainedToken> least_certain(std::vector<ExplainedToken> tokens,
                                          std::size_t most) {
  std::erase_if(tokens,
                [](const ExplainedToken& one) { return one.token.alternatives.empty(); });
  std::ranges::stable_sort(tokens, {},
                           [](const ExplainedToken& one) { return one.token.logprob; });
  if (tokens.size() > most) tokens.resize(most);
  return tokens;
}

template <typename Decode>
auto open_all(const std::vector<Committed>& segments, const Openings& openings, Decode decode) {
  std::vector<decltype(decode(ByteView{}))> opened;
  for (const Committed& committed : segments)
    if (const auto content = open_commitment(committed, openings))
      opened.push_back(decode(*content));
  return opened;
}

void open_models(const Receipt& receipt, const Openings& openings, Explanation& explanation) {
  for (const ReceiptModel& model : receipt.models) {
    const auto name = open_text(model.name, openings);
    if (explanation.models.empty()) explanation.model_name = name;
    explanation.models.push_back(
        {model.id, name.value_or(""), model.weight, model.tensors, model.tensor_root});
  }
}

void open_answer(const Receipt& receipt, const Openings& openings, std::size_t uncertain_tokens,
                 Explanation& explanation) {
  explanation.output = open_text(receipt.output, openings);
  std::vector<ExplainedToken> tokens = open_tokens(receipt, openings);
  explanation.evidence = open_evidence(receipt, openings, tokens);
  explanation.uncertain = least_certain(std::move(tokens), uncertain_tokens);
  explanation.reasoning = receipt.reasoning;
  for (const ReceiptStep& step : receipt.steps)
    explanation.steps.push_back(
        {step.kind, open_text(step.text, openings).value_or(""), step.weight});
}

}  // namespace

Explanation explain(store::Store& store, GenerationStream stream,
                    std::size_t uncertain_tokens) {
  const Receipt receipt = decode_receipt(stream.receipt);
  const Openings openings = load_openings(store, stream.generation_stream_id);

  Explanation explanation;
  explanation.parameters = receipt.parameters;
  explanation.seed = receipt.seed;
  explanation.engine = receipt.engine;
  explanation.actor = open_text(receipt.actor, openings);
  open_models(receipt, openings, explanation);
  explanation.subjects = open_all(receipt.subjects, openings, decode_subject);
  explanation.prompt = open_text(receipt.prompt, openings);
  if (const auto vector = open_commitment(receipt.vector, openings))
    explanation.vector = decode_vector(*vector);
  explanation.queries = open_all(receipt.queries, openings, decode_query);
  open_answer(receipt, openings, uncertain_tokens, explanation);
  explanation.charges = receipt.charges;
  for (const Committed& committed : receipt.commitments())
    if (!openings.contains(committed.position)) ++explanation.erased;
  explanation.stream = std::move(stream);
  return explanation;
}

}  // namespace hart::prov
