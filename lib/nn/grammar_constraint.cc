#include "nn/grammar_constraint.h"

#include <algorithm>

#include "core/error.h"

namespace hart::nn {
namespace {

/// Masks that are kept for states that come back.
constexpr std::size_t kMaxMasks = 256;
/// A subtree of fewer nodes is walked: asking for a state's loops costs more.
constexpr std::uint32_t kWorthAsking = 8;

}  // namespace

bool TokenMask::is_empty() const noexcept {
  return std::all_of(words_.begin(), words_.end(), [](std::uint64_t w) { return w == 0; });
}

GrammarConstraint::GrammarConstraint(const Grammar& grammar, const TokenTrie& trie)
    : trie_{trie},
      automaton_{grammar},
      state_{automaton_.start()},
      below_(trie.nodes().size()),
      path_(std::size_t{trie.max_depth()} + 1),
      generation_{automaton_.generation()} {
  const auto nodes = trie.nodes();
  std::vector<std::uint32_t> parents;
  std::vector<std::uint32_t> parent_of(nodes.size(), 0);
  for (std::uint32_t i = 0; i + 1 < nodes.size(); ++i) {
    parents.resize(nodes[i].depth - 1u);
    parent_of[i] = parents.empty() ? UINT32_MAX : parents.back();
    parents.push_back(i);
  }
  for (std::size_t i = nodes.size() - 1; i-- > 0;) {
    if (parent_of[i] == UINT32_MAX) continue;
    const unsigned byte_class = std::min<unsigned>(grammar.class_of(nodes[i].byte), 63);
    below_[parent_of[i]] |= below_[i] | std::uint64_t{1} << byte_class;
  }
}

void GrammarConstraint::reset() {
  state_ = automaton_.start();
}

const TokenMask& GrammarConstraint::mask() {
  state_ = automaton_.trim(state_);
  if (generation_ != automaton_.generation() || masks_.size() >= kMaxMasks) masks_.clear();
  generation_ = automaton_.generation();
  const auto [entry, is_new] = masks_.try_emplace(state_);
  if (!is_new) return entry->second;
  TokenMask mask{trie_.vocab_size()};
  try {
    walk(mask);
  } catch (...) {
    masks_.erase(entry);
    throw;
  }
  if (automaton_.accepts(state_))
    for (const TokenId end : trie_.ends()) mask.allow(end);
  return entry->second = std::move(mask);
}

void GrammarConstraint::walk(TokenMask& mask) {
  const auto nodes = trie_.nodes();
  const Grammar& grammar = automaton_.grammar();
  path_[0] = state_;
  for (std::uint32_t i = 0; i + 1 < nodes.size();) {
    const TokenTrie::Node& node = nodes[i];
    const GrammarAutomaton::State state =
        automaton_.next_of_class(path_[node.depth - 1u], grammar.class_of(node.byte));
    if (state == GrammarAutomaton::kDead) {
      i = node.end;
      continue;
    }
    if (node.end - i > kWorthAsking && (below_[i] & ~automaton_.loops(state)) == 0) {
      // Whatever is below leads from this state to itself.
      allow(mask, node.first_token, nodes[node.end].first_token);
      i = node.end;
      continue;
    }
    path_[node.depth] = state;
    ++i;
    allow(mask, node.first_token, nodes[i].first_token);
  }
}

void GrammarConstraint::allow(TokenMask& mask, std::uint32_t first, std::uint32_t last) const {
  for (const TokenId token : trie_.tokens().subspan(first, last - first)) mask.allow(token);
}

void GrammarConstraint::accept(TokenId token) {
  const bool ends = trie_.ends_generation(token);
  if (ends && is_complete()) return;
  GrammarAutomaton::State state = ends ? GrammarAutomaton::kDead : state_;
  for (const char byte : trie_.piece(token))
    state = automaton_.next(state, static_cast<std::uint8_t>(byte));
  if (state == GrammarAutomaton::kDead || trie_.piece(token).empty())
    throw Error{Fault::data, "token " + std::to_string(token) + " breaks the grammar"};
  state_ = state;
}

}  // namespace hart::nn
