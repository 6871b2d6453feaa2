#include "prov/opened_receipt.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "prov/content.h"
#include "prov/measures.h"

namespace hart::prov {

OpenedReceipt::OpenedReceipt(store::Store& store, GenerationStream stream)
    : store_{store}, stream_{std::move(stream)}, receipt_{decode_receipt(stream_.receipt)} {}

const Openings& OpenedReceipt::openings() {
  if (!openings_) openings_ = load_openings(store_, stream_.generation_stream_id);
  return *openings_;
}

std::optional<std::string> OpenedReceipt::text(const Committed& committed) {
  const auto content = open_commitment(committed, openings());
  if (!content) return std::nullopt;
  return std::string{as_text(*content)};
}

const std::vector<std::optional<Evidence>>& OpenedReceipt::evidence() {
  if (evidence_) return *evidence_;
  std::vector<std::optional<Evidence>> opened;
  opened.reserve(receipt_.evidence.size());
  for (const Committed& committed : receipt_.evidence) {
    const auto content = open_commitment(committed, openings());
    opened.push_back(content ? std::optional{decode_evidence(*content)} : std::nullopt);
  }
  return evidence_.emplace(std::move(opened));
}

const std::vector<std::optional<SubjectAtom>>& OpenedReceipt::subjects() {
  if (subjects_) return *subjects_;
  std::vector<std::optional<SubjectAtom>> opened;
  opened.reserve(receipt_.subjects.size());
  for (const Committed& committed : receipt_.subjects) {
    const auto content = open_commitment(committed, openings());
    opened.push_back(content ? std::optional{decode_subject(*content)} : std::nullopt);
  }
  return subjects_.emplace(std::move(opened));
}

const std::vector<OpenedReceipt::Token>& OpenedReceipt::tokens() {
  if (tokens_) return *tokens_;
  std::vector<Token> opened;
  for (const TokenRun& run : receipt_.tokens) {
    const auto content = open_commitment(run.committed, openings());
    if (!content) continue;
    std::vector<GeneratedToken> tokens = decode_tokens(*content);
    if (tokens.size() != run.count)
      throw Error{Fault::data, "receipt: a run of " + std::to_string(run.count) +
                                   " tokens holds " + std::to_string(tokens.size())};
    std::uint32_t index = run.first;
    for (GeneratedToken& token : tokens) opened.push_back({index++, std::move(token)});
  }
  std::size_t end = 0;
  alternative_ends_.reserve(opened.size());
  for (const Token& one : opened)
    alternative_ends_.push_back(end += one.token.alternatives.size());
  return tokens_.emplace(std::move(opened));
}

std::size_t OpenedReceipt::alternatives() {
  return tokens().empty() ? 0 : alternative_ends_.back();
}

OpenedReceipt::Considered OpenedReceipt::alternative(std::size_t index) {
  if (index >= alternatives())
    throw Error{Fault::internal, "provenance: no alternative " + std::to_string(index)};
  const auto end = std::ranges::upper_bound(alternative_ends_, index);
  const Token& token = tokens()[static_cast<std::size_t>(end - alternative_ends_.begin())];
  const std::size_t first = *end - token.token.alternatives.size();
  return {&token, static_cast<std::uint32_t>(index - first)};
}

void OpenedReceipt::weigh() {
  if (strengths_) return;
  std::vector<Evidence> given;
  given.reserve(evidence().size());
  // Evidence without weight changes no measure.
  for (const auto& one : evidence()) given.push_back(one.value_or(Evidence{}));
  std::vector<GeneratedToken> generated;
  generated.reserve(tokens().size());
  for (const Token& one : tokens()) generated.push_back(one.token);
  measures_ = measure(given, generated);
  strengths_ = strengths(given, generated);
}

double OpenedReceipt::strength(std::size_t sequence) {
  weigh();
  return strengths_->at(sequence);
}

Measures OpenedReceipt::measures() {
  weigh();
  return measures_;
}

bool OpenedReceipt::whole() {
  const auto known = [this](const Committed& committed) {
    return openings().contains(committed.position);
  };
  return std::ranges::all_of(receipt_.evidence, known) &&
         std::ranges::all_of(receipt_.tokens, known, &TokenRun::committed);
}

}  // namespace hart::prov
