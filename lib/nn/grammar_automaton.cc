#include "nn/grammar_automaton.h"

#include <algorithm>

#include "core/error.h"

namespace hart::nn {
namespace {

using InstructionKind = Grammar::Instruction::Kind;

/// What a set takes beside its own numbers in tables and lists.
constexpr std::size_t kSetBytes = 96;

std::uint64_t mixed(std::uint64_t value) noexcept {
  value ^= value >> 32;
  value *= 0x9E3779B97F4A7C15u;
  return value ^ (value >> 29);
}

Grammar::Address address_of(std::uint64_t way) noexcept {
  return static_cast<Grammar::Address>(way >> 32);
}

SetTable::Name stack_part(std::uint64_t way) noexcept {
  return static_cast<SetTable::Name>(way);
}

void sort_unique(SetTable::Set& set) {
  std::sort(set.begin(), set.end());
  set.erase(std::unique(set.begin(), set.end()), set.end());
}

}  // namespace

std::size_t SetTable::Hash::operator()(const Set& set) const noexcept {
  std::uint64_t hash = set.size();
  for (const std::uint64_t number : set) hash = mixed(hash ^ number);
  return hash;
}

std::pair<SetTable::Name, bool> SetTable::name(const Set& set) {
  const auto known = names_.find(set);
  if (known != names_.end()) return {known->second, false};
  const auto name = static_cast<Name>(sets_.size());
  sets_.push_back(&names_.emplace(set, name).first->first);
  return {name, true};
}

void SetTable::swap(SetTable& other) noexcept {
  names_.swap(other.names_);
  sets_.swap(other.sets_);
}

bool GrammarAutomaton::Met::insert(Way way) {
  if (2 * all_.size() >= slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = mixed(way) & mask;
  for (; slots_[slot] != kFree; slot = (slot + 1) & mask)
    if (slots_[slot] == way) return false;
  slots_[slot] = way;
  all_.push_back(way);
  return true;
}

void GrammarAutomaton::Met::clear() {
  if (all_.empty()) return;
  slots_.assign(kFewest, kFree);
  all_.clear();
}

void GrammarAutomaton::Met::grow() {
  slots_.assign(2 * slots_.size(), kFree);
  const std::vector<Way> before = std::move(all_);
  all_.clear();
  for (const Way way : before) insert(way);
}

GrammarAutomaton::GrammarAutomaton(const Grammar& grammar, std::size_t memory_bytes)
    : grammar_{grammar},
      n_classes_{grammar.n_classes()},
      memory_bytes_{memory_bytes},
      returns_(grammar.n_rules()) {
  clear();
}

void GrammarAutomaton::clear() {
  SetTable{}.swap(stacks_);
  SetTable{}.swap(states_);
  transitions_.clear();
  loops_.clear();
  used_bytes_ = 0;
  ++generation_;
  Ways none;
  (void)state_of(none);
}

GrammarAutomaton::State GrammarAutomaton::start() {
  met_.clear();
  add_return(grammar_.root(), kBottom);
  return close();
}

GrammarAutomaton::State GrammarAutomaton::step(State state, std::uint32_t byte_class) {
  met_.clear();
  for (const Way way : states_.at(state)) {
    if (way == kBottom) continue;
    const Grammar::Instruction& match = grammar_.at(address_of(way));
    if (grammar_.set(match.operand).test(byte_class)) follow(match.next, stack_part(way));
  }
  const State to = close();
  transitions_[state * std::size_t{n_classes_} + byte_class] = to;
  return to;
}

void GrammarAutomaton::follow(Grammar::Address address, Stack stack) {
  const Way way = Way{address} << 32 | stack;
  if (met_.insert(way)) open_.push_back(way);
}

void GrammarAutomaton::add_return(std::uint32_t rule, Way way) {
  const std::uint32_t rank = grammar_.rank(rule);
  if (returns_[rank].empty()) called_.push(rank);
  returns_[rank].push_back(way);
}

void GrammarAutomaton::call(const Grammar::Instruction& at, Stack stack) {
  if (at.next == Grammar::kFinish)
    for (const Way way : stacks_.at(stack)) add_return(at.operand, way);
  else
    add_return(at.operand, Way{at.next} << 32 | stack);
  if (grammar_.is_nullable(at.operand)) follow(at.next, stack);
}

/// Goes on from all open ways to where a byte must be read, calls left for later.
void GrammarAutomaton::follow_all() {
  while (!open_.empty()) {
    const Way way = open_.back();
    open_.pop_back();
    const Grammar::Instruction& at = grammar_.at(address_of(way));
    switch (at.kind) {
      case InstructionKind::match:
        found_.push_back(way);
        break;
      case InstructionKind::call:
        call(at, stack_part(way));
        break;
      case InstructionKind::branch:
        for (const Grammar::Address target : grammar_.targets(at))
          follow(target, stack_part(way));
        break;
      case InstructionKind::finish:
        for (const Way back : stacks_.at(stack_part(way))) {
          if (back == kBottom)
            found_.push_back(kBottom);
          else
            follow(address_of(back), stack_part(back));
        }
        break;
    }
  }
}

/// The state after the open ways and the rules called. Rules come in the order of their ranks,
/// so that all who call one here are known when it begins. One that reads nothing was passed
/// over where it was called: its end finds nothing new.
GrammarAutomaton::State GrammarAutomaton::close() {
  try {
    follow_all();
    while (!called_.empty()) {
      const std::uint32_t rank = called_.top();
      called_.pop();
      const Stack stack = stack_of(returns_[rank]);
      returns_[rank].clear();
      follow(grammar_.entry(grammar_.rule_of_rank(rank)), stack);
      follow_all();
    }
    const State state = state_of(found_);
    found_.clear();
    return state;
  } catch (...) {
    open_.clear();
    found_.clear();
    for (; !called_.empty(); called_.pop()) returns_[called_.top()].clear();
    for (Ways& returns : returns_) returns.clear();
    throw;
  }
}

GrammarAutomaton::State GrammarAutomaton::state_of(Ways& ways) {
  sort_unique(ways);
  const auto [state, is_new] = states_.name(ways);
  if (!is_new) return state;
  transitions_.resize(transitions_.size() + n_classes_, state == kDead ? kDead : kUnknown);
  loops_.push_back(kLoopsUnknown);
  spend(kSetBytes + ways.size() * sizeof(Way) + n_classes_ * sizeof(State));
  return state;
}

GrammarAutomaton::Stack GrammarAutomaton::stack_of(Ways& returns) {
  sort_unique(returns);
  const auto [stack, is_new] = stacks_.name(returns);
  if (is_new) spend(kSetBytes + returns.size() * sizeof(Way));
  return stack;
}

void GrammarAutomaton::spend(std::size_t bytes) {
  used_bytes_ += bytes;
  if (used_bytes_ > memory_bytes_)
    throw Error{Fault::data, "the grammar needs more than " +
                                 std::to_string(memory_bytes_ >> 20) +
                                 " MiB to tell which tokens may follow"};
}

bool GrammarAutomaton::accepts(State state) const noexcept {
  const Ways& ways = states_.at(state);
  return !ways.empty() && ways.back() == kBottom;
}

bool GrammarAutomaton::continues(State state) const noexcept {
  const Ways& ways = states_.at(state);
  return !ways.empty() && ways.front() != kBottom;
}

std::uint64_t GrammarAutomaton::loops(State state) {
  if (loops_[state] != kLoopsUnknown) return loops_[state];
  std::uint64_t loops = 0;
  for (std::uint32_t i = 0; i < std::min(n_classes_, 63u); ++i)
    if (next_of_class(state, i) == state) loops |= std::uint64_t{1} << i;
  return loops_[state] = loops;
}

GrammarAutomaton::State GrammarAutomaton::trim(State state) {
  if (used_bytes_ <= memory_bytes_ / 2) return state;
  const Ways before = states_.at(state);
  SetTable stacks;
  stacks.swap(stacks_);
  clear();
  // A stack comes after those that it returns to.
  std::vector<bool> is_live(stacks.size(), false);
  const auto mark = [&](const Ways& ways) {
    for (const Way way : ways)
      if (way != kBottom) is_live[stack_part(way)] = true;
  };
  mark(before);
  for (std::size_t i = stacks.size(); i-- > 0;)
    if (is_live[i]) mark(stacks.at(static_cast<Stack>(i)));
  std::vector<Stack> moved(stacks.size(), 0);
  const auto with_moved = [&](Ways ways) {
    for (Way& way : ways)
      if (way != kBottom) way = (way >> 32 << 32) | moved[stack_part(way)];
    return ways;
  };
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    if (!is_live[i]) continue;
    Ways returns = with_moved(stacks.at(static_cast<Stack>(i)));
    moved[i] = stack_of(returns);
  }
  Ways ways = with_moved(before);
  const State kept = state_of(ways);
  if (used_bytes_ > memory_bytes_ / 2)
    throw Error{Fault::data,
                "the text is nested too deep, or can be read in too many ways, "
                "for the memory of its grammar"};
  return kept;
}

}  // namespace hart::nn
