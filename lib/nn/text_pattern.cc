#include "nn/text_pattern.h"

namespace hart::nn {

TextPattern TextPattern::read(const JsonNode& node) {
  if (const auto literal = node.find("String")) return TextPattern{literal->string()};
  if (const auto regex = node.find("Regex"))
    return TextPattern{formats::Regex{regex->string()}};
  node.refuse("{\"String\": ...} or {\"Regex\": ...} is expected");
}

SplitBehavior read_split_behavior(const JsonNode& node) {
  const std::string& name = node.string();
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  node.refuse("the behavior '" + name.substr(0, 40) + "' is not known");
}

void SectionJoiner::emit() {
  if (!pending_.empty()) (*visit_)(pending_);
  pending_ = {};
}

void SectionJoiner::add(std::string_view section, bool is_match) {
  bool joins = false;
  switch (behavior_) {
    case SplitBehavior::removed:
      if (!is_match && !section.empty()) (*visit_)(section);
      return;
    case SplitBehavior::isolated:
      if (!section.empty()) (*visit_)(section);
      return;
    case SplitBehavior::contiguous:
      joins = is_match == pending_is_match_;
      break;
    // A match joins its neighbour unless that, too, is a match.
    case SplitBehavior::merged_with_previous:
      joins = is_match && !last_was_match_;
      break;
    case SplitBehavior::merged_with_next:
      joins = !is_match && last_was_match_;
      break;
  }
  last_was_match_ = is_match;
  pending_is_match_ = is_match;
  if (joins && !pending_.empty()) return extend(section);
  emit();
  pending_ = section;
}

void SectionJoiner::finish() {
  emit();
}

}  // namespace hart::nn
