#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include "core/error.h"
#include "nn/grammar.h"
#include "nn/grammar_utf8.h"

namespace hart::nn {
namespace {

using ByteSet = std::bitset<256>;
constexpr std::size_t kMaxInstructions = 1 << 20;

}  // namespace

/// Writes the program backwards: what an expression compiles to depends on where it goes on, so
/// that nothing has to be patched but loops, and equal endings are one.
class GrammarCompiler {
 public:
  using Address = Grammar::Address;
  using Instruction = Grammar::Instruction;
  using Kind = GrammarExpression::Kind;

  GrammarCompiler(const GrammarSyntax& syntax, Grammar& out) : syntax_{syntax}, out_{out} {}

  void run() {
    out_.instructions_.push_back({});
    out_.root_ = syntax_.root;
    out_.entries_.assign(syntax_.rules.size(), Grammar::kFinish);
    for (std::size_t i = 0; i < syntax_.rules.size(); ++i)
      out_.entries_[i] = compile(syntax_.rules[i].body, Grammar::kFinish);
    number_classes();
    find_nullable();
    rank_rules();
  }

 private:
  Address compile(const GrammarExpression& expression, Address next) {
    switch (expression.kind) {
      case Kind::characters:
        return characters(expression.ranges, next);
      case Kind::rule:
        return shared({Instruction::Kind::call, expression.rule, next});
      case Kind::repeat:
        return repeat(expression, next);
      case Kind::sequence:
        for (auto part = expression.parts.rbegin(); part != expression.parts.rend(); ++part)
          next = compile(*part, next);
        return next;
      case Kind::choice:
        break;
    }
    std::vector<Address> targets;
    for (const GrammarExpression& part : expression.parts)
      targets.push_back(compile(part, next));
    return branch(std::move(targets));
  }

  Address characters(const std::vector<CodeRange>& ranges, Address next) {
    std::map<Address, ByteSet> firsts;  // by where the rest of the character is read
    for (const CodeRange& range : ranges)
      for (const ByteSequences& bytes : utf8_sequences(range.first, range.last)) {
        Address rest = next;
        for (std::uint32_t i = bytes.size; i-- > 1;)
          rest = match(set_of(bytes.ranges[i]), rest);
        firsts[rest] |= set_of(bytes.ranges[0]);
      }
    std::vector<Address> targets;
    targets.reserve(firsts.size());
    for (const auto& [rest, set] : firsts) targets.push_back(match(set, rest));
    return targets.size() == 1 ? targets.front() : branch(std::move(targets));
  }

  Address repeat(const GrammarExpression& expression, Address next) {
    const bool bounded = expression.most != GrammarExpression::kUnbounded;
    const GrammarExpression* body = &expression.parts.front();
    GrammarExpression call{Kind::rule};
    const std::uint32_t copies = bounded ? expression.most : expression.least + 1;
    if (copies > 1 && body->kind != Kind::characters && body->kind != Kind::rule) {
      // A rule of its own, lest copies of copies multiply.
      call.rule = static_cast<std::uint32_t>(out_.entries_.size());
      out_.entries_.push_back(Grammar::kFinish);
      const Address entry = compile(*body, Grammar::kFinish);
      out_.entries_[call.rule] = entry;
      body = &call;
    }
    Address at = next;
    if (bounded) {
      for (std::uint32_t i = expression.least; i < expression.most; ++i)
        at = branch({compile(*body, at), next});
    } else {
      at = add({Instruction::Kind::branch, 0, 0});
      const Address once = compile(*body, at);
      set_targets(out_.instructions_[at], {once, next});
    }
    for (std::uint32_t i = 0; i < expression.least; ++i) at = compile(*body, at);
    return at;
  }

  static ByteSet set_of(ByteRange range) {
    ByteSet set;
    for (unsigned byte = range.first; byte <= range.last; ++byte) set.set(byte);
    return set;
  }

  Address match(const ByteSet& set, Address next) {
    const auto [entry, is_new] =
        set_numbers_.try_emplace(set, static_cast<std::uint32_t>(byte_sets_.size()));
    if (is_new) byte_sets_.push_back(set);
    return shared({Instruction::Kind::match, entry->second, next});
  }

  Address branch(std::vector<Address> targets) {
    const auto entry = branches_.find(targets);
    if (entry != branches_.end()) return entry->second;
    const Address address = add({Instruction::Kind::branch, 0, 0});
    set_targets(out_.instructions_[address], targets);
    return branches_.emplace(std::move(targets), address).first->second;
  }

  void set_targets(Instruction& instruction, const std::vector<Address>& targets) {
    instruction.operand = static_cast<std::uint32_t>(out_.targets_.size());
    instruction.next = static_cast<std::uint32_t>(targets.size());
    out_.targets_.insert(out_.targets_.end(), targets.begin(), targets.end());
    if (out_.targets_.size() > kMaxInstructions) refuse_size();
  }

  Address shared(Instruction instruction) {
    auto& known = instruction.kind == Instruction::Kind::match ? matches_ : calls_;
    const std::uint64_t key = std::uint64_t{instruction.operand} << 32 | instruction.next;
    const auto entry = known.find(key);
    if (entry != known.end()) return entry->second;
    return known.emplace(key, add(instruction)).first->second;
  }

  Address add(Instruction instruction) {
    if (out_.instructions_.size() >= kMaxInstructions) refuse_size();
    out_.instructions_.push_back(instruction);
    return static_cast<Address>(out_.instructions_.size() - 1);
  }

  [[noreturn]] static void refuse_size() {
    throw Error{Fault::data, "grammar: it is too large when its repetitions are written out"};
  }

  /// Bytes that are in the same sets get the same number.
  void number_classes() {
    std::uint32_t n_classes = 1;
    for (const ByteSet& set : byte_sets_) {
      std::map<std::pair<std::uint8_t, bool>, std::uint8_t> numbers;
      for (unsigned byte = 0; byte < 256; ++byte) {
        std::uint8_t& number = out_.classes_[byte];
        number = numbers
                     .try_emplace({number, set.test(byte)},
                                  static_cast<std::uint8_t>(numbers.size()))
                     .first->second;
      }
      n_classes = static_cast<std::uint32_t>(numbers.size());
    }
    out_.n_classes_ = n_classes;
    for (const ByteSet& set : byte_sets_) {
      Grammar::ClassSet& classes = out_.sets_.emplace_back();
      for (unsigned byte = 0; byte < 256; ++byte)
        if (set.test(byte)) classes.set(out_.classes_[byte]);
    }
  }

  /// Calls `see` with the rules that are called from the beginning of `rule` before a byte is
  /// read; true when its end is reached so.
  template <typename See> bool walk_beginning(std::uint32_t rule, const See& see) const {
    std::set<Address> met;
    std::vector<Address> open{out_.entries_[rule]};
    bool reaches_end = false;
    const auto follow = [&](Address address) {
      if (met.insert(address).second) open.push_back(address);
    };
    while (!open.empty()) {
      const Instruction at = out_.instructions_[open.back()];
      open.pop_back();
      reaches_end |= at.kind == Instruction::Kind::finish;
      if (at.kind == Instruction::Kind::branch)
        for (const Address target : out_.targets(at)) follow(target);
      if (at.kind != Instruction::Kind::call) continue;
      see(at.operand);
      if (out_.nullable_[at.operand]) follow(at.next);
    }
    return reaches_end;
  }

  void find_nullable() {
    const auto n = static_cast<std::uint32_t>(out_.entries_.size());
    out_.nullable_.assign(n, false);
    // A rule is looked at again when one that its beginning met turns out to be nullable.
    std::vector<std::vector<std::uint32_t>> waiting(n);
    std::vector<std::uint32_t> open(n);
    std::iota(open.rbegin(), open.rend(), 0u);
    while (!open.empty()) {
      const std::uint32_t rule = open.back();
      open.pop_back();
      if (out_.nullable_[rule]) continue;
      out_.nullable_[rule] = walk_beginning(rule, [&](std::uint32_t called) {
        if (!out_.nullable_[called]) waiting[called].push_back(rule);
      });
      if (!out_.nullable_[rule]) continue;
      open.insert(open.end(), waiting[rule].begin(), waiting[rule].end());
      waiting[rule].clear();
    }
  }

  /// Topological order of what begins with what; there are no circles (check_grammar).
  void rank_rules() {
    const auto n = static_cast<std::uint32_t>(out_.entries_.size());
    std::vector<std::vector<std::uint32_t>> firsts(n);
    std::vector<std::uint32_t> callers(n, 0), ready;
    for (std::uint32_t rule = 0; rule < n; ++rule) {
      (void)walk_beginning(rule, [&](std::uint32_t called) {
        firsts[rule].push_back(called);
        ++callers[called];
      });
    }
    for (std::uint32_t rule = 0; rule < n; ++rule)
      if (callers[rule] == 0) ready.push_back(rule);
    out_.ranks_.assign(n, 0);
    while (!ready.empty()) {
      const std::uint32_t rule = ready.back();
      ready.pop_back();
      out_.ranks_[rule] = static_cast<std::uint32_t>(out_.by_rank_.size());
      out_.by_rank_.push_back(rule);
      for (const std::uint32_t first : firsts[rule])
        if (--callers[first] == 0) ready.push_back(first);
    }
  }

  const GrammarSyntax& syntax_;
  Grammar& out_;
  std::vector<ByteSet> byte_sets_;
  std::unordered_map<ByteSet, std::uint32_t> set_numbers_;
  std::unordered_map<std::uint64_t, Address> matches_;
  std::unordered_map<std::uint64_t, Address> calls_;
  std::map<std::vector<Address>, Address> branches_;
};

Grammar::Grammar(const GrammarSyntax& syntax) {
  check_grammar(syntax);
  GrammarCompiler{syntax, *this}.run();
}

Grammar parse_grammar(std::string_view gbnf) {
  return Grammar{parse_gbnf(gbnf)};
}

}  // namespace hart::nn
