#include "infer/generation_codec.h"

#include <algorithm>
#include <cstring>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/sha256.h"

namespace hart::infer {
namespace {

constexpr std::size_t kChecksumBytes = 8;

/// Takes numbers off the front of bytes. Throws Error(data) at their end.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_{bytes} {}

  template <typename T> T number() { return load_le<T>(take(sizeof(T)).data()); }
  std::string text() { return std::string{as_text(take(number<std::uint32_t>()))}; }
  /// A count of things that take at least `item_bytes` each.
  std::size_t count(std::size_t item_bytes) {
    const auto n = number<std::uint32_t>();
    if (n > bytes_.size() / item_bytes) throw Error{Fault::data, "a recording is damaged"};
    return n;
  }
  [[nodiscard]] bool is_at_end() const noexcept { return bytes_.empty(); }

 private:
  ByteView take(std::size_t n) {
    if (n > bytes_.size()) throw Error{Fault::data, "a recording is damaged"};
    const ByteView taken = bytes_.first(n);
    bytes_ = bytes_.subspan(n);
    return taken;
  }

  ByteView bytes_;
};

std::uint32_t size32(std::size_t size) {
  return static_cast<std::uint32_t>(size);
}

void append_event(ByteBuffer& out, const TokenEvent& event) {
  append_le(out, event.token);
  append_le(out, event.logprob);
  append_le(out, size32(event.text.size()));
  append(out, as_bytes(event.text));
  append_le(out, size32(event.alternatives.size()));
  for (const nn::TokenLogprob& other : event.alternatives) {
    append_le(out, other.token);
    append_le(out, other.logprob);
  }
  append_le(out, size32(event.evidence.size()));
  for (const std::uint32_t index : event.evidence) append_le(out, index);
}

TokenEvent read_event(Reader& in, std::uint64_t index) {
  TokenEvent event;
  event.index = index;
  event.token = in.number<nn::TokenId>();
  event.logprob = in.number<double>();
  event.text = in.text();
  event.alternatives.resize(in.count(sizeof(nn::TokenId) + sizeof(double)));
  for (nn::TokenLogprob& other : event.alternatives) {
    other.token = in.number<nn::TokenId>();
    other.logprob = in.number<double>();
  }
  event.evidence.resize(in.count(sizeof(std::uint32_t)));
  for (std::uint32_t& evidence : event.evidence) evidence = in.number<std::uint32_t>();
  return event;
}

}  // namespace

ByteBuffer encode_generation(const RecordedGeneration& recorded) {
  ByteBuffer out;
  append_le(out, recorded.tokens_in);
  const bool is_length = std::strcmp(recorded.finish_reason, finish_reason::kLength) == 0;
  append_le(out, static_cast<std::uint8_t>(is_length));
  append_le(out, size32(recorded.events.size()));
  for (const TokenEvent& event : recorded.events) append_event(out, event);
  const Hash256 digest = crypto::sha256(out);
  append(out, ByteView{digest}.first(kChecksumBytes));
  return out;
}

std::optional<RecordedGeneration> decode_generation(ByteView bytes) {
  if (bytes.size() < kChecksumBytes) return std::nullopt;
  const ByteView content = bytes.first(bytes.size() - kChecksumBytes);
  const Hash256 digest = crypto::sha256(content);
  if (!std::ranges::equal(bytes.last(kChecksumBytes), ByteView{digest}.first(kChecksumBytes)))
    return std::nullopt;
  try {
    Reader in{content};
    RecordedGeneration recorded;
    recorded.tokens_in = in.number<std::uint64_t>();
    if (in.number<std::uint8_t>() != 0) recorded.finish_reason = finish_reason::kLength;
    // An event takes 24 bytes at least.
    const std::size_t count = in.count(24);
    recorded.events.reserve(count);
    for (std::size_t i = 0; i < count; ++i) recorded.events.push_back(read_event(in, i));
    if (!in.is_at_end()) return std::nullopt;
    return recorded;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace hart::infer
