#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/json_node.h"

namespace hart::nn {

/// How the spellings of tokens become text: each step changes the list, and what is left at the
/// end is put together. Immutable.
class TokenDecoder {
 public:
  virtual ~TokenDecoder() = default;
  virtual void apply(std::vector<std::string>& tokens) const = 0;
};

/// The `decoder` of tokenizer.json: ByteLevel, WordPiece, Metaspace, BPEDecoder, Replace,
/// ByteFallback, Fuse, Strip, Sequence. Bytes stay bytes, though they be no valid UTF-8.
/// Throws Error(data) for another type, by name, and for malformed parameters.
[[nodiscard]] std::unique_ptr<TokenDecoder> make_decoder(const JsonNode& node);

}  // namespace hart::nn
