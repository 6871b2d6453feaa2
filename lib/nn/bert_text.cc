#include "nn/bert_text.h"

#include <array>

#include "formats/character_set.h"
#include "formats/text_cursor.h"
#include "formats/unicode.h"
#include "formats/unicode_category.h"
#include "formats/unicode_normalize.h"

namespace hart::nn {
namespace {

using formats::GeneralCategory;

// The blocks that BERT's code lists as ideographs; as the peers have them, 2B820 … 2B91F are
// missing.
constexpr std::array<formats::CharacterRange, 8> kIdeographs = {{{0x4E00, 0x9FFF},
                                                                 {0x3400, 0x4DBF},
                                                                 {0x20000, 0x2A6DF},
                                                                 {0x2A700, 0x2B73F},
                                                                 {0x2B740, 0x2B81F},
                                                                 {0x2B920, 0x2CEAF},
                                                                 {0xF900, 0xFAFF},
                                                                 {0x2F800, 0x2FA1F}}};

bool is_ideograph(char32_t value) {
  if (value < 0x3400) return false;
  for (const formats::CharacterRange& range : kIdeographs)
    if (value >= range.first && value <= range.last) return true;
  return false;
}

bool is_removed(char32_t value) {
  if (value == 0 || value == formats::kReplacement) return true;
  if (value == '\t' || value == '\n' || value == '\r') return false;
  if (value < 0x80) return value < 0x20 || value == 0x7F;
  const GeneralCategory category = formats::general_category(value);
  return category == GeneralCategory::Cc || category == GeneralCategory::Cf ||
         category == GeneralCategory::Co || category == GeneralCategory::Cs;
}

void append_clean(std::string& out, char32_t value, std::string_view bytes,
                  const BertNormalization& options) {
  if (options.cleans && is_removed(value)) return;
  if (options.cleans && formats::is_white_space(value)) {
    out += ' ';
  } else if (options.separates_cjk && is_ideograph(value)) {
    out += ' ';
    out += bytes;
    out += ' ';
  } else {
    out += bytes;
  }
}

std::string without_accents(std::string_view text) {
  const std::string decomposed = formats::normalize(text, formats::NormalForm::nfd);
  std::string out;
  out.reserve(decomposed.size());
  for (std::size_t at = 0; at < decomposed.size();) {
    const formats::CodePoint point = formats::character_at(decomposed, at);
    const bool is_accent =
        point.value >= 0x300 && formats::general_category(point.value) == GeneralCategory::Mn;
    if (!is_accent) out += std::string_view{decomposed}.substr(at, point.size);
    at += point.size;
  }
  return out;
}

}  // namespace

std::string lowercase(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint point = formats::character_at(text, at);
    const char32_t lower = formats::to_lower(point.value);
    if (point.value == 0x130)
      out += "i\u0307";  // the one character whose lower case is two
    else if (lower != point.value)
      formats::append_utf8(out, lower);
    else
      out += text.substr(at, point.size);
    at += point.size;
  }
  return out;
}

std::string normalize_bert(std::string_view text, const BertNormalization& options) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint point = formats::character_at(text, at);
    append_clean(out, point.value, text.substr(at, point.size), options);
    at += point.size;
  }
  if (options.strips_accents) out = without_accents(out);
  if (options.lowercases) out = lowercase(out);
  return out;
}

bool is_bert_punctuation(char32_t value) noexcept {
  if (value >= 0x80) return formats::is_punctuation(value);
  const char32_t letter = value | 0x20;
  const bool is_alphanumeric =
      (letter >= 'a' && letter <= 'z') || (value >= '0' && value <= '9');
  return value > ' ' && value < 0x7F && !is_alphanumeric;
}

void split_bert(std::string_view text, const WordVisitor& visit) {
  std::size_t begin = 0;
  const auto finish = [&](std::size_t end, std::size_t next) {
    if (end > begin) visit(text.substr(begin, end - begin));
    begin = next;
  };
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint point = formats::character_at(text, at);
    const std::size_t end = at + point.size;
    if (formats::is_white_space(point.value)) {
      finish(at, end);
    } else if (is_bert_punctuation(point.value)) {
      finish(at, at);
      finish(end, end);
    }
    at = end;
  }
  finish(text.size(), text.size());
}

}  // namespace hart::nn
