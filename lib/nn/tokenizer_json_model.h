#pragma once

#include <functional>

#include "nn/json_node.h"
#include "nn/tokenizer_pipeline.h"

namespace hart::nn {

/// A token's text and number, as the file pairs them.
struct ListedToken {
  std::string text;
  TokenId token;
};

/// The `model` of tokenizer.json.
struct JsonModel {
  std::vector<ListedToken> tokens;
  std::optional<TokenId> unknown;
  /// `is_byte_level`: words are bytes that the vocabulary spells in GPT-2's alphabet.
  std::function<WordModel(const Vocabulary&, bool is_byte_level)> make;
};

/// Reads a model of type BPE, WordPiece or Unigram. What `make` keeps does not refer to the
/// document. Throws Error(data) for another type, by name, for ids that are no token numbers,
/// and for merges of what the vocabulary does not have.
[[nodiscard]] JsonModel read_json_model(const JsonNode& model);

}  // namespace hart::nn
