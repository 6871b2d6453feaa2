#include "formats/unicode_normalize.h"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "formats/unicode_normalize_table.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

/// Hangul syllables are composed by rule. Source: The Unicode Standard 14, section 3.12.
namespace hangul {
constexpr char32_t kSyllable = 0xAC00, kLead = 0x1100, kVowel = 0x1161, kTail = 0x11A7;
constexpr char32_t kLeads = 19, kVowels = 21, kTails = 28;
constexpr char32_t kSyllables = kLeads * kVowels * kTails;
}  // namespace hangul

struct Character {
  char32_t value;
  std::uint8_t combining_class;
};

std::uint8_t combining_class(char32_t value) {
  if (value < 0x300) return 0;
  const auto runs = combining_runs();
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), value,
                       [](char32_t v, const CombiningRun& run) { return v < run.first; });
  return after != runs.begin() && value <= std::prev(after)->last
             ? std::prev(after)->combining_class
             : 0;
}

const Decomposition* find_decomposition(char32_t value, bool compatible) {
  if (value < 0xA0) return nullptr;
  const auto table = decompositions();
  const auto found =
      std::lower_bound(table.begin(), table.end(), value,
                       [](const Decomposition& entry, char32_t v) { return entry.point < v; });
  if (found == table.end() || found->point != value) return nullptr;
  return found->compatible && !compatible ? nullptr : &*found;
}

/// Appends the full decomposition of `value`. The mappings of the tables end: no cycles.
void decompose(char32_t value, bool compatible, std::vector<Character>& out) {
  if (value - hangul::kSyllable < hangul::kSyllables) {
    const char32_t index = value - hangul::kSyllable;
    out.push_back({hangul::kLead + index / (hangul::kVowels * hangul::kTails), 0});
    out.push_back({hangul::kVowel + index / hangul::kTails % hangul::kVowels, 0});
    if (index % hangul::kTails != 0) out.push_back({hangul::kTail + index % hangul::kTails, 0});
    return;
  }
  const Decomposition* mapping = find_decomposition(value, compatible);
  if (mapping == nullptr) {
    out.push_back({value, combining_class(value)});
    return;
  }
  for (const char32_t part : decomposed().subspan(mapping->offset, mapping->size))
    decompose(part, compatible, out);
}

/// Canonical ordering: marks between two characters of class 0 by their class, stably.
void order_marks(std::vector<Character>& text) {
  for (auto at = text.begin(); at != text.end();) {
    if (at->combining_class == 0) {
      ++at;
      continue;
    }
    const auto end =
        std::find_if(at, text.end(), [](const Character& c) { return c.combining_class == 0; });
    std::stable_sort(at, end, [](const Character& a, const Character& b) {
      return a.combining_class < b.combining_class;
    });
    at = end;
  }
}

/// The primary composite of two characters, or 0.
char32_t compose_pair(char32_t first, char32_t second) {
  if (first - hangul::kLead < hangul::kLeads && second - hangul::kVowel < hangul::kVowels)
    return hangul::kSyllable +
           ((first - hangul::kLead) * hangul::kVowels + (second - hangul::kVowel)) *
               hangul::kTails;
  if (first - hangul::kSyllable < hangul::kSyllables &&
      (first - hangul::kSyllable) % hangul::kTails == 0 &&
      second - hangul::kTail - 1 < hangul::kTails - 1)
    return first + (second - hangul::kTail);
  const auto table = compositions();
  const auto found = std::lower_bound(
      table.begin(), table.end(), std::pair{first, second},
      [](const Composition& entry, const std::pair<char32_t, char32_t>& wanted) {
        return std::pair{entry.first, entry.second} < wanted;
      });
  const bool is_pair = found != table.end() && found->first == first && found->second == second;
  return is_pair ? found->composed : 0;
}

void compose(std::vector<Character>& text) {
  std::size_t size = 0, starter = text.size();
  for (std::size_t at = 0; at < text.size(); ++at) {
    const Character next = text[at];
    if (starter < size) {
      const std::uint8_t before = text[size - 1].combining_class;
      const bool is_adjacent = size - 1 == starter;
      // A mark is blocked by one of the same or a higher class, a starter by any mark.
      const bool is_blocked = !is_adjacent && (before == 0 || before >= next.combining_class);
      const char32_t composed = is_blocked ? 0 : compose_pair(text[starter].value, next.value);
      if (composed != 0) {
        text[starter].value = composed;
        continue;
      }
    }
    if (next.combining_class == 0) starter = size;
    text[size++] = next;
  }
  text.resize(size);
}

/// Bytes of `text` that no form changes and that combine with nothing after them but the last.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

void append_normal(std::vector<Character>& run, NormalForm form, std::string& out) {
  order_marks(run);
  if (form == NormalForm::nfc || form == NormalForm::nfkc) compose(run);
  for (const Character& character : run) append_utf8(out, character.value);
  run.clear();
}

}  // namespace

std::string normalize(std::string_view text, NormalForm form) {
  const bool compatible = form == NormalForm::nfkc || form == NormalForm::nfkd;
  std::string out;
  out.reserve(text.size());
  std::vector<Character> run;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t ascii = ascii_prefix(text.substr(at));
    if (ascii > 1) {
      append_normal(run, form, out);
      out += text.substr(at, ascii - 1);
      at += ascii - 1;
    }
    const CodePoint point = decode_utf8(as_bytes(text), at);
    if (point.size == 0) {
      append_normal(run, form, out);
      out += text[at++];
      continue;
    }
    decompose(point.value, compatible, run);
    at += point.size;
  }
  append_normal(run, form, out);
  return out;
}

}  // namespace hart::formats
