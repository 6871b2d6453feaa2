#include <utility>

#include "core/error.h"
#include "formats/regex.h"
#include "formats/text_cursor.h"

namespace hart::formats {
namespace {

using regex::Instruction;
using regex::Op;

}  // namespace

void RegexMatcher::spend(std::uint64_t steps) {
  if (steps > steps_left_)
    throw Error{Fault::data, "a regular expression of the tokenizer takes too long"};
  steps_left_ -= steps;
}

bool RegexMatcher::find(std::string_view text, std::size_t from, RegexMatch& found) {
  for (std::size_t at = from; at <= text.size();) {
    std::size_t end = at;
    if (regex_->first().allows(text, at) && match_at(text, 0, end)) {
      found = {at, end};
      return true;
    }
    if (at == text.size()) return false;
    at += character_at(text, at).size;
  }
  return false;
}

bool RegexMatcher::match_at(std::string_view text, std::uint32_t start, std::size_t& at) {
  const std::size_t base = frames_.size();
  std::uint32_t pc = start;
  for (;;) {
    bool is_done = false;
    spend(1);
    if (step(text, pc, at, is_done)) {
      if (!is_done) continue;
      frames_.resize(base);
      return true;
    }
    if (!backtrack(text, base, pc, at)) return false;
  }
}

bool RegexMatcher::step(std::string_view text, std::uint32_t& pc, std::size_t& at,
                        bool& is_done) {
  const Instruction& instruction = regex_->program()[pc];
  const std::uint32_t next = pc + 1;
  pc = next;
  switch (instruction.op) {
    case Op::set: {
      if (at >= text.size()) return false;
      const CodePoint point = character_at(text, at);
      if (!regex_->set(instruction.a).contains(point.value)) return false;
      at += point.size;
      return true;
    }
    case Op::run:
    case Op::run_atomic:
      return step_run(text, instruction, next, at);
    case Op::choice:
      return step_choice(text, instruction.a, instruction.b, pc, at);
    case Op::split:
      frames_.push_back({instruction.b, at, at});
      pc = instruction.a;
      return true;
    case Op::jump:
      pc = instruction.a;
      return true;
    case Op::look:
    case Op::look_behind:
      pc = instruction.a;
      return looks(text, instruction, next, at) != (instruction.min == 1);
    case Op::atomic:
      pc = instruction.a;
      return match_at(text, next, at);
    case Op::line_begin:
      return at == 0 || text[at - 1] == '\n';
    case Op::line_end:
      return at == text.size() || text[at] == '\n';
    case Op::text_begin:
      return at == 0;
    case Op::text_end:
      return at == text.size();
    case Op::boundary:
      return at_boundary(text, at) != (instruction.min == 1);
    case Op::match:
      is_done = true;
      return true;
  }
  return false;
}

bool RegexMatcher::step_run(std::string_view text, const Instruction& instruction,
                            std::uint32_t next, std::size_t& at) {
  const CharacterSet& set = regex_->set(instruction.a);
  std::uint32_t count = 0;
  std::size_t low = at;
  const std::size_t begin = at;
  while (count < instruction.max && at < text.size()) {
    const CodePoint point = character_at(text, at);
    if (!set.contains(point.value)) break;
    at += point.size;
    if (++count == instruction.min) low = at;
  }
  spend(at - begin);
  if (count < instruction.min) return false;
  if (instruction.op == Op::run && at > low) frames_.push_back({next, at, low});
  return true;
}

/// Goes on at the first alternative that may match here and keeps the next one for later.
bool RegexMatcher::step_choice(std::string_view text, std::uint32_t from, std::uint32_t end,
                               std::uint32_t& pc, std::size_t at) {
  const auto& alternatives = regex_->alternatives();
  bool is_chosen = false;
  std::size_t first_frame = frames_.size();
  for (std::uint32_t i = from; i < end; ++i) {
    if (!alternatives[i].first.allows(text, at)) continue;
    if (!is_chosen)
      pc = alternatives[i].at;
    else
      frames_.push_back({alternatives[i].at, at, at});
    is_chosen = true;
  }
  // The last frame is taken up first.
  for (std::size_t last = frames_.size(); first_frame + 1 < last; ++first_frame)
    std::swap(frames_[first_frame], frames_[--last]);
  return is_chosen;
}

bool RegexMatcher::looks(std::string_view text, const Instruction& instruction,
                         std::uint32_t start, std::size_t at) {
  if (instruction.op == Op::look) return match_at(text, start, at);
  std::size_t from = at;
  for (std::uint32_t i = 0; i < instruction.b; ++i) {
    if (from == 0) return false;
    spend(1);
    from = character_before(text, from);
  }
  return match_at(text, start, from) && from == at;
}

bool RegexMatcher::at_boundary(std::string_view text, std::size_t at) const {
  const bool before =
      at > 0 && regex_->words().contains(character_at(text, character_before(text, at)).value);
  const bool after = at < text.size() && regex_->words().contains(character_at(text, at).value);
  return before != after;
}

bool RegexMatcher::backtrack(std::string_view text, std::size_t base, std::uint32_t& pc,
                             std::size_t& at) {
  if (frames_.size() == base) return false;
  Frame& frame = frames_.back();
  pc = frame.at_instruction;
  if (frame.at == frame.low) {
    at = frame.at;
    frames_.pop_back();
    return true;
  }
  frame.at = character_before(text, frame.at);
  at = frame.at;
  if (frame.at == frame.low) frames_.pop_back();
  return true;
}

}  // namespace hart::formats
