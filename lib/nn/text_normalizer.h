#pragma once

#include <memory>
#include <string>

#include "nn/json_node.h"

namespace hart::nn {

/// What a tokenizer does to text before it cuts it. Immutable.
class TextNormalizer {
 public:
  virtual ~TextNormalizer() = default;
  [[nodiscard]] virtual std::string apply(std::string text) const = 0;
};

/// The `normalizer` of tokenizer.json: NFC, NFD, NFKC, NFKD, Lowercase, StripAccents,
/// BertNormalizer, Replace, Prepend, Strip, Precompiled, Sequence. Null for a null `node`.
/// Bytes that are not valid UTF-8 stay as they are, but BertNormalizer takes them for U+FFFD.
/// Throws Error(data) for another type, by name, and for malformed parameters.
[[nodiscard]] std::unique_ptr<TextNormalizer> make_normalizer(const JsonNode& node);

}  // namespace hart::nn
