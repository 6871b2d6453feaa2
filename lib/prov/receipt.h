#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/events.h"
#include "core/id.h"
#include "core/json.h"
#include "core/uuid.h"
#include "crypto/sha256.h"

namespace hart::prov {

/// What a segment of a receipt holds. Receipts are specified byte by byte in hart-receipt(5);
/// which segments a version has, and in which order, is in prov/receipt_format.h.
enum class Tag : std::uint16_t {
  inference = 1,       ///< UUID, 16 bytes
  tenant = 2,          ///< commitment to the tenant's name
  started = 3,         ///< i64, microseconds since 1970 UTC
  operation = 4,       ///< UTF-8
  model = 5,           ///< version 1: u8 space, 32 bytes digest
  model_name = 6,      ///< version 1: commitment to the name
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
  actor = 17,          ///< commitment to who asked, as the id of an API key
  engine = 18,         ///< strings: name, version, kernels, device
  used_model = 19,     ///< id, f64 weight, u32 tensors, 32 bytes root, commitment
                       ///< to the name
  subject = 20,        ///< commitment to an encoded SubjectAtom
  vector = 21,         ///< commitment to the length and the digest of a vector
  query = 22,          ///< commitment to an encoded AnsweredQuery, one of several
  reasoning = 23,      ///< UTF-8, the mode
  step = 24,           ///< string kind, f64 weight, commitment to the text
  charge = 25,         ///< strings operation and unit, i64 units x 10^6
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

/// Writes a receipt of the newest version, segment by segment. The caller adds them in the
/// order that the version has.
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
  /// Begins a segment whose value will have `size` bytes.
  void begin_segment(Tag tag, std::size_t size);

  ByteBuffer bytes_;
  std::vector<Opening> openings_;
  std::uint32_t segments_ = 0;
};

/// Of a segment that a receipt does not have.
inline constexpr std::uint32_t kNoSegment = UINT32_MAX;

/// A commitment in a receipt, and the position of its segment.
struct Committed {
  std::uint32_t position = kNoSegment;
  Tag tag = Tag::prompt;
  Hash256 commitment{};

  [[nodiscard]] bool exists() const noexcept { return position != kNoSegment; }
};

/// A run of consecutive tokens under one commitment.
struct TokenRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  Committed committed;
};

/// A model that had a part, as a receipt of either version says. Of version 1 the weight is 1
/// and nothing is known of the tensors.
struct ReceiptModel {
  Id id;
  double weight = 1;
  std::uint32_t tensors = 0;
  Hash256 tensor_root{};
  Committed name;
};

struct ReceiptStep {
  std::string kind;
  double weight = 0;
  Committed text;
};

/// A decoded receipt of either version. A commitment that it has not does not exist().
struct Receipt {
  std::uint32_t version = 0;
  Uuid inference{};
  Committed tenant;
  Committed actor;
  TimeUs started = 0;
  std::string operation;
  std::optional<Engine> engine;
  std::vector<ReceiptModel> models;
  std::vector<Committed> subjects;
  Json parameters;
  std::optional<std::uint64_t> seed;
  Committed prompt;
  Committed vector;
  std::vector<Committed> evidence;
  std::vector<Committed> queries;
  std::string reasoning;
  std::vector<TokenRun> tokens;
  std::vector<ReceiptStep> steps;
  Committed output;
  TimeUs completed = 0;
  std::string finish_reason;
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  std::vector<UsageSegment> charges;
  Hash256 previous{};

  /// Every commitment, in the order of the segments.
  [[nodiscard]] std::vector<Committed> commitments() const;
};

/// Decodes a receipt. Throws Error(data) on anything that hart-receipt(5) does not allow: an
/// unknown version, a segment out of order, missing, doubled or of the wrong length, runs of
/// tokens with gaps, bytes after the end.
[[nodiscard]] Receipt decode_receipt(ByteView bytes);

}  // namespace hart::prov
