#include "nn/vocabulary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "core/error.h"

namespace hart::nn {
namespace {

constexpr TokenId kFree = -1;

/// How the models that people have spell the tokens that end a turn; their files often name
/// only one of them in the metadata.
constexpr std::array<std::string_view, 9> kEndSpellings = {
    "<|eot_id|>",    "<|eom_id|>",      "<|im_end|>", "<|end|>", "<end_of_turn>",
    "<|endoftext|>", "<|end_of_text|>", "<EOT>",      "</s>"};

/// The numbers that a kind of vocabulary used before files named them, -1 for none.
struct UsualIds {
  std::string_view model;
  TokenId bos, eos, unknown;
};
constexpr std::array<UsualIds, 3> kUsualIds = {
    {{"llama", 1, 2, 0}, {"bert", 101, 102, 100}, {"t5", -1, 1, 2}}};

std::optional<TokenId> read_id(const formats::GgufHeader& header, std::string_view key,
                               std::int32_t size, std::optional<TokenId> fallback = {}) {
  if (header.find(key) == nullptr)
    return fallback && *fallback < size ? fallback : std::nullopt;
  const std::uint64_t id = header.get_uint(key, 0);
  if (id >= static_cast<std::uint64_t>(size)) return std::nullopt;
  return static_cast<TokenId>(id);
}

void require_count(std::string_view key, std::size_t count, std::int32_t size) {
  if (count != static_cast<std::size_t>(size))
    throw Error{Fault::data, std::string{key} + ": " + std::to_string(count) +
                                 " entries for a vocabulary of " + std::to_string(size) +
                                 " tokens"};
}

}  // namespace

Vocabulary::Vocabulary(const formats::GgufHeader& header) {
  const formats::GgufArray* tokens = header.get_array("tokenizer.ggml.tokens");
  if (tokens == nullptr || tokens->strings.empty())
    throw Error{Fault::data, "tokenizer.ggml.tokens: missing or not an array of strings"};
  if (tokens->strings.size() > std::numeric_limits<std::int32_t>::max() / 4)
    throw Error{Fault::data, "tokenizer.ggml.tokens: more tokens than any model has"};
  read_texts(*tokens);
  read_kinds(header);
  read_scores(header);
  build_index();
  read_special_ids(header);
}

Vocabulary::Vocabulary(const VocabularyParts& parts)
    : bos{parts.bos}, eos{parts.eos}, unknown{parts.unknown}, kinds_{parts.kinds} {
  offsets_.reserve(parts.texts.size() + 1);
  for (const std::string& text : parts.texts) add_text(text);
  offsets_.push_back(texts_.size());
  build_index();
  collect_ends();
}

void Vocabulary::add_text(std::string_view text) {
  offsets_.push_back(texts_.size());
  texts_ += text;
}

void Vocabulary::read_texts(const formats::GgufArray& tokens) {
  std::uint64_t bytes = 0;
  for (const std::string_view text : tokens.strings) bytes += text.size();
  texts_.reserve(bytes);
  offsets_.reserve(tokens.strings.size() + 1);
  for (const std::string_view text : tokens.strings) add_text(text);
  offsets_.push_back(texts_.size());
}

void Vocabulary::read_kinds(const formats::GgufHeader& header) {
  kinds_.assign(size(), TokenKind::normal);
  const formats::GgufArray* types = header.get_array("tokenizer.ggml.token_type");
  if (types == nullptr) return;
  require_count("tokenizer.ggml.token_type", types->integers.size(), size());
  for (TokenId token = 0; token < size(); ++token) {
    const std::int64_t type = types->integers[token];
    if (type < 0 || type > static_cast<std::int64_t>(TokenKind::byte))
      throw Error{Fault::data, "tokenizer.ggml.token_type: unknown type " +
                                   std::to_string(type) + " of token " + std::to_string(token)};
    kinds_[token] = static_cast<TokenKind>(type);
  }
}

void Vocabulary::read_scores(const formats::GgufHeader& header) {
  const formats::GgufArray* scores = header.get_array("tokenizer.ggml.scores");
  if (scores == nullptr) return;
  require_count("tokenizer.ggml.scores", scores->floats.size(), size());
  scores_.assign(scores->floats.begin(), scores->floats.end());
  const auto bad = std::find_if(scores_.begin(), scores_.end(),
                                [](float score) { return std::isnan(score); });
  if (bad != scores_.end())
    throw Error{Fault::data, "tokenizer.ggml.scores: the score of token " +
                                 std::to_string(bad - scores_.begin()) + " is not a number"};
}

void Vocabulary::read_special_ids(const formats::GgufHeader& header) {
  const std::string_view model = header.get_string("tokenizer.ggml.model", "");
  UsualIds ids{model, -1, -1, -1};
  for (const UsualIds& entry : kUsualIds)
    if (entry.model == model) ids = entry;
  const auto usual = [](TokenId id) { return id >= 0 ? std::optional{id} : std::nullopt; };
  unknown = read_id(header, "tokenizer.ggml.unknown_token_id", size(), usual(ids.unknown));
  bos = read_id(header, "tokenizer.ggml.bos_token_id", size(), usual(ids.bos));
  eos = read_id(header, "tokenizer.ggml.eos_token_id", size(), usual(ids.eos));
  if (model == "bert") {
    bos = read_id(header, "tokenizer.ggml.cls_token_id", size(), bos);
    eos = read_id(header, "tokenizer.ggml.seperator_token_id", size(), usual(ids.eos));
  }
  eot = read_id(header, "tokenizer.ggml.eot_token_id", size());
  if (const auto id = read_id(header, "tokenizer.ggml.eom_token_id", size()))
    ends_.push_back(*id);
  collect_ends();
}

void Vocabulary::collect_ends() {
  if (eos) ends_.push_back(*eos);
  if (eot) ends_.push_back(*eot);
  for (const std::string_view spelling : kEndSpellings) {
    const auto id = find(spelling);
    if (id && kind(*id) == TokenKind::control) ends_.push_back(*id);
  }
  std::sort(ends_.begin(), ends_.end());
  ends_.erase(std::unique(ends_.begin(), ends_.end()), ends_.end());
}

bool Vocabulary::ends_generation(TokenId token) const noexcept {
  return std::binary_search(ends_.begin(), ends_.end(), token);
}

void Vocabulary::build_index() {
  slots_.assign(std::bit_ceil(2 * static_cast<std::size_t>(size())), kFree);
  const std::size_t mask = slots_.size() - 1;
  for (TokenId token = 0; token < size(); ++token) {
    std::size_t slot = std::hash<std::string_view>{}(text(token)) & mask;
    while (slots_[slot] != kFree && text(slots_[slot]) != text(token)) slot = (slot + 1) & mask;
    slots_[slot] = token;
  }
}

std::optional<TokenId> Vocabulary::find(std::string_view wanted) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(wanted)&mask;
  for (; slots_[slot] != kFree; slot = (slot + 1) & mask)
    if (text(slots_[slot]) == wanted) return slots_[slot];
  return std::nullopt;
}

}  // namespace hart::nn
