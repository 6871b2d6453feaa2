#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/id.h"
#include "core/json.h"
#include "core/uuid.h"
#include "crypto/sha256.h"

namespace hart::prov {

/// What a segment of a receipt holds. Receipts are specified byte by byte in hart-receipt(5).
enum class Tag : std::uint16_t {
  inference = 1,       ///< UUID, 16 bytes
  tenant = 2,          ///< commitment to the tenant's name
  started = 3,         ///< i64, microseconds since 1970 UTC
  operation = 4,       ///< UTF-8
  model = 5,           ///< u8 space, 32 bytes digest
  model_name = 6,      ///< commitment to the name
  parameters = 7,      ///< UTF-8 JSON
  seed = 8,            ///< u64
  prompt = 9,          ///< commitment to the text
  evidence = 10,       ///< commitment to an encoded Evidence; one segment each, in order
  tokens = 11,         ///< u32 first, u32 count, commitment to the encoded tokens; in order
  output = 12,         ///< commitment to the text
  completed = 13,      ///< i64
  finish_reason = 14,  ///< UTF-8
  usage = 15,          ///< u64 tokens in, u64 tokens out
  previous = 16,       ///< digest of the tenant's previous receipt, zeros for the first
};

/// What opens a commitment: without it the committed bytes cannot be guessed and checked.
struct Opening {
  std::uint32_t position = 0;  ///< of the segment in its receipt, from 0
  Hash256 salt{};
  ByteBuffer content;
};

/// HMAC-SHA-256(salt, u16 tag ‖ content), the tag little-endian: binding and, as long as the
/// salt is unknown, hiding. Source: RFC 2104; a random key of the digest's length for each
/// commitment.
[[nodiscard]] Hash256 commitment(Tag tag, const Hash256& salt, ByteView content);

/// Writes a receipt segment by segment while its hash runs along. Segments are added in
/// ascending order of their tags; those of the tags `evidence` and `tokens` may repeat.
class ReceiptBuilder {
 public:
  ReceiptBuilder();

  /// A segment in the clear.
  void add(Tag tag, ByteView value);
  void add(Tag tag, std::string_view text) { add(tag, as_bytes(text)); }
  void add(Tag tag, const char* text) { add(tag, std::string_view{text}); }
  /// A segment that holds `prefix` and then a commitment to `content` under a fresh random
  /// salt.
  void commit(Tag tag, ByteBuffer content, ByteView prefix = {});
  void commit(Tag tag, std::string_view text) {
    const ByteView bytes = as_bytes(text);
    commit(tag, ByteBuffer{bytes.begin(), bytes.end()});
  }

  struct Finished {
    ByteBuffer bytes;
    Hash256 hash;  ///< SHA-256 of the bytes: what the chain and the log refer to
    std::vector<Opening> openings;
  };
  /// Adds the last segment, the hash of the receipt before this one. The builder is spent.
  [[nodiscard]] Finished finish(const Hash256& previous);

 private:
  void append(ByteView bytes);

  ByteBuffer bytes_;
  crypto::Sha256 running_;
  std::vector<Opening> openings_;
  std::uint32_t segments_ = 0;
};

/// A commitment in a receipt, and the position of its segment.
struct Committed {
  std::uint32_t position = 0;
  Tag tag = Tag::prompt;
  Hash256 commitment{};
};

/// A run of consecutive tokens under one commitment.
struct TokenRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  Committed committed;
};

/// A decoded receipt.
struct Receipt {
  std::uint32_t version = 0;
  Uuid inference{};
  Committed tenant;
  TimeUs started = 0;
  std::string operation;
  Id model;
  Committed model_name;
  Json parameters;
  std::uint64_t seed = 0;
  Committed prompt;
  std::vector<Committed> evidence;
  std::vector<TokenRun> tokens;
  Committed output;
  TimeUs completed = 0;
  std::string finish_reason;
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  Hash256 previous{};

  /// Every commitment, in the order of the segments.
  [[nodiscard]] std::vector<Committed> commitments() const;
};

/// Decodes a receipt. Throws Error(data) on anything that hart-receipt(5) does not allow:
/// another version, a segment out of order, missing, doubled or of the wrong length, runs of
/// tokens with gaps, bytes after the end.
[[nodiscard]] Receipt decode_receipt(ByteView bytes);

}  // namespace hart::prov
