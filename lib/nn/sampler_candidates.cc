#include "nn/sampler_candidates.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hart::nn {
namespace {

bool ranks_before(const Candidate& a, const Candidate& b) noexcept {
  return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
}

}  // namespace

std::vector<Candidate> best_candidates(std::span<const float> logits, std::size_t count,
                                       float lowest, TokenId except) {
  std::vector<Candidate> best;  // a heap whose front ranks last
  if (count == 0) return best;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    // Tokens come in ascending order: a later one that is equal ranks behind.
    if (!(logits[i] >= lowest) || logits[i] == kImpossible) continue;
    if (best.size() == count && logits[i] <= best.front().logit) continue;
    const Candidate candidate{logits[i], static_cast<TokenId>(i)};
    if (candidate.token == except) continue;
    if (best.size() == count) {
      std::pop_heap(best.begin(), best.end(), ranks_before);
      best.pop_back();
    }
    best.push_back(candidate);
    std::push_heap(best.begin(), best.end(), ranks_before);
  }
  std::sort_heap(best.begin(), best.end(), ranks_before);
  return best;
}

void CandidateList::assign(std::span<const float> logits, std::size_t most, float lowest) {
  if (most > 0 && most < logits.size()) {
    items_ = best_candidates(logits, most, lowest);
    sorted_ = items_.size();
    return;
  }
  items_.clear();
  sorted_ = 0;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (logits[i] >= lowest && logits[i] != kImpossible)
      items_.push_back({logits[i], static_cast<TokenId>(i)});
}

const Candidate& CandidateList::at(std::size_t i) {
  sort(i + 1);
  return items_[i];
}

void CandidateList::sort(std::size_t count) {
  count = std::min(count, items_.size());
  if (count <= sorted_) return;
  const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  const auto end = items_.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(begin, end, items_.end(), ranks_before);
  sorted_ = count;
}

void CandidateList::keep_best(std::size_t count) {
  count = std::clamp<std::size_t>(count, 1, items_.size());
  sort(count);
  items_.resize(count);
  sorted_ = count;
}

std::vector<double> CandidateList::probabilities(double temperature) {
  sort_all();
  std::vector<double> out;
  double total = 0;
  for (const Candidate& item : items_) {
    const double difference = static_cast<double>(item.logit) - items_.front().logit;
    out.push_back(std::exp(difference / temperature));
    total += out.back();
  }
  for (double& p : out) p /= total;
  return out;
}

void CandidateList::keep_typical(double p) {
  if (p >= 1) return;
  const std::vector<double> probability = probabilities(1);
  double entropy = 0;
  for (const double q : probability) entropy -= q > 0 ? q * std::log(q) : 0;
  std::vector<double> oddness;
  oddness.reserve(probability.size());
  for (const double q : probability) oddness.push_back(std::abs(-std::log(q) - entropy));
  std::vector<std::size_t> order(items_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return oddness[a] < oddness[b]; });
  std::size_t kept = 0;
  for (double sum = 0; kept < order.size() && sum < p; ++kept) sum += probability[order[kept]];
  order.resize(kept);
  std::sort(order.begin(), order.end());
  std::vector<Candidate> typical;
  typical.reserve(order.size());
  for (const std::size_t i : order) typical.push_back(items_[i]);
  items_ = std::move(typical);
  sorted_ = items_.size();
}

void CandidateList::keep_top_p(double p) {
  if (p >= 1) return;
  const float most = at(0).logit;
  const auto weight = [&](std::size_t i) {
    return std::exp(static_cast<double>(items_[i].logit) - most);
  };
  double total = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) total += weight(i);
  double sum = 0;
  std::size_t kept = 0;
  for (; kept < items_.size() && sum < p * total; ++kept) {
    // The few that are needed are sorted, not all of a large vocabulary.
    if (kept >= sorted_) sort(std::max<std::size_t>(64, 4 * sorted_));
    sum += weight(kept);
  }
  keep_best(kept);
}

void CandidateList::keep_min_p(double share) {
  if (share <= 0) return;
  const double most = at(0).logit;
  const double lowest = most + std::log(share);
  std::erase_if(
      items_, [&](const Candidate& item) { return item.logit < most && item.logit < lowest; });
  sorted_ = std::min(sorted_, items_.size());
}

void CandidateList::drop_top_choices(double threshold) {
  if (threshold > 0.5 || items_.size() < 2) return;
  const std::vector<double> probability = probabilities(1);
  std::size_t reaching = 0;
  while (reaching < probability.size() && probability[reaching] >= threshold) ++reaching;
  if (reaching < 2) return;
  items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(reaching - 1));
  sorted_ = items_.size();
}

TokenId CandidateList::draw(double temperature, double point) {
  // Any fixed order will do: a large vocabulary is not sorted for it.
  const float most = at(0).logit;
  weights_.clear();
  double total = 0;
  for (const Candidate& candidate : items_) {
    const double difference = static_cast<double>(candidate.logit) - most;
    total += std::exp(difference / temperature);
    weights_.push_back(total);
  }
  const auto chosen = std::upper_bound(weights_.begin(), weights_.end(), point * total);
  const auto last = static_cast<std::ptrdiff_t>(items_.size()) - 1;
  return items_[static_cast<std::size_t>(std::min(chosen - weights_.begin(), last))].token;
}

}  // namespace hart::nn
