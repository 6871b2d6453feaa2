#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "nn/grammar_syntax.h"

namespace hart::nn {

/// A context-free grammar over bytes, ready to be matched: the UTF-8 form of a GBNF grammar as
/// a program for a machine with a stack (GrammarAutomaton runs it). Immutable: any number of
/// automata may share one.
///
/// Bytes that no part of the grammar tells apart form a class; a JSON grammar has some thirty.
class Grammar {
 public:
  using Address = std::uint32_t;
  using ClassSet = std::bitset<256>;

  struct Instruction {
    enum class Kind : std::uint8_t {
      finish,  ///< the rule is over: go on after its call
      match,   ///< reads a byte whose class is in set `operand`, goes on at `next`
      call,    ///< runs rule `operand`, goes on at `next`
      branch,  ///< goes on at each of targets[operand, operand + next)
    };
    Kind kind = Kind::finish;
    std::uint32_t operand = 0;
    std::uint32_t next = 0;
  };

  /// Where every rule ends: an instruction `finish`.
  static constexpr Address kFinish = 0;

  /// Throws as check_grammar does, and Error(data) when the repetitions expand to more than a
  /// million instructions.
  explicit Grammar(const GrammarSyntax& syntax);

  [[nodiscard]] const Instruction& at(Address address) const noexcept {
    return instructions_[address];
  }
  [[nodiscard]] std::size_t size() const noexcept { return instructions_.size(); }
  [[nodiscard]] Address entry(std::uint32_t rule) const noexcept { return entries_[rule]; }
  [[nodiscard]] std::size_t n_rules() const noexcept { return entries_.size(); }
  [[nodiscard]] std::uint32_t root() const noexcept { return root_; }
  /// True when the rule can read nothing.
  [[nodiscard]] bool is_nullable(std::uint32_t rule) const noexcept { return nullable_[rule]; }
  /// A rule that another may begin with has the greater rank: in [0, n_rules()).
  [[nodiscard]] std::uint32_t rank(std::uint32_t rule) const noexcept { return ranks_[rule]; }
  [[nodiscard]] std::uint32_t rule_of_rank(std::uint32_t rank) const noexcept {
    return by_rank_[rank];
  }
  [[nodiscard]] const ClassSet& set(std::uint32_t number) const noexcept {
    return sets_[number];
  }
  [[nodiscard]] std::span<const Address> targets(const Instruction& branch) const noexcept {
    return std::span{targets_}.subspan(branch.operand, branch.next);
  }
  /// In [0, n_classes()).
  [[nodiscard]] std::uint8_t class_of(std::uint8_t byte) const noexcept {
    return classes_[byte];
  }
  [[nodiscard]] std::uint32_t n_classes() const noexcept { return n_classes_; }

 private:
  friend class GrammarCompiler;
  std::vector<Instruction> instructions_;
  std::vector<Address> targets_;
  std::vector<Address> entries_;  ///< one a rule; more than the syntax has
  std::vector<bool> nullable_;
  std::vector<std::uint32_t> ranks_, by_rank_;
  std::vector<ClassSet> sets_;
  std::array<std::uint8_t, 256> classes_{};
  std::uint32_t n_classes_ = 1;
  std::uint32_t root_ = 0;
};

/// parse_gbnf and Grammar in one step; throws as both do.
[[nodiscard]] Grammar parse_grammar(std::string_view gbnf);

}  // namespace hart::nn
