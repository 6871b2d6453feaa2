#include "prov/content.h"

#include <algorithm>
#include <string_view>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/sha256.h"
#include "prov/byte_reader.h"

namespace hart::prov {
namespace {

void check_length(std::string_view text) {
  if (text.size() > UINT32_MAX) throw Error{Fault::data, "receipt: a text passes 4 GiB"};
}

void append_string(ByteBuffer& out, std::string_view text) {
  check_length(text);
  append_le(out, static_cast<std::uint32_t>(text.size()));
  append(out, as_bytes(text));
}

void check_count(std::size_t count) {
  if (count > UINT16_MAX) throw Error{Fault::data, "receipt: a token has over 65535 parts"};
}

/// Writes one value behind the other into bytes that are there.
class Place {
 public:
  explicit Place(std::uint8_t* at) : at_{at} {}

  template <typename T> void put(T value) {
    store_le(at_, value);
    at_ += sizeof value;
  }
  void put_string(std::string_view text) {
    put(static_cast<std::uint32_t>(text.size()));
    at_ = std::ranges::copy(text, at_).out;
  }

 private:
  std::uint8_t* at_;
};

std::size_t token_bytes(const GeneratedToken& token) {
  // Token, log-probability and the text's length; two counts.
  std::size_t size = 4 + 4 + 4 + token.text.size() + 2 + 2 + 4 * token.evidence.size();
  check_length(token.text);
  for (const TokenAlternative& alternative : token.alternatives) {
    check_length(alternative.text);
    size += 4 + 4 + 4 + alternative.text.size();
  }
  return size;
}

void append_id(ByteBuffer& out, const Id& id) {
  append_le(out, static_cast<std::uint8_t>(id.space));
  append(out, id.hash);
}

/// Of a piece of evidence without its texts.
constexpr std::size_t kMostEvidenceBytes = 33 + 8 + 4 + 4 + 4 + 1 + 8 + 8;
/// Which of distance and score are known.
constexpr std::uint8_t kHasDistance = 1;
constexpr std::uint8_t kHasScore = 2;

void append_evidence(ByteBuffer& out, const Evidence& evidence) {
  append_id(out, evidence.atom);
  append_le(out, evidence.weight);
  append_string(out, evidence.name);
  append_string(out, evidence.text);
  append_le(out, evidence.rank);
  append_le(out, static_cast<std::uint8_t>((evidence.distance ? kHasDistance : 0) |
                                           (evidence.score ? kHasScore : 0)));
  if (evidence.distance) append_le(out, *evidence.distance);
  if (evidence.score) append_le(out, *evidence.score);
}

/// What both versions have.
Evidence take_evidence(ByteReader& in) {
  Evidence evidence;
  evidence.atom = in.take_id();
  evidence.weight = in.take<double>();
  evidence.name = in.take_string();
  evidence.text = in.take_string();
  return evidence;
}

/// What version 2 has behind it.
void take_place(ByteReader& in, Evidence& evidence) {
  evidence.rank = in.take<std::uint32_t>();
  const auto known = in.take<std::uint8_t>();
  if (known > (kHasDistance | kHasScore)) in.fail("unknown figures of a hit");
  if ((known & kHasDistance) != 0) evidence.distance = in.take<double>();
  if ((known & kHasScore) != 0) evidence.score = in.take<double>();
}

void append_vector(ByteBuffer& out, const VectorDigest& vector) {
  append_le(out, vector.dims);
  append(out, vector.hash);
}

VectorDigest take_vector(ByteReader& in) {
  VectorDigest vector;
  vector.dims = in.take<std::uint32_t>();
  vector.hash = in.take_hash();
  return vector;
}

// What counts are checked against before room is made for them.
constexpr std::size_t kLeastAlternativeBytes = 4 + 4 + 4;
constexpr std::size_t kLeastTokenBytes = 4 + 4 + 4 + 2 + 2;

TokenAlternative take_alternative(ByteReader& in) {
  TokenAlternative taken;
  taken.token = in.take<std::int32_t>();
  taken.logprob = in.take<float>();
  taken.text = in.take_string();
  return taken;
}

GeneratedToken take_token(ByteReader& in) {
  GeneratedToken token;
  token.token = in.take<std::int32_t>();
  token.logprob = in.take<float>();
  token.text = in.take_string();
  const auto alternatives = in.take<std::uint16_t>();
  token.alternatives.reserve(
      std::min<std::size_t>(alternatives, in.left() / kLeastAlternativeBytes));
  for (unsigned i = 0; i < alternatives; ++i)
    token.alternatives.push_back(take_alternative(in));
  const auto evidence = in.take<std::uint16_t>();
  token.evidence.reserve(std::min<std::size_t>(evidence, in.left() / sizeof(std::uint32_t)));
  for (unsigned i = 0; i < evidence; ++i) token.evidence.push_back(in.take<std::uint32_t>());
  return token;
}

}  // namespace

ByteBuffer encode_evidence(const Evidence& evidence) {
  ByteBuffer out;
  out.reserve(kMostEvidenceBytes + evidence.name.size() + evidence.text.size());
  append_evidence(out, evidence);
  return out;
}

Evidence decode_evidence(ByteView bytes) {
  ByteReader in{bytes, "evidence"};
  Evidence evidence = take_evidence(in);
  if (!in.empty()) take_place(in, evidence);
  in.expect_end();
  return evidence;
}

void append_token(ByteBuffer& out, const GeneratedToken& token) {
  check_count(token.alternatives.size());
  check_count(token.evidence.size());
  // Grown once: tokens are most of what a receipt is made of.
  const std::size_t at = out.size();
  out.resize(at + token_bytes(token));
  Place place{out.data() + at};
  place.put(token.token);
  place.put(token.logprob);
  place.put_string(token.text);
  place.put(static_cast<std::uint16_t>(token.alternatives.size()));
  for (const TokenAlternative& alternative : token.alternatives) {
    place.put(alternative.token);
    place.put(alternative.logprob);
    place.put_string(alternative.text);
  }
  place.put(static_cast<std::uint16_t>(token.evidence.size()));
  for (const std::uint32_t index : token.evidence) place.put(index);
}

std::vector<GeneratedToken> decode_tokens(ByteView bytes, std::size_t expected) {
  ByteReader in{bytes, "tokens"};
  std::vector<GeneratedToken> tokens;
  tokens.reserve(std::min(expected, bytes.size() / kLeastTokenBytes));
  while (!in.empty()) tokens.push_back(take_token(in));
  return tokens;
}

ByteBuffer encode_subject(const SubjectAtom& subject) {
  ByteBuffer out;
  append_id(out, subject.atom);
  append_le(out, subject.bytes);
  append_string(out, subject.role);
  append_string(out, subject.name);
  return out;
}

SubjectAtom decode_subject(ByteView bytes) {
  ByteReader in{bytes, "subject"};
  SubjectAtom subject;
  subject.atom = in.take_id();
  subject.bytes = in.take<std::uint64_t>();
  subject.role = in.take_string();
  subject.name = in.take_string();
  in.expect_end();
  return subject;
}

VectorDigest digest_of(std::span<const float> vector) {
  if (vector.empty()) return {};
  return {static_cast<std::uint32_t>(vector.size()),
          crypto::sha256(
              {reinterpret_cast<const std::uint8_t*>(vector.data()), vector.size_bytes()})};
}

ByteBuffer encode_vector(const VectorDigest& vector) {
  ByteBuffer out;
  append_vector(out, vector);
  return out;
}

VectorDigest decode_vector(ByteView bytes) {
  ByteReader in{bytes, "vector"};
  const VectorDigest vector = take_vector(in);
  in.expect_end();
  return vector;
}

ByteBuffer encode_query(const AnsweredQuery& query) {
  ByteBuffer out;
  out.reserve(64 + query.text.size() + query.hits.size() * kMostEvidenceBytes);
  append_string(out, query.text);
  append_vector(out, query.vector);
  append_le(out, static_cast<std::uint32_t>(query.hits.size()));
  for (const Evidence& hit : query.hits) append_evidence(out, hit);
  return out;
}

AnsweredQuery decode_query(ByteView bytes) {
  ByteReader in{bytes, "query"};
  AnsweredQuery query;
  query.text = in.take_string();
  query.vector = take_vector(in);
  const auto hits = in.take<std::uint32_t>();
  for (std::uint32_t i = 0; i < hits; ++i) {
    query.hits.push_back(take_evidence(in));
    take_place(in, query.hits.back());
  }
  in.expect_end();
  return query;
}

}  // namespace hart::prov
