#include "nn/tokenizer_bpe.h"

#include <bit>

#include "core/error.h"
#include "formats/utf8.h"

namespace hart::nn {
namespace {

constexpr std::int32_t kNone = -1;

/// GPT-2's alphabet: the code point that stands for each byte. Printable Latin-1 stands for
/// itself, the other 68 bytes for U+0100 onwards in ascending order.
constexpr std::array<char32_t, 256> make_byte_alphabet() {
  std::array<char32_t, 256> alphabet{};
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool is_printable =
        (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    alphabet[byte] = is_printable ? byte : next++;
  }
  return alphabet;
}

constexpr std::array<char32_t, 256> kByteAlphabet = make_byte_alphabet();
constexpr char32_t kAlphabetEnd = 0x100 + 68;

/// The inverse: byte by code point, -1 for those that stand for none.
constexpr std::array<std::int16_t, kAlphabetEnd> make_alphabet_bytes() {
  std::array<std::int16_t, kAlphabetEnd> bytes{};
  bytes.fill(kNone);
  for (std::int16_t byte = 0; byte < 256; ++byte) bytes[kByteAlphabet[byte]] = byte;
  return bytes;
}

constexpr std::array<std::int16_t, kAlphabetEnd> kAlphabetBytes = make_alphabet_bytes();

std::uint64_t pair_hash(std::int32_t left, std::int32_t right) {
  const auto pair = static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
                    static_cast<std::uint32_t>(right);
  // Fibonacci hashing: the high half of a product with 2^64 / golden ratio.
  return (pair * 0x9E3779B97F4A7C15u) >> 32;
}

/// Numbers symbols: tokens as the vocabulary does, others as they come.
class SymbolNumbers {
 public:
  explicit SymbolNumbers(const Vocabulary& vocabulary) : vocabulary_{vocabulary} {}

  std::int32_t operator()(const std::string& text) {
    if (const auto token = vocabulary_.find(text)) return *token;
    const auto next = vocabulary_.size() + static_cast<std::int32_t>(others_.size());
    return others_.try_emplace(text, next).first->second;
  }

 private:
  const Vocabulary& vocabulary_;
  std::unordered_map<std::string, std::int32_t> others_;
};

}  // namespace

MergeTable::MergeTable(const formats::GgufHeader& header, const Vocabulary& vocabulary) {
  const formats::GgufArray* merges = header.get_array("tokenizer.ggml.merges");
  if (merges == nullptr) throw Error{Fault::data, "tokenizer.ggml.merges: missing"};
  if (merges->strings.size() != merges->size() || merges->size() > (1u << 28))
    throw Error{Fault::data, "tokenizer.ggml.merges: not an array of merges"};
  SymbolNumbers number{vocabulary};
  merges_.reserve(merges->strings.size());
  for (const std::string_view merge : merges->strings) {
    const std::size_t space = merge.find(' ', 1);
    if (space == merge.npos || space + 1 == merge.size())
      throw Error{Fault::data, "tokenizer.ggml.merges: entry " +
                                   std::to_string(merges_.size()) +
                                   " is not two symbols with a space between them"};
    const std::string left{merge.substr(0, space)};
    const std::string right{merge.substr(space + 1)};
    merges_.push_back({number(left), number(right), number(left + right)});
  }
  build_index();
}

void MergeTable::build_index() {
  slots_.assign(std::bit_ceil(2 * merges_.size() + 1), kNone);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t rank = 0; rank < merges_.size(); ++rank) {
    const Merge& merge = merges_[rank];
    // Of a pair that is listed twice the first entry counts.
    if (find(merge.left, merge.right)) continue;
    std::size_t slot = pair_hash(merge.left, merge.right) & mask;
    while (slots_[slot] != kNone) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::int32_t>(rank);
  }
}

std::optional<MergeRule> MergeTable::find(std::int32_t left,
                                          std::int32_t right) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = pair_hash(left, right) & mask;
  for (; slots_[slot] != kNone; slot = (slot + 1) & mask) {
    const Merge& merge = merges_[slots_[slot]];
    if (merge.left == left && merge.right == right)
      return MergeRule{static_cast<double>(slots_[slot]), merge.merged};
  }
  return std::nullopt;
}

BpeTokenizer::BpeTokenizer(const formats::GgufHeader& header)
    : Tokenizer{header},
      splitter_{find_bpe_splitter(header.get_string("tokenizer.ggml.pre", ""))},
      merges_{header, vocabulary()} {
  if (splitter_ == nullptr)
    throw Error{Fault::data, "tokenizer.ggml.pre: splitter '" +
                                 std::string{header.get_string("tokenizer.ggml.pre", "")} +
                                 "' is not supported"};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    std::string character;
    formats::append_utf8(character, kByteAlphabet[byte]);
    byte_tokens_[byte] = vocabulary().find(character).value_or(kNone);
  }
}

void BpeTokenizer::encode_text(std::string_view text, bool, std::vector<TokenId>& out) const {
  std::vector<std::string_view> words;
  splitter_(text, words);
  SymbolMerger merger;
  for (const std::string_view word : words) encode_word(word, merger, out);
}

void BpeTokenizer::encode_word(std::string_view word, SymbolMerger& merger,
                               std::vector<TokenId>& out) const {
  merger.clear();
  for (std::size_t at = 0; at < word.size(); ++at)
    merger.add(static_cast<std::uint32_t>(at), 1,
               byte_tokens_[static_cast<unsigned char>(word[at])]);
  merger.run(
      [&](const Symbol& left, const Symbol& right) { return merges_.find(left.id, right.id); });
  merger.for_each([&](const Symbol& symbol) {
    if (vocabulary().contains(symbol.id)) {
      out.push_back(symbol.id);
      return;
    }
    // A merge of which the vocabulary has no token, or a byte that it lacks.
    for (const char byte : word.substr(symbol.begin, symbol.size)) {
      const TokenId token = byte_tokens_[static_cast<unsigned char>(byte)];
      if (token != kNone)
        out.push_back(token);
      else if (vocabulary().unknown)
        out.push_back(*vocabulary().unknown);
    }
  });
}

std::string BpeTokenizer::decode_text(TokenId, std::string_view text) const {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint point = formats::decode_utf8(as_bytes(text), at);
    const bool is_byte =
        point.size > 0 && point.value < kAlphabetEnd && kAlphabetBytes[point.value] != kNone;
    const std::size_t size = point.size == 0 ? 1 : point.size;
    if (is_byte)
      bytes += static_cast<char>(kAlphabetBytes[point.value]);
    else
      bytes += text.substr(at, size);
    at += size;
  }
  return bytes;
}

}  // namespace hart::nn
