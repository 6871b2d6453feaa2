#include "nn/space_mark.h"

namespace hart::nn {

std::string mark_spaces(std::string_view text, bool space_before) {
  std::string marked;
  marked.reserve(text.size() + text.size() / 2 + kSpaceMark.size());
  if (space_before) marked += kSpaceMark;
  for (const char c : text) {
    if (c == ' ')
      marked += kSpaceMark;
    else
      marked += c;
  }
  return marked;
}

std::string unmark_spaces(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const bool is_space = text.substr(at).starts_with(kSpaceMark);
    bytes += is_space ? ' ' : text[at];
    at += is_space ? kSpaceMark.size() : 1;
  }
  return bytes;
}

std::size_t marked_word_end(std::string_view marked) noexcept {
  std::size_t at = 0;
  while (marked.substr(at).starts_with(kSpaceMark)) at += kSpaceMark.size();
  return marked.find(kSpaceMark, at);
}

}  // namespace hart::nn
