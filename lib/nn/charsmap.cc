#include "nn/charsmap.h"

#include "core/error.h"

namespace hart::nn {
namespace {

std::uint32_t little_endian(ByteView bytes, std::size_t at) {
  return bytes[at] | static_cast<std::uint32_t>(bytes[at + 1]) << 8 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 3]) << 24;
}

// The fields of a unit, as Darts-clone packs them.
bool has_leaf(std::uint32_t unit) {
  return (unit >> 8 & 1) != 0;
}
std::uint32_t value_of(std::uint32_t unit) {
  return unit & 0x7FFFFFFF;
}
std::uint32_t label_of(std::uint32_t unit) {
  return unit & 0x800000FF;
}
std::uint32_t offset_of(std::uint32_t unit) {
  return unit >> 10 << ((unit & 0x200) >> 6);
}

}  // namespace

Charsmap::Charsmap(ByteView compiled) {
  const auto refuse = [](const char* because) {
    throw Error{Fault::data, std::string{"precompiled_charsmap: "} + because};
  };
  if (compiled.size() < 4) refuse("too short for its trie's size");
  const std::uint32_t trie_size = little_endian(compiled, 0);
  if (trie_size % 4 != 0 || trie_size > compiled.size() - 4)
    refuse("the trie is larger than the map");
  for (std::size_t at = 4; at < 4 + trie_size; at += 4)
    units_.push_back(little_endian(compiled, at));
  replacements_ = as_text(compiled.subspan(4 + trie_size));
  replacements_ += '\0';
}

Charsmap::Match Charsmap::find_prefix(std::string_view text, bool takes_first) const noexcept {
  Match match;
  if (units_.empty()) return match;
  std::size_t node = offset_of(units_[0]);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    node ^= byte;
    if (node >= units_.size() || label_of(units_[node]) != byte) break;
    const bool is_leaf = has_leaf(units_[node]);
    node ^= offset_of(units_[node]);
    if (!is_leaf) continue;
    if (node >= units_.size()) break;
    const std::uint32_t offset = value_of(units_[node]);
    if (offset >= replacements_.size()) break;
    match = {i + 1, std::string_view{replacements_.data() + offset}};
    if (takes_first) break;
  }
  return match;
}

Charsmap::Match Charsmap::longest_prefix(std::string_view text) const noexcept {
  return find_prefix(text, false);
}

Charsmap::Match Charsmap::shortest_prefix(std::string_view text) const noexcept {
  return find_prefix(text, true);
}

}  // namespace hart::nn
