#include "prov/content.h"

#include "core/endian.h"
#include "core/error.h"
#include "prov/byte_reader.h"

namespace hart::prov {
namespace {

void append_string(ByteBuffer& out, std::string_view text) {
  if (text.size() > UINT32_MAX) throw Error{Fault::data, "receipt: a text passes 4 GiB"};
  append_le(out, static_cast<std::uint32_t>(text.size()));
  append(out, as_bytes(text));
}

void append_count(ByteBuffer& out, std::size_t count) {
  if (count > UINT16_MAX) throw Error{Fault::data, "receipt: a token has over 65535 parts"};
  append_le(out, static_cast<std::uint16_t>(count));
}

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
  for (unsigned i = 0; i < alternatives; ++i)
    token.alternatives.push_back(take_alternative(in));
  const auto evidence = in.take<std::uint16_t>();
  for (unsigned i = 0; i < evidence; ++i) token.evidence.push_back(in.take<std::uint32_t>());
  return token;
}

}  // namespace

ByteBuffer encode_evidence(const Evidence& evidence) {
  ByteBuffer out;
  append_le(out, static_cast<std::uint8_t>(evidence.atom.space));
  append(out, evidence.atom.hash);
  append_le(out, evidence.weight);
  append_string(out, evidence.name);
  append_string(out, evidence.text);
  return out;
}

Evidence decode_evidence(ByteView bytes) {
  ByteReader in{bytes, "evidence"};
  Evidence evidence;
  const auto space = in.take<std::uint8_t>();
  if (space > static_cast<std::uint8_t>(IdSpace::keyed)) in.fail("unknown space of an id");
  evidence.atom.space = static_cast<IdSpace>(space);
  evidence.atom.hash = in.take_hash();
  evidence.weight = in.take<double>();
  evidence.name = in.take_string();
  evidence.text = in.take_string();
  in.expect_end();
  return evidence;
}

void append_token(ByteBuffer& out, const GeneratedToken& token) {
  append_le(out, token.token);
  append_le(out, token.logprob);
  append_string(out, token.text);
  append_count(out, token.alternatives.size());
  for (const TokenAlternative& alternative : token.alternatives) {
    append_le(out, alternative.token);
    append_le(out, alternative.logprob);
    append_string(out, alternative.text);
  }
  append_count(out, token.evidence.size());
  for (const std::uint32_t index : token.evidence) append_le(out, index);
}

std::vector<GeneratedToken> decode_tokens(ByteView bytes) {
  ByteReader in{bytes, "tokens"};
  std::vector<GeneratedToken> tokens;
  while (!in.empty()) tokens.push_back(take_token(in));
  return tokens;
}

}  // namespace hart::prov
