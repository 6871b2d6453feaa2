#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "nn/grammar.h"

namespace hart::nn {

/// Sets of numbers, equal ones held once and named by the order of their coming.
class SetTable {
 public:
  using Name = std::uint32_t;
  using Set = std::vector<std::uint64_t>;  ///< ascending

  SetTable() = default;
  // Points into itself: it moves, it is not copied.
  SetTable(SetTable&&) = default;
  SetTable& operator=(SetTable&&) = default;

  /// The name of `set`, and whether it is new.
  [[nodiscard]] std::pair<Name, bool> name(const Set& set);
  [[nodiscard]] const Set& at(Name name) const noexcept { return *sets_[name]; }
  [[nodiscard]] std::size_t size() const noexcept { return sets_.size(); }
  void swap(SetTable& other) noexcept;

 private:
  struct Hash {
    std::size_t operator()(const Set& set) const noexcept;
  };
  std::unordered_map<Set, Name, Hash> names_;
  std::vector<const Set*> sets_;  ///< the keys of names_
};

/// Reads bytes against a grammar: a pushdown automaton made deterministic as it goes. A state
/// is the set of all ways to read what came so far, each an instruction and a stack of returns.
/// All that call one rule at one place share one stack, whose top is the set of their returns:
/// an ambiguous grammar costs as much as it has rules and places, not as it has parses. Equal
/// stacks and equal states are one, and a step that was made before is a look-up.
///
/// Calls at the end of a rule leave nothing on the stack: right recursion does not grow it. Not
/// for several threads at once. Source of the stacks: M. Tomita, "Efficient Parsing for Natural
/// Language", 1986; of the treatment of rules that read nothing: J. Aycock, R. N. Horspool,
/// "Practical Earley Parsing", 2002.
class GrammarAutomaton {
 public:
  /// Numbers a state. Valid until `trim`.
  using State = std::uint32_t;
  /// No text that begins like this is in the language.
  static constexpr State kDead = 0;

  /// `grammar` must outlive the automaton. `memory_bytes` is what states and stacks may take.
  explicit GrammarAutomaton(const Grammar& grammar,
                            std::size_t memory_bytes = std::size_t{256} << 20);

  /// Nothing read yet.
  [[nodiscard]] State start();
  /// After one more byte. Throws Error(data) when the states no longer fit the memory.
  [[nodiscard]] State next(State state, std::uint8_t byte) {
    return next_of_class(state, grammar_.class_of(byte));
  }
  /// The same, by the byte's class.
  [[nodiscard]] State next_of_class(State state, std::uint32_t byte_class) {
    const State known = transitions_[state * std::size_t{n_classes_} + byte_class];
    return known != kUnknown ? known : step(state, byte_class);
  }
  /// True when what was read is a text of the language.
  [[nodiscard]] bool accepts(State state) const noexcept;
  /// True when more bytes may follow.
  [[nodiscard]] bool continues(State state) const noexcept;
  /// The classes among the first 63 that lead from `state` to itself, as bits.
  [[nodiscard]] std::uint64_t loops(State state);

  /// Forgets all states but `state`, where they take more than half of the memory; returns its
  /// new number. Throws Error(data) when it alone takes that much: the text is nested too deep
  /// or can be read in too many ways.
  [[nodiscard]] State trim(State state);
  /// Changes whenever `trim` gave states new numbers.
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

  [[nodiscard]] const Grammar& grammar() const noexcept { return grammar_; }

 private:
  static constexpr State kUnknown = UINT32_MAX;
  using Stack = SetTable::Name;
  /// An instruction << 32 | stack: where a way stands, or where a call returns to. kBottom when
  /// the root rule is over.
  using Way = std::uint64_t;
  using Ways = SetTable::Set;
  static constexpr Way kBottom = UINT64_MAX;

  /// The ways already met in one closure.
  class Met {
   public:
    bool insert(Way way);
    void clear();

   private:
    void grow();
    static constexpr Way kFree = UINT64_MAX - 1;
    static constexpr std::size_t kFewest = 64;
    std::vector<Way> slots_ = std::vector<Way>(kFewest, kFree);  ///< open addressing
    std::vector<Way> all_;
  };

  [[nodiscard]] State step(State state, std::uint32_t byte_class);
  void follow(Grammar::Address address, Stack stack);
  void call(const Grammar::Instruction& at, Stack stack);
  void add_return(std::uint32_t rule, Way way);
  void follow_all();
  [[nodiscard]] State close();
  [[nodiscard]] State state_of(Ways& ways);
  [[nodiscard]] Stack stack_of(Ways& returns);
  void clear();
  void spend(std::size_t bytes);

  const Grammar& grammar_;
  std::uint32_t n_classes_;
  std::size_t memory_bytes_;
  std::size_t used_bytes_ = 0;
  std::uint64_t generation_ = 0;

  SetTable stacks_;                   ///< each the set of its returns
  SetTable states_;                   ///< each the set of its ways
  std::vector<State> transitions_;    ///< (n_states, n_classes)
  std::vector<std::uint64_t> loops_;  ///< one a state; kLoopsUnknown
  static constexpr std::uint64_t kLoopsUnknown = UINT64_MAX;

  // Of one closure:
  Met met_;
  std::vector<Way> open_;      ///< still to be followed
  Ways found_;                 ///< ways that stand at a match
  std::vector<Ways> returns_;  ///< by rank: of the rules that are called here
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> called_;
};

}  // namespace hart::nn
