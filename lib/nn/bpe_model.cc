#include "nn/bpe_model.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <utility>

#include "formats/text_cursor.h"
#include "formats/utf8.h"
#include "nn/byte_alphabet.h"
#include "nn/space_mark.h"

namespace hart::nn {
namespace {

constexpr TokenId kNone = -1;
constexpr std::size_t kMostRemembered = 8192;

std::uint64_t word_hash(std::string_view word) noexcept {
  std::uint64_t hash = word.size() * 0x9E3779B97F4A7C15u;
  for (; word.size() >= 8; word.remove_prefix(8)) {
    std::uint64_t part = 0;
    std::memcpy(&part, word.data(), 8);
    hash = (std::rotl(hash, 23) ^ part) * 0x9E3779B97F4A7C15u;
  }
  std::uint64_t part = 0;
  std::memcpy(&part, word.data(), word.size());
  hash = (std::rotl(hash, 23) ^ part) * 0x9E3779B97F4A7C15u;
  return hash >> 32;
}

}  // namespace

std::array<TokenId, 256> find_byte_tokens(const Vocabulary& vocabulary) {
  std::array<TokenId, 256> tokens{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::array<char, 8> spelling{};
    std::snprintf(spelling.data(), spelling.size(), "<0x%02X>", byte);
    tokens[byte] = vocabulary.find(spelling.data()).value_or(kNone);
  }
  return tokens;
}

BpeModel::BpeModel(const Vocabulary& vocabulary, std::span<const MergePair> merges,
                   BpeOptions options)
    : vocabulary_{&vocabulary},
      options_{std::move(options)},
      merges_{merges, vocabulary, options_.inside_prefix.size()},
      splits_at_marks_{may_split_at_marks()},
      fallback_tokens_{find_byte_tokens(vocabulary)} {
  for (std::size_t byte = 0; byte < 256; ++byte) {
    std::string spelling;
    formats::append_utf8(spelling, alphabet_letter(static_cast<std::uint8_t>(byte)));
    byte_tokens_[byte] = vocabulary.find(spelling).value_or(kNone);
  }
}

bool BpeModel::may_split_at_marks() const {
  const bool is_plain = !options_.is_byte_level && !options_.ignores_merges &&
                        options_.inside_prefix.empty() && options_.end_suffix.empty();
  if (!is_plain || !vocabulary_->find(kSpaceMark)) return false;
  for (TokenId token = 0; token < vocabulary_->size(); ++token)
    if (marked_word_end(vocabulary_->text(token)) != std::string_view::npos) return false;
  return true;
}

BpeModel::Session::Session(const BpeModel& model, std::size_t size_hint)
    : model_{&model},
      remembered_(
          std::clamp<std::size_t>(std::bit_ceil(size_hint / 8 + 1), 1, kMostRemembered)) {}

void BpeModel::Session::encode(std::string_view word, std::vector<TokenId>& out) {
  while (model_->splits_at_marks_ && !word.empty()) {
    const std::string_view first = word.substr(0, marked_word_end(word));
    encode_word(first, out);
    word.remove_prefix(first.size());
  }
  if (!word.empty()) encode_word(word, out);
}

void BpeModel::Session::encode_word(std::string_view word, std::vector<TokenId>& out) {
  if (word.size() > kLongestWord) return encode_anew(word, out);
  Remembered& entry = remembered_[word_hash(word) & (remembered_.size() - 1)];
  if (entry.size == word.size() &&
      std::memcmp(entry.word.data(), word.data(), word.size()) == 0) {
    out.insert(out.end(), entry.tokens.begin(), entry.tokens.begin() + entry.count);
    return;
  }
  const std::size_t before = out.size();
  encode_anew(word, out);
  const std::size_t count = out.size() - before;
  if (count > kMostTokens) return;
  entry.size = static_cast<std::uint8_t>(word.size());
  entry.count = static_cast<std::uint8_t>(count);
  std::copy(word.begin(), word.end(), entry.word.begin());
  std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(before), count, entry.tokens.begin());
}

void BpeModel::Session::encode_anew(std::string_view word, std::vector<TokenId>& out) {
  const BpeModel& model = *model_;
  if (model.options_.ignores_merges) {
    const auto whole = model.options_.is_byte_level ? model.vocabulary_->find(to_alphabet(word))
                                                    : model.vocabulary_->find(word);
    if (whole) {
      out.push_back(*whole);
      return;
    }
  }
  merger_.clear();
  model.add_symbols(word, merger_);
  merger_.run([&](const Symbol& left, const Symbol& right) {
    return model.merges_.find(left.id, right.id);
  });
  merger_.for_each([&](const Symbol& symbol) { model.emit(symbol, word, out); });
}

TokenId BpeModel::symbol_of(std::string_view word, std::size_t at, std::size_t size) const {
  const bool is_inside = at > 0 && !options_.inside_prefix.empty();
  const bool is_last = at + size == word.size() && !options_.end_suffix.empty();
  if (!is_inside && !is_last) return vocabulary_->find(word.substr(at, size)).value_or(kNone);
  std::string spelling = is_inside ? options_.inside_prefix : std::string{};
  spelling += word.substr(at, size);
  if (is_last) spelling += options_.end_suffix;
  return vocabulary_->find(spelling).value_or(kNone);
}

bool BpeModel::add_bytes(std::string_view word, std::size_t at, std::size_t size,
                         SymbolMerger& merger) const {
  for (std::size_t i = at; i < at + size; ++i)
    if (fallback_tokens_[static_cast<std::uint8_t>(word[i])] == kNone) return false;
  for (std::size_t i = at; i < at + size; ++i)
    merger.add(static_cast<std::uint32_t>(i), 1,
               fallback_tokens_[static_cast<std::uint8_t>(word[i])]);
  return true;
}

void BpeModel::add_symbols(std::string_view word, SymbolMerger& merger) const {
  std::optional<std::pair<std::size_t, std::size_t>> unknown;  // begin, end
  const auto finish_unknown = [&] {
    if (unknown)
      merger.add(static_cast<std::uint32_t>(unknown->first),
                 static_cast<std::uint32_t>(unknown->second - unknown->first),
                 options_.unknown.value_or(kNone));
    unknown.reset();
  };
  for (std::size_t at = 0, size = 0; at < word.size(); at += size) {
    size = options_.is_byte_level ? 1 : formats::character_at(word, at).size;
    const TokenId token = options_.is_byte_level
                              ? byte_tokens_[static_cast<std::uint8_t>(word[at])]
                              : symbol_of(word, at, size);
    if (token != kNone) {
      finish_unknown();
      merger.add(static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size), token);
    } else if (options_.falls_back_to_bytes && add_bytes(word, at, size, merger)) {
      continue;
    } else if (options_.unknown || !options_.drops_unknown) {
      if (!options_.fuses_unknown) finish_unknown();
      unknown = {unknown ? unknown->first : at, at + size};
    }
  }
  finish_unknown();
}

void BpeModel::emit(const Symbol& symbol, std::string_view word,
                    std::vector<TokenId>& out) const {
  if (vocabulary_->contains(symbol.id)) {
    out.push_back(symbol.id);
    return;
  }
  // A merge of which the vocabulary has no token, or a byte that it lacks.
  for (const char byte : word.substr(symbol.begin, symbol.size)) {
    const TokenId token =
        options_.is_byte_level ? byte_tokens_[static_cast<std::uint8_t>(byte)] : kNone;
    if (token != kNone)
      out.push_back(token);
    else if (options_.unknown)
      out.push_back(*options_.unknown);
  }
}

}  // namespace hart::nn
