#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "nn/grammar_automaton.h"
#include "nn/grammar_vocabulary.h"

namespace hart::nn {

/// A set of tokens, one bit each.
class TokenMask {
 public:
  explicit TokenMask(std::size_t vocab_size = 0) : words_((vocab_size + 63) / 64) {}

  void allow(TokenId token) noexcept { words_[word(token)] |= bit(token); }
  [[nodiscard]] bool allows(TokenId token) const noexcept {
    return word(token) < words_.size() && (words_[word(token)] & bit(token)) != 0;
  }
  [[nodiscard]] bool is_empty() const noexcept;
  friend bool operator==(const TokenMask&, const TokenMask&) = default;

 private:
  static std::size_t word(TokenId token) noexcept {
    return static_cast<std::uint32_t>(token) / 64;
  }
  static std::uint64_t bit(TokenId token) noexcept {
    return std::uint64_t{1} << (static_cast<std::uint32_t>(token) % 64);
  }
  std::vector<std::uint64_t> words_;
};

/// Keeps one sequence of tokens within a grammar: says which tokens may come next, and follows
/// the one that was taken. Tokens are byte strings; one may end inside a character. What it
/// learns about the grammar stays for the sequences after `reset`. Not for several threads.
class GrammarConstraint {
 public:
  /// Both must outlive the constraint.
  GrammarConstraint(const Grammar& grammar, const TokenTrie& trie);

  /// Begins a new sequence.
  void reset();
  /// The tokens that may come next: those after whose bytes the text still begins a text of the
  /// language, and those that end the generation exactly where the text is one. Valid until the
  /// next call. Throws as GrammarAutomaton::next does.
  [[nodiscard]] const TokenMask& mask();
  /// Takes `token`, which the mask allows. Throws Error(data) for one that it does not.
  void accept(TokenId token);
  /// True when the text so far is in the language.
  [[nodiscard]] bool is_complete() const noexcept { return automaton_.accepts(state_); }
  /// True when nothing can be added to it.
  [[nodiscard]] bool is_final() const noexcept { return !automaton_.continues(state_); }

 private:
  void walk(TokenMask& mask);
  void allow(TokenMask& mask, std::uint32_t first, std::uint32_t last) const;

  const TokenTrie& trie_;
  GrammarAutomaton automaton_;
  GrammarAutomaton::State state_;
  /// The classes of the bytes below each node, as bits; bit 63 for all from 63 on.
  std::vector<std::uint64_t> below_;
  std::vector<GrammarAutomaton::State> path_;  ///< by depth
  std::unordered_map<GrammarAutomaton::State, TokenMask> masks_;
  std::uint64_t generation_;
};

}  // namespace hart::nn
