#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf.h"
#include "nn/vocabulary.h"

namespace hart::nn {

struct EncodeOptions {
  /// Put the begin and end tokens around the text where the vocabulary asks for them.
  bool add_special = false;
  /// Read control tokens such as `</s>` out of the text instead of taking them for text.
  bool parse_special = false;
};

/// Text to tokens and back. Made by make_tokenizer or make_tokenizer_from_json; owns all it
/// needs. Immutable, so that any number of threads may use one.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// The tokens of `text`, which need not be valid UTF-8: byte-level vocabularies and those
  /// with byte tokens keep every byte, the others take a byte that is not valid for U+FFFD.
  /// Empty text gives no token but the special ones asked for. User-defined tokens are found
  /// whatever `parse_special` says. Throws Error(data) for texts of 1 GiB and more.
  [[nodiscard]] virtual std::vector<TokenId> encode(std::string_view text,
                                                    EncodeOptions options = {}) const = 0;

  /// The bytes that `token` stands for in the middle of a text: part of a character perhaps,
  /// and nothing for control, unknown and unused tokens. Throws Error(data) for a token outside
  /// the vocabulary.
  [[nodiscard]] virtual std::string piece(TokenId token) const = 0;

  /// The text of `tokens`, control tokens left out. Where encode puts a space before the text,
  /// the space is taken away again, so that decode(encode(text)) == text for tokenizers that
  /// lose nothing. Throws as `piece` does.
  [[nodiscard]] virtual std::string decode(std::span<const TokenId> tokens) const = 0;

  [[nodiscard]] const Vocabulary& vocabulary() const noexcept { return vocabulary_; }
  [[nodiscard]] std::int32_t vocab_size() const noexcept { return vocabulary_.size(); }
  [[nodiscard]] std::optional<TokenId> bos() const noexcept { return vocabulary_.bos; }
  [[nodiscard]] std::optional<TokenId> eos() const noexcept { return vocabulary_.eos; }
  [[nodiscard]] std::optional<TokenId> eot() const noexcept { return vocabulary_.eot; }
  /// Whether `add_special` puts `bos` in front, `eos` behind.
  [[nodiscard]] bool add_bos() const noexcept { return add_bos_ && vocabulary_.bos; }
  [[nodiscard]] bool add_eos() const noexcept { return add_eos_ && vocabulary_.eos; }
  /// True when generation ends with this token; vocabulary().ends() lists them.
  [[nodiscard]] bool is_end(TokenId token) const noexcept {
    return vocabulary_.ends_generation(token);
  }

 protected:
  Tokenizer(Vocabulary vocabulary, bool add_bos, bool add_eos);
  /// Throws Error(data) for a token outside the vocabulary.
  void require_token(TokenId token) const;
  /// Throws Error(data) for a text that is too long to tokenize.
  static void require_length(std::string_view text);

 private:
  Vocabulary vocabulary_;
  bool add_bos_;
  bool add_eos_;
};

/// The tokenizer that `header` describes, by `tokenizer.ggml.model`: "llama" (SentencePiece's
/// BPE with byte fallback), "gpt2" (byte-level BPE, split as `tokenizer.ggml.pre` says), "bert"
/// (WordPiece), "t5" (Unigram). The header may go away afterwards. Throws Error(data) for any
/// other model or splitter, by name, and for a vocabulary that contradicts itself. Results are
/// those of llama.cpp, but that characters are classified by Unicode 14 in all of them.
[[nodiscard]] std::unique_ptr<Tokenizer> make_tokenizer(const formats::GgufHeader& header);

/// Puts the pieces of a stream of tokens together, never cutting a character in two: bytes that
/// may be the beginning of a UTF-8 sequence wait for the rest of it. Nothing is changed: all
/// that push and finish return, one after the other, are the pieces of the tokens.
class PieceStream {
 public:
  /// `tokenizer` must outlive the stream.
  explicit PieceStream(const Tokenizer& tokenizer) noexcept : tokenizer_{&tokenizer} {}

  /// What can be shown once `token` is there; empty while a character is incomplete.
  [[nodiscard]] std::string push(TokenId token);
  /// The bytes still held back.
  [[nodiscard]] std::string finish();

 private:
  const Tokenizer* tokenizer_;
  std::string held_;
};

}  // namespace hart::nn
