#include <optional>
#include <string>

#include "core/error.h"
#include "formats/regex.h"
#include "formats/regex_ast.h"

namespace hart::formats {
namespace {

using regex::FirstBytes;
using regex::Node;
using regex::Op;
using Kind = Node::Kind;

constexpr std::size_t kMostInstructions = 65536;

void unite(FirstBytes& into, const FirstBytes& other) {
  into.ascii[0] |= other.ascii[0];
  into.ascii[1] |= other.ascii[1];
  into.others |= other.others;
}

FirstBytes first_bytes(const Node& node);

FirstBytes first_of_sequence(const Node& node) {
  FirstBytes first{.empty = true};
  for (const Node& child : node.children) {
    const FirstBytes next = first_bytes(child);
    unite(first, next);
    if (next.empty) continue;
    first.empty = false;
    break;
  }
  return first;
}

FirstBytes first_bytes(const Node& node) {
  FirstBytes first;
  switch (node.kind) {
    case Kind::set: {
      const CharacterSet set{node.characters};
      first.ascii = set.ascii();
      first.others = set.has_others();
      return first;
    }
    case Kind::sequence:
      return first_of_sequence(node);
    case Kind::alternation:
      for (const Node& child : node.children) {
        const FirstBytes next = first_bytes(child);
        unite(first, next);
        first.empty |= next.empty;
      }
      return first;
    case Kind::repeat:
      first = first_bytes(node.children.front());
      first.empty |= node.min == 0;
      return first;
    case Kind::atomic:
      return first_bytes(node.children.front());
    default:
      first.empty = true;
      return first;
  }
}

/// Characters that every match of `node` has; nothing when matches differ in length.
std::optional<std::uint32_t> fixed_length(const Node& node) {
  std::uint32_t length = 0;
  switch (node.kind) {
    case Kind::set:
      return 1;
    case Kind::sequence:
      for (const Node& child : node.children) {
        const auto next = fixed_length(child);
        if (!next) return std::nullopt;
        length += *next;
      }
      return length;
    case Kind::alternation: {
      const auto common = fixed_length(node.children.front());
      for (const Node& child : node.children)
        if (fixed_length(child) != common) return std::nullopt;
      return common;
    }
    case Kind::repeat: {
      const auto once = fixed_length(node.children.front());
      if (!once || node.min != node.max) return std::nullopt;
      return *once * node.min;
    }
    case Kind::atomic:
      return fixed_length(node.children.front());
    default:
      return 0;
  }
}

bool may_be_empty(const Node& node) {
  return first_bytes(node).empty;
}

[[noreturn]] void refuse(const char* because) {
  throw Error{Fault::data, std::string{"regular expression: "} + because};
}

}  // namespace

/// Writes the program of a parsed expression.
class RegexCompiler {
 public:
  explicit RegexCompiler(Regex& regex) : regex_{regex} {
    regex_.sets_.emplace_back(word_characters());
    ranges_.push_back(word_characters());
  }

  void run(const Node& node) {
    regex_.first_ = first_bytes(node);
    compile(node);
    emit({.op = Op::match});
  }

 private:
  std::uint32_t emit(regex::Instruction instruction) {
    if (regex_.program_.size() >= kMostInstructions)
      refuse("its repetitions make it longer than 65536 steps");
    regex_.program_.push_back(instruction);
    return static_cast<std::uint32_t>(regex_.program_.size() - 1);
  }
  [[nodiscard]] std::uint32_t here() const {
    return static_cast<std::uint32_t>(regex_.program_.size());
  }
  std::uint32_t set_of(const CharacterRanges& ranges) {
    for (std::uint32_t i = 0; i < ranges_.size(); ++i)
      if (ranges_[i] == ranges) return i;
    ranges_.push_back(ranges);
    regex_.sets_.emplace_back(ranges);
    return static_cast<std::uint32_t>(ranges_.size() - 1);
  }

  void compile(const Node& node);
  void compile_alternation(const Node& node);
  void compile_repeat(const Node& node);
  void compile_optional(const Node& body, std::uint32_t times, bool is_lazy);
  void compile_star(const Node& body, bool is_lazy);
  void compile_look(const Node& node);
  void compile_atomic(const Node& body);
  void set_split(std::uint32_t split, std::uint32_t body, std::uint32_t after, bool is_lazy) {
    regex_.program_[split].a = is_lazy ? after : body;
    regex_.program_[split].b = is_lazy ? body : after;
  }

  Regex& regex_;
  std::vector<CharacterRanges> ranges_;  ///< of regex_.sets_
};

void RegexCompiler::compile(const Node& node) {
  switch (node.kind) {
    case Kind::set:
      emit({.op = Op::set, .a = set_of(node.characters)});
      return;
    case Kind::sequence:
      for (const Node& child : node.children) compile(child);
      return;
    case Kind::alternation:
      return compile_alternation(node);
    case Kind::repeat:
      return compile_repeat(node);
    case Kind::look:
      return compile_look(node);
    case Kind::atomic:
      return compile_atomic(node.children.front());
    case Kind::line_begin:
      emit({.op = Op::line_begin});
      return;
    case Kind::line_end:
      emit({.op = Op::line_end});
      return;
    case Kind::text_begin:
      emit({.op = Op::text_begin});
      return;
    case Kind::text_end:
      emit({.op = Op::text_end});
      return;
    case Kind::boundary:
      emit({.op = Op::boundary, .min = node.is_negative ? 1u : 0u});
      return;
  }
}

void RegexCompiler::compile_alternation(const Node& node) {
  const auto first = static_cast<std::uint32_t>(regex_.alternatives_.size());
  const auto end = first + static_cast<std::uint32_t>(node.children.size());
  for (const Node& child : node.children)
    regex_.alternatives_.push_back({first_bytes(child), 0});
  emit({.op = Op::choice, .a = first, .b = end});
  std::vector<std::uint32_t> jumps;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    regex_.alternatives_[first + i].at = here();
    compile(node.children[i]);
    jumps.push_back(emit({.op = Op::jump}));
  }
  for (const std::uint32_t jump : jumps) regex_.program_[jump].a = here();
}

void RegexCompiler::compile_repeat(const Node& node) {
  const Node& body = node.children.front();
  const bool is_lazy = node.greed == Node::Greed::lazy;
  if (body.kind == Kind::set && !is_lazy) {
    const Op op = node.greed == Node::Greed::possessive ? Op::run_atomic : Op::run;
    emit({.op = op, .a = set_of(body.characters), .min = node.min, .max = node.max});
    return;
  }
  if (node.greed == Node::Greed::possessive) {
    Node greedy = node;
    greedy.greed = Node::Greed::greedy;
    return compile_atomic(greedy);
  }
  if (node.max == regex::kUnbounded && may_be_empty(body))
    refuse("an endless repetition of what may be empty is not supported");
  for (std::uint32_t i = 0; i < node.min; ++i) compile(body);
  if (node.max == regex::kUnbounded)
    compile_star(body, is_lazy);
  else
    compile_optional(body, node.max - node.min, is_lazy);
}

void RegexCompiler::compile_star(const Node& body, bool is_lazy) {
  const std::uint32_t split = emit({.op = Op::split});
  compile(body);
  emit({.op = Op::jump, .a = split});
  set_split(split, split + 1, here(), is_lazy);
}

void RegexCompiler::compile_optional(const Node& body, std::uint32_t times, bool is_lazy) {
  std::vector<std::uint32_t> splits;
  for (std::uint32_t i = 0; i < times; ++i) {
    splits.push_back(emit({.op = Op::split}));
    compile(body);
  }
  for (const std::uint32_t split : splits) set_split(split, split + 1, here(), is_lazy);
}

void RegexCompiler::compile_look(const Node& node) {
  const Node& body = node.children.front();
  std::uint32_t length = 0;
  if (node.is_behind) {
    const auto fixed = fixed_length(body);
    if (!fixed) refuse("a look-behind of more than one length is not supported");
    length = *fixed;
  }
  const std::uint32_t look = emit({.op = node.is_behind ? Op::look_behind : Op::look,
                                   .b = length,
                                   .min = node.is_negative ? 1u : 0u});
  compile(body);
  emit({.op = Op::match});
  regex_.program_[look].a = here();
}

void RegexCompiler::compile_atomic(const Node& body) {
  const std::uint32_t atomic = emit({.op = Op::atomic});
  compile(body);
  emit({.op = Op::match});
  regex_.program_[atomic].a = here();
}

Regex::Regex(std::string_view expression) {
  RegexCompiler{*this}.run(regex::parse(expression));
}

}  // namespace hart::formats
