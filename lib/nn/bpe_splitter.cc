#include "nn/bpe_splitter.h"

#include <array>
#include <cstddef>

#include "formats/unicode.h"
#include "formats/utf8.h"

namespace hart::nn {
namespace {

enum class Class { letter, number, space, other, end };

/// The character at a place in the text.
struct Character {
  Class kind;
  std::size_t size;  ///< bytes; 0 at the end
};

Character character_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {Class::end, 0};
  const formats::CodePoint point = formats::decode_utf8(as_bytes(text), at);
  if (point.size == 0) return {Class::other, 1};
  if (formats::is_letter(point.value)) return {Class::letter, point.size};
  if (formats::is_number(point.value)) return {Class::number, point.size};
  if (formats::is_white_space(point.value)) return {Class::space, point.size};
  return {Class::other, point.size};
}

std::size_t contraction_at(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 7> kContractions = {"'s", "'t",  "'re", "'ve",
                                                             "'m", "'ll", "'d"};
  for (const std::string_view contraction : kContractions)
    if (text.substr(at).starts_with(contraction)) return contraction.size();
  return 0;
}

/// The end of the run of characters of `kind` that begins at `at`.
std::size_t run_end(std::string_view text, std::size_t at, Class kind) {
  for (;;) {
    const Character next = character_at(text, at);
    if (next.kind != kind) return at;
    at += next.size;
  }
}

/// The end of the white space at `at`, less its last character when more than one and a word
/// follows: that character belongs to the word, or stands alone.
std::size_t space_end(std::string_view text, std::size_t at) {
  std::size_t end = at, last = at;
  for (Character next = character_at(text, end); next.kind == Class::space;
       next = character_at(text, end)) {
    last = end;
    end += next.size;
  }
  return end == text.size() || last == at ? end : last;
}

std::size_t gpt2_word_end(std::string_view text, std::size_t at) {
  if (text[at] == '\'')
    if (const std::size_t size = contraction_at(text, at); size > 0) return at + size;
  const std::size_t start = at + (text[at] == ' ' ? 1 : 0);
  const Class kind = character_at(text, start).kind;
  if (kind == Class::space || kind == Class::end) return space_end(text, at);
  return run_end(text, start, kind);
}

}  // namespace

void split_gpt2(std::string_view text, std::vector<std::string_view>& words) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = gpt2_word_end(text, at);
    words.push_back(text.substr(at, end - at));
    at = end;
  }
}

BpeSplitter find_bpe_splitter(std::string_view name) noexcept {
  return name.empty() || name == "gpt-2" ? split_gpt2 : nullptr;
}

}  // namespace hart::nn
