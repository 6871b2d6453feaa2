#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/events.h"

namespace hart::prov {

/// The encodings of committed content that is more than text. Specified in hart-receipt(5). The
/// decoders throw Error(data) on damaged bytes.

/// As version 2 writes it.
[[nodiscard]] ByteBuffer encode_evidence(const Evidence& evidence);
/// Of either version: what version 1 did not write is at its default.
[[nodiscard]] Evidence decode_evidence(ByteView bytes);

/// Appends one token to the content of a run.
void append_token(ByteBuffer& out, const GeneratedToken& token);
/// All tokens of a run. `expected`: how many there may be, to make room for.
[[nodiscard]] std::vector<GeneratedToken> decode_tokens(ByteView bytes,
                                                        std::size_t expected = 0);

[[nodiscard]] ByteBuffer encode_subject(const SubjectAtom& subject);
[[nodiscard]] SubjectAtom decode_subject(ByteView bytes);

/// A vector as a receipt knows it: whoever has its numbers can show that they were these.
struct VectorDigest {
  std::uint32_t dims = 0;
  Hash256 hash{};  ///< SHA-256 of the elements as little-endian f32

  friend bool operator==(const VectorDigest&, const VectorDigest&) = default;
};
[[nodiscard]] VectorDigest digest_of(std::span<const float> vector);
[[nodiscard]] ByteBuffer encode_vector(const VectorDigest& vector);
[[nodiscard]] VectorDigest decode_vector(ByteView bytes);

/// One of several searches that a receipt stands for.
struct AnsweredQuery {
  std::string text;     ///< or empty
  VectorDigest vector;  ///< of no dimension where there was none
  std::vector<Evidence> hits;
};
[[nodiscard]] ByteBuffer encode_query(const AnsweredQuery& query);
[[nodiscard]] AnsweredQuery decode_query(ByteView bytes);

}  // namespace hart::prov
