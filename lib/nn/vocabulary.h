#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf.h"

namespace hart::nn {

/// A token's index in its vocabulary, in [0, size).
using TokenId = std::int32_t;

/// Kinds of token, by their numbers in `tokenizer.ggml.token_type`.
enum class TokenKind : std::uint8_t {
  undefined = 0,
  normal = 1,
  unknown = 2,
  control = 3,       ///< steers the model and is no text: <s>, <|im_end|>
  user_defined = 4,  ///< text that is always one token
  unused = 5,
  byte = 6,  ///< spells one byte as <0xNN>
};

/// The parts of a vocabulary that comes from elsewhere than a GGUF file.
struct VocabularyParts {
  std::vector<std::string> texts;  ///< by token
  std::vector<TokenKind> kinds;    ///< as many
  std::optional<TokenId> bos, eos, unknown;
};

/// The tokens of a model: texts, kinds, scores, special ids. Everything is copied, so that
/// the header and its bytes may go away.
class Vocabulary {
 public:
  /// Reads `tokenizer.ggml.*`. Throws Error(data) naming the key when the tokens are missing,
  /// when scores or types disagree with them in number, or when a score is not a number.
  explicit Vocabulary(const formats::GgufHeader& header);
  /// Precondition: as many kinds as texts, fewer than 2^29, and ids inside.
  explicit Vocabulary(const VocabularyParts& parts);

  [[nodiscard]] std::int32_t size() const noexcept {
    return static_cast<std::int32_t>(offsets_.size()) - 1;
  }
  [[nodiscard]] bool contains(TokenId token) const noexcept {
    return token >= 0 && token < size();
  }
  /// The text as the file spells it. Precondition for these three: contains(token).
  [[nodiscard]] std::string_view text(TokenId token) const noexcept {
    return std::string_view{texts_}.substr(offsets_[token],
                                           offsets_[token + 1] - offsets_[token]);
  }
  [[nodiscard]] TokenKind kind(TokenId token) const noexcept { return kinds_[token]; }
  [[nodiscard]] float score(TokenId token) const noexcept {
    return scores_.empty() ? 0.0f : scores_[token];
  }
  [[nodiscard]] bool has_scores() const noexcept { return !scores_.empty(); }

  /// The token spelt exactly so; the last one when several are.
  [[nodiscard]] std::optional<TokenId> find(std::string_view text) const noexcept;

  /// Special ids named by the file; an id outside the vocabulary counts as none. For BERT's
  /// `bos` is [CLS] and `eos` is [SEP].
  std::optional<TokenId> bos, eos, eot, unknown;

  /// True when generation ends with `token`: see `ends`.
  [[nodiscard]] bool ends_generation(TokenId token) const noexcept;
  /// The tokens that end generation, ascending: `eos`, the end of turn or message that the
  /// metadata names, and control tokens spelt in one of the usual ways (`<|im_end|>`,
  /// `<|eot_id|>`, …).
  [[nodiscard]] const std::vector<TokenId>& ends() const noexcept { return ends_; }

 private:
  void read_texts(const formats::GgufArray& tokens);
  void read_kinds(const formats::GgufHeader& header);
  void read_scores(const formats::GgufHeader& header);
  void read_special_ids(const formats::GgufHeader& header);
  void add_text(std::string_view text);
  void collect_ends();
  void build_index();

  std::string texts_;
  std::vector<std::uint64_t> offsets_;  ///< (size + 1), into texts_
  std::vector<TokenKind> kinds_;
  std::vector<float> scores_;
  std::vector<TokenId> slots_;  ///< open addressing on the text's hash, -1 is free
  std::vector<TokenId> ends_;   ///< ascending
};

}  // namespace hart::nn
