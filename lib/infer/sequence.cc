#include "infer/sequence.h"

#include <algorithm>
#include <string>

#include "core/error.h"

namespace hart::infer {
namespace {

/// Sessions come in steps of so many positions, so that a stream of prompts of growing length
/// does not need a new one for each. Positions take memory only as they fill.
constexpr std::uint32_t kRoomStep = 1024;

std::uint32_t common_beginning(std::span<const nn::TokenId> a,
                               std::span<const nn::TokenId> b) noexcept {
  const auto differs = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return static_cast<std::uint32_t>(differs - a.begin());
}

}  // namespace

bool Sequence::is_long(std::uint32_t context_length) {
  const nn::TransformerModel& weights = model_.weights();
  return &weights.rope(context_length) != &weights.rope(0);
}

PrefixScope Sequence::scope(const SequenceNeeds& needs) {
  return {model_.fingerprint(), needs.kv_type, is_long(needs.context_length)};
}

/// A context of a few more positions, where that changes nothing.
std::uint32_t Sequence::roomy(std::uint32_t context_length) {
  const std::uint64_t room =
      (std::uint64_t{context_length} + kRoomStep - 1) / kRoomStep * kRoomStep;
  if (room > UINT32_MAX || model_.weights().position_embd()) return context_length;
  const auto length = static_cast<std::uint32_t>(room);
  return is_long(length) == is_long(context_length) ? length : context_length;
}

/// Sees to a session that does what `needs` says, has at least `least` positions, and has
/// evaluated the first `known` tokens.
void Sequence::make_session(const SequenceNeeds& needs, std::uint32_t least,
                            std::uint32_t known) {
  const bool serves = session_ && needs_.threads == needs.threads &&
                      needs_.kv_type == needs.kv_type && session_->context_length() >= least &&
                      is_long(session_->context_length()) == is_long(needs.context_length);
  if (serves) return rewind(known);
  auto session = std::make_unique<nn::TransformerSession>(
      model_.weights(),
      nn::SessionOptions{
          .context_length = roomy(least), .threads = needs.threads, .kv_type = needs.kv_type});
  if (known > 0) session->restore(session_->snapshot(known), known);
  session_ = std::move(session);
  tokens_.resize(known);
}

std::uint32_t Sequence::begin(std::span<const nn::TokenId> prompt, const SequenceNeeds& needs) {
  if (prompt.empty()) throw Error{Fault::data, "no tokens to evaluate"};
  if (prompt.size() > needs.context_length)
    throw Error{Fault::data, "the prompt has " + std::to_string(prompt.size()) +
                                 " tokens, but the context holds " +
                                 std::to_string(needs.context_length)};
  // The last token is always evaluated: what follows it is asked for.
  const auto reusable = prompt.first(needs.reuses ? prompt.size() - 1 : 0);
  std::uint32_t common = 0;
  if (session_ && needs_.kv_type == needs.kv_type &&
      is_long(needs_.context_length) == is_long(needs.context_length))
    common = common_beginning(prompt, tokens_);
  const auto known = std::min(common, static_cast<std::uint32_t>(reusable.size()));
  std::optional<PrefixCache::Found> found;
  if (prefixes_ != nullptr && reusable.size() >= known + PrefixCache::kChunk)
    found = prefixes_->find(scope(needs), reusable, known + PrefixCache::kChunk - 1);
  const std::uint32_t stored = found ? found->prefix.positions : 0;
  make_session(needs, std::max(needs.context_length, stored), known);
  needs_ = needs;
  context_length_ = needs.context_length;
  prompt_size_ = static_cast<std::uint32_t>(prompt.size());
  kept_ = std::min(kept_, common) / PrefixCache::kChunk * PrefixCache::kChunk;
  if (!found) return known;
  try {
    session_->restore(found->prefix.state(), stored);
  } catch (const Error&) {
    return known;  // Of another shape than its key says: evaluate instead.
  }
  session_->rewind(found->common);
  tokens_.assign(prompt.begin(), prompt.begin() + found->common);
  kept_ = found->common;
  return found->common;
}

std::span<const float> Sequence::evaluate(std::span<const nn::TokenId> tokens) {
  ++evaluations_;
  const std::span<const float> logits = session_->evaluate(tokens);
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
  return logits;
}

void Sequence::evaluate_each(std::span<const nn::TokenId> tokens,
                             const nn::TransformerSession::EachRow& each) {
  ++evaluations_;
  try {
    session_->evaluate_each(tokens, each);
  } catch (...) {
    forget();
    throw;
  }
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
}

void Sequence::rewind(std::uint32_t position) noexcept {
  session_->rewind(position);
  tokens_.resize(std::min<std::size_t>(position, tokens_.size()));
}

void Sequence::forget() noexcept {
  tokens_.clear();
  session_->rewind(0);
  kept_ = 0;
}

std::uint32_t Sequence::keep_prompt(std::uint32_t least) {
  if (prefixes_ == nullptr || session_ == nullptr) return 0;
  const std::uint32_t evaluated = std::min(prompt_size_, position());
  const std::uint32_t whole = evaluated / PrefixCache::kChunk * PrefixCache::kChunk;
  if (whole < kept_ + std::max(least, 1u)) return 0;
  if (!prefixes_->keep(scope(needs_), std::span{tokens_}.first(whole),
                       session_->snapshot(whole)))
    return 0;
  kept_ = whole;
  return whole;
}

}  // namespace hart::infer
