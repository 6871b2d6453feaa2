#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "nn/json_node.h"

namespace hart::nn {

/// How a tokenizer cuts normalized text into the words that its model encodes. Immutable.
class PreTokenizer {
 public:
  /// `is_first`: the piece begins where the whole text begins.
  using Visitor = std::function<void(std::string_view piece, bool is_first)>;

  virtual ~PreTokenizer() = default;
  /// Calls visit(piece, is_first) for the pieces of `piece`, in order. Pieces need not be parts
  /// of the text: spaces may be added or replaced. They live as long as the call of `visit`.
  virtual void split(std::string_view piece, bool is_first, const Visitor& visit) const = 0;
};

/// A pre-tokenizer, and whether its pieces are still bytes that GPT-2's alphabet is to spell.
struct PreTokenizerChoice {
  std::unique_ptr<PreTokenizer> splitter;  ///< null: the text is one word
  bool is_byte_level = false;
};

/// The `pre_tokenizer` of tokenizer.json: ByteLevel, Whitespace, WhitespaceSplit, Metaspace,
/// BertPreTokenizer, Split, CharDelimiterSplit, Digits, Punctuation, Sequence. A ByteLevel that
/// comes last is left to the caller. Throws Error(data) for another type, by name, and for
/// malformed parameters.
[[nodiscard]] PreTokenizerChoice make_pre_tokenizer(const JsonNode& node);

}  // namespace hart::nn
