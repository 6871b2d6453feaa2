#include "prov/opened_receipt.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "prov/content.h"
#include "prov/measures.h"

namespace hart::prov {

OpenedReceipt::OpenedReceipt(store::Store& store, GenerationStream stream,
                             HiddenContent* hidden)
    : store_{&store},
      hidden_{hidden},
      stream_{std::move(stream)},
      receipt_{decode_receipt(stream_.receipt)} {}

OpenedReceipt::OpenedReceipt(OpeningsLookup& lookup, GenerationStream stream,
                             HiddenContent* hidden)
    : lookup_{&lookup},
      hidden_{hidden},
      stream_{std::move(stream)},
      receipt_{decode_receipt(stream_.receipt)} {}

bool OpenedReceipt::is_hidden(const Id& atom) {
  return hidden_ != nullptr && hidden_->has(atom);
}

// What a visible atom is called by need not be visible: an equal object may be hidden.
bool OpenedReceipt::is_hidden(const std::string& name) {
  return hidden_ != nullptr && hidden_->has_name(name);
}

/// Withholds what names a hidden atom, and the name alone where that is a hidden object's.
template <typename Named> void OpenedReceipt::withhold(std::optional<Named>& one) {
  if (one && is_hidden(one->atom)) one.reset();
  if (one && is_hidden(one->name)) one->name.clear();
}

const Openings& OpenedReceipt::openings() {
  const std::int64_t stream = stream_.generation_stream_id;
  if (!openings_)
    openings_ = lookup_ != nullptr ? lookup_->find(stream) : load_openings(*store_, stream);
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
  weights_.clear();
  weights_.reserve(receipt_.evidence.size());
  for (const Committed& committed : receipt_.evidence) {
    const auto content = open_commitment(committed, openings());
    std::optional<Evidence> one;
    if (content) one = decode_evidence(*content);
    // Evidence without weight changes no measure.
    weights_.push_back(one ? one->weight : 0);
    withhold(one);
    opened.push_back(std::move(one));
  }
  return evidence_.emplace(std::move(opened));
}

const std::vector<std::optional<SubjectAtom>>& OpenedReceipt::subjects() {
  if (subjects_) return *subjects_;
  std::vector<std::optional<SubjectAtom>> opened;
  opened.reserve(receipt_.subjects.size());
  for (const Committed& committed : receipt_.subjects) {
    const auto content = open_commitment(committed, openings());
    std::optional<SubjectAtom> one;
    if (content) one = decode_subject(*content);
    withhold(one);
    opened.push_back(std::move(one));
  }
  return subjects_.emplace(std::move(opened));
}

std::vector<AnsweredQuery> OpenedReceipt::queries() {
  std::vector<AnsweredQuery> opened;
  opened.reserve(receipt_.queries.size());
  for (const Committed& committed : receipt_.queries) {
    const auto content = open_commitment(committed, openings());
    if (!content) continue;
    AnsweredQuery& query = opened.emplace_back(decode_query(*content));
    std::erase_if(query.hits, [this](const Evidence& hit) { return is_hidden(hit.atom); });
    for (Evidence& hit : query.hits)
      if (is_hidden(hit.name)) hit.name.clear();
  }
  return opened;
}

const std::vector<OpenedReceipt::Hit>& OpenedReceipt::hits() {
  if (hits_) return *hits_;
  std::vector<AnsweredQuery> opened;
  opened.reserve(receipt_.queries.size());
  std::size_t count = 0;
  for (const Committed& committed : receipt_.queries) {
    const auto content = open_commitment(committed, openings());
    if (!content) break;
    count += opened.emplace_back(decode_query(*content)).hits.size();
  }
  std::vector<Hit> hits;
  hits.reserve(count);
  query_texts_.clear();
  query_texts_.reserve(opened.size());
  for (AnsweredQuery& query : opened) {
    const auto number = static_cast<std::uint32_t>(query_texts_.size());
    for (Evidence& evidence : query.hits) {
      hits.push_back({number, std::move(evidence)});
      withhold(hits.back().evidence);
    }
    query_texts_.push_back(std::move(query.text));
  }
  return hits_.emplace(std::move(hits));
}

std::optional<std::string> OpenedReceipt::query_text(std::uint32_t query) {
  (void)hits();
  if (query >= query_texts_.size()) return std::nullopt;
  return query_texts_[query];
}

std::optional<std::string> OpenedReceipt::model_name(const ReceiptModel& model) {
  auto name = text(model.name);
  if (name && (is_hidden(model.id) || is_hidden(*name))) name.reset();
  return name;
}

const std::vector<OpenedReceipt::Token>& OpenedReceipt::tokens() {
  if (tokens_) return *tokens_;
  std::vector<Token> opened;
  for (const TokenRun& run : receipt_.tokens) {
    const auto content = open_commitment(run.committed, openings());
    if (!content) continue;
    std::vector<GeneratedToken> tokens = decode_tokens(*content, run.count);
    if (tokens.size() != run.count)
      throw Error{Fault::data, "receipt: a run of " + std::to_string(run.count) +
                                   " tokens holds " + std::to_string(tokens.size())};
    opened.reserve(opened.size() + tokens.size());
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
  (void)evidence();
  std::vector<const GeneratedToken*> generated;
  generated.reserve(tokens().size());
  for (const Token& one : tokens()) generated.push_back(&one.token);
  measures_ = measure(weights_, generated);
  strengths_ = strengths(weights_, generated);
}

double OpenedReceipt::strength(std::size_t sequence) {
  weigh();
  return strengths_->at(sequence);
}

Measures OpenedReceipt::measures() {
  weigh();
  return measures_;
}

std::uint64_t OpenedReceipt::closed() {
  const std::vector<Committed> all = receipt_.commitments();
  const auto is_erased = [this](const Committed& committed) {
    return !openings().contains(committed.position);
  };
  auto closed = static_cast<std::uint64_t>(std::ranges::count_if(all, is_erased));
  for (std::size_t i = 0; i < receipt_.evidence.size(); ++i)
    if (!evidence()[i] && !is_erased(receipt_.evidence[i])) ++closed;
  for (std::size_t i = 0; i < receipt_.subjects.size(); ++i)
    if (!subjects()[i] && !is_erased(receipt_.subjects[i])) ++closed;
  for (const ReceiptModel& model : receipt_.models)
    if (!model_name(model) && !is_erased(model.name)) ++closed;
  return closed;
}

bool OpenedReceipt::whole() {
  const auto known = [this](const Committed& committed) {
    return openings().contains(committed.position);
  };
  return std::ranges::all_of(receipt_.evidence, known) &&
         std::ranges::all_of(receipt_.tokens, known, &TokenRun::committed);
}

}  // namespace hart::prov
