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

/// Text to tokens and back. Made by make_tokenizer; owns all it needs. Immutable, so that any
/// number of threads may use one.
class Tokenizer {
 public:
  explicit Tokenizer(const formats::GgufHeader& header);
  virtual ~Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// The tokens of `text`, which need not be valid UTF-8: bytes that are not become byte
  /// tokens. Empty text gives no token but the special ones asked for. User-defined tokens are
  /// found whatever `parse_special` says. Throws Error(data) for texts of 1 GiB and more.
  [[nodiscard]] std::vector<TokenId> encode(std::string_view text,
                                            EncodeOptions options = {}) const;

  /// The bytes that `token` stands for: part of a character perhaps, and nothing for control,
  /// unknown and unused tokens. Throws Error(data) for a token outside the vocabulary.
  [[nodiscard]] std::string piece(TokenId token) const;

  /// The text of `tokens`, control tokens left out. Where encode puts a space before the text,
  /// the space is taken away again, so that decode(encode(text)) == text. Throws as `piece`
  /// does.
  [[nodiscard]] std::string decode(std::span<const TokenId> tokens) const;

  [[nodiscard]] const Vocabulary& vocabulary() const noexcept { return vocabulary_; }
  [[nodiscard]] std::int32_t vocab_size() const noexcept { return vocabulary_.size(); }
  [[nodiscard]] std::optional<TokenId> bos() const noexcept { return vocabulary_.bos; }
  [[nodiscard]] std::optional<TokenId> eos() const noexcept { return vocabulary_.eos; }
  /// Whether `add_special` puts `bos` in front, `eos` behind.
  [[nodiscard]] bool add_bos() const noexcept { return add_bos_ && vocabulary_.bos; }
  [[nodiscard]] bool add_eos() const noexcept { return add_eos_ && vocabulary_.eos; }
  /// True when generation ends with this token.
  [[nodiscard]] bool is_eog(TokenId token) const noexcept {
    return vocabulary_.ends_generation(token);
  }

 protected:
  /// Appends the tokens of `text`, which is not empty and holds no special token. `at_start` is
  /// true at the beginning and after a special token.
  virtual void encode_text(std::string_view text, bool at_start,
                           std::vector<TokenId>& out) const = 0;
  /// The bytes of an ordinary token whose text in the vocabulary is `text`.
  [[nodiscard]] virtual std::string decode_text(TokenId token, std::string_view text) const = 0;
  /// True when encode_text puts a space before the text.
  [[nodiscard]] virtual bool adds_space() const noexcept { return false; }

 private:
  struct Fragment;
  [[nodiscard]] std::vector<Fragment> split_special(std::string_view text,
                                                    bool parse_special) const;

  Vocabulary vocabulary_;
  bool add_bos_;
  bool add_eos_;
  std::vector<TokenId> special_;  ///< control, unknown and user-defined tokens, longest first
};

/// The tokenizer that `header` describes: `tokenizer.ggml.model` "llama" (SentencePiece's BPE
/// with byte fallback) or "gpt2" (byte-level BPE) with `tokenizer.ggml.pre` "gpt-2" or no such
/// key. The header may go away afterwards. Throws Error(data) for any other model or splitter,
/// by name, and for a vocabulary that contradicts itself. Results are those of llama.cpp.
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
