#include "nn/tokenizer_bpe.h"

#include <string>

#include "core/error.h"
#include "nn/byte_alphabet.h"

namespace hart::nn {
namespace {

const BpeFamily& family_of(const formats::GgufHeader& header) {
  const std::string_view name = header.get_string("tokenizer.ggml.pre", "");
  const BpeFamily* family = find_bpe_family(name);
  if (family == nullptr)
    throw Error{Fault::data,
                "tokenizer.ggml.pre: splitter '" + std::string{name} + "' is not supported"};
  return *family;
}

std::vector<MergePair> read_merges(const formats::GgufHeader& header) {
  const formats::GgufArray* merges = header.get_array("tokenizer.ggml.merges");
  if (merges == nullptr) throw Error{Fault::data, "tokenizer.ggml.merges: missing"};
  if (merges->strings.size() != merges->size())
    throw Error{Fault::data, "tokenizer.ggml.merges: not an array of merges"};
  std::vector<MergePair> pairs;
  pairs.reserve(merges->strings.size());
  for (const std::string_view merge : merges->strings) {
    const std::size_t space = merge.find(' ', 1);
    if (space == merge.npos || space + 1 == merge.size())
      throw Error{Fault::data, "tokenizer.ggml.merges: entry " + std::to_string(pairs.size()) +
                                   " is not two symbols with a space between them"};
    pairs.push_back({merge.substr(0, space), merge.substr(space + 1)});
  }
  return pairs;
}

}  // namespace

BpeTokenizer::BpeTokenizer(const formats::GgufHeader& header)
    : BpeTokenizer{header, family_of(header)} {}

BpeTokenizer::BpeTokenizer(const formats::GgufHeader& header, const BpeFamily& family)
    : GgufTokenizer{header, {.add_bos = family.adds_bos}},
      splitter_{family.expressions},
      model_{vocabulary(), read_merges(header),
             BpeOptions{.ignores_merges = family.ignores_merges,
                        .inside_prefix = {},
                        .end_suffix = {},
                        .unknown = vocabulary().unknown}} {}

void BpeTokenizer::encode_text(std::string_view text, bool, std::vector<TokenId>& out) const {
  BpeSplitter::Session splitter{splitter_};
  BpeModel::Session model{model_, text.size()};
  splitter.split(text, [&](std::string_view word) { model.encode(word, out); });
}

std::string BpeTokenizer::decode_text(TokenId, std::string_view text) const {
  return from_alphabet(text);
}

}  // namespace hart::nn
