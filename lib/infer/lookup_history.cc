#include "infer/lookup_history.h"

#include <algorithm>
#include <bit>

namespace hart::infer {
namespace {

constexpr std::size_t kFewestBuckets = 256;
constexpr std::size_t kMostBuckets = std::size_t{1} << 20;

}  // namespace

LookupHistory::LookupHistory(std::size_t expected) {
  const std::size_t buckets =
      std::bit_ceil(std::clamp(2 * expected, kFewestBuckets, kMostBuckets));
  for (auto& followers : followers_) followers.resize(buckets);
}

/// Of the last `length` tokens. Precondition: there are as many.
std::size_t LookupHistory::bucket(std::size_t length) const noexcept {
  // Multiplying by 2^64 over the golden ratio spreads neighbours; the upper bits are best.
  constexpr std::uint64_t kSpread = 0x9E3779B97F4A7C15;
  std::uint64_t hash = 0;
  for (std::size_t i = tokens_.size() - length; i < tokens_.size(); ++i)
    hash = (hash ^ static_cast<std::uint32_t>(tokens_[i])) * kSpread;
  return (hash >> 32) & (followers_[length - 1].size() - 1);
}

void LookupHistory::push(nn::TokenId token) {
  const auto at = static_cast<std::uint32_t>(tokens_.size());
  for (std::size_t length = 1; length <= std::min<std::size_t>(kLongest, at); ++length)
    followers_[length - 1][bucket(length)] = at;
  tokens_.push_back(token);
}

std::size_t LookupHistory::guess(std::size_t most, std::vector<nn::TokenId>& draft) const {
  for (std::size_t length = std::min(kLongest, tokens_.size()); length > 0; --length) {
    const std::size_t follower = followers_[length - 1][bucket(length)];
    if (follower < length) continue;
    const auto last = tokens_.end() - static_cast<std::ptrdiff_t>(length);
    const auto run = tokens_.begin() + static_cast<std::ptrdiff_t>(follower - length);
    if (!std::equal(last, tokens_.end(), run)) continue;
    // A run that overlaps the end goes on as a loop would.
    const std::size_t period = tokens_.size() - follower;
    for (std::size_t i = 0; i < most; ++i) draft.push_back(tokens_[follower + i % period]);
    return length;
  }
  return 0;
}

}  // namespace hart::infer
