#include "nn/tokenizer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "nn/tokenizer_bpe.h"
#include "nn/tokenizer_spm.h"
#include "nn/tokenizer_unigram.h"
#include "nn/tokenizer_wordpiece.h"

namespace hart::nn {
namespace {

constexpr std::size_t kLongestText = std::size_t{1} << 30;

/// Bytes at the end of `text` that may begin a UTF-8 sequence and lack the rest of it.
std::size_t incomplete_tail(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t wanted = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return wanted > back && byte < 0xF8 ? back : 0;
  }
  return 0;
}

}  // namespace

Tokenizer::Tokenizer(Vocabulary vocabulary, bool add_bos, bool add_eos)
    : vocabulary_{std::move(vocabulary)}, add_bos_{add_bos}, add_eos_{add_eos} {}

void Tokenizer::require_token(TokenId token) const {
  if (!vocabulary_.contains(token))
    throw Error{Fault::data, "token " + std::to_string(token) +
                                 " is not in the vocabulary of " +
                                 std::to_string(vocab_size())};
}

void Tokenizer::require_length(std::string_view text) {
  if (text.size() >= kLongestText)
    throw Error{Fault::data, "the text to tokenize is 1 GiB or larger"};
}

std::string PieceStream::push(TokenId token) {
  held_ += tokenizer_->piece(token);
  const std::size_t ready = held_.size() - incomplete_tail(held_);
  std::string text = held_.substr(0, ready);
  held_.erase(0, ready);
  return text;
}

std::string PieceStream::finish() {
  return std::exchange(held_, {});
}

std::unique_ptr<Tokenizer> make_tokenizer(const formats::GgufHeader& header) {
  const std::string_view model = header.get_string("tokenizer.ggml.model", "");
  if (model == "llama") return std::make_unique<SpmTokenizer>(header);
  if (model == "gpt2") return std::make_unique<BpeTokenizer>(header);
  if (model == "bert") return std::make_unique<WordPieceTokenizer>(header);
  if (model == "t5") return std::make_unique<UnigramTokenizer>(header);
  if (model.empty()) throw Error{Fault::data, "tokenizer.ggml.model: missing"};
  throw Error{Fault::data, "tokenizer model '" + std::string{model} + "' is not supported"};
}

}  // namespace hart::nn
