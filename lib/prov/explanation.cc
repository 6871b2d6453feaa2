#include "prov/explanation.h"

#include <algorithm>
#include <utility>

#include "prov/content.h"
#include "prov/opened_receipt.h"

namespace hart::prov {
namespace {

std::vector<ExplainedEvidence> explain_evidence(OpenedReceipt& opened) {
  const auto& evidence = opened.evidence();
  std::vector<std::vector<std::uint32_t>> leaning(evidence.size());
  for (const OpenedReceipt::Token& token : opened.tokens())
    for (const std::uint32_t index : token.token.evidence)
      if (index < leaning.size()) leaning[index].push_back(token.index);

  std::vector<ExplainedEvidence> explained;
  for (std::size_t i = 0; i < evidence.size(); ++i)
    if (evidence[i])
      explained.push_back({*evidence[i], opened.strength(i), std::move(leaning[i])});
  std::ranges::stable_sort(explained, std::ranges::greater{},
                           [](const ExplainedEvidence& one) { return one.evidence.weight; });
  return explained;
}

/// Keeps the `most` least probable tokens that had a choice.
std::vector<OpenedReceipt::Token> least_certain(std::vector<OpenedReceipt::Token> tokens,
                                                std::size_t most) {
  std::erase_if(tokens,
                [](const OpenedReceipt::Token& one) { return one.token.alternatives.empty(); });
  std::ranges::stable_sort(tokens, {},
                           [](const OpenedReceipt::Token& one) { return one.token.logprob; });
  if (tokens.size() > most) tokens.resize(most);
  return tokens;
}

std::vector<SubjectAtom> explain_subjects(OpenedReceipt& opened) {
  std::vector<SubjectAtom> subjects;
  subjects.reserve(opened.subjects().size());
  for (const auto& subject : opened.subjects())
    if (subject) subjects.push_back(*subject);
  return subjects;
}

void explain_models(OpenedReceipt& opened, Explanation& explanation) {
  for (const ReceiptModel& model : opened.receipt().models) {
    const auto name = opened.model_name(model);
    if (explanation.models.empty()) explanation.model_name = name;
    explanation.models.push_back(
        {model.id, name.value_or(""), model.weight, model.tensors, model.tensor_root});
  }
}

void explain_answer(OpenedReceipt& opened, std::size_t uncertain_tokens,
                    Explanation& explanation) {
  const Receipt& receipt = opened.receipt();
  explanation.output = opened.text(receipt.output);
  explanation.evidence = explain_evidence(opened);
  explanation.uncertain = least_certain(opened.tokens(), uncertain_tokens);
  explanation.measures = opened.measures();
  explanation.reasoning = receipt.reasoning;
  for (const ReceiptStep& step : receipt.steps)
    explanation.steps.push_back({step.kind, opened.text(step.text).value_or(""), step.weight});
}

}  // namespace

Explanation explain(store::Store& store, GenerationStream stream,
                    std::size_t uncertain_tokens) {
  HiddenContent hidden{store};
  OpenedReceipt opened{store, std::move(stream), &hidden};
  const Receipt& receipt = opened.receipt();

  Explanation explanation;
  explanation.parameters = receipt.parameters;
  explanation.seed = receipt.seed;
  explanation.engine = receipt.engine;
  explanation.actor = opened.text(receipt.actor);
  explain_models(opened, explanation);
  explanation.subjects = explain_subjects(opened);
  explanation.prompt = opened.text(receipt.prompt);
  if (const auto vector = open_commitment(receipt.vector, opened.openings()))
    explanation.vector = decode_vector(*vector);
  explanation.queries = opened.queries();
  explain_answer(opened, uncertain_tokens, explanation);
  explanation.charges = receipt.charges;
  explanation.erased = opened.closed();
  explanation.stream = opened.stream();
  return explanation;
}

}  // namespace hart::prov
