#include "infer/result_cache.h"

#include <cstring>
#include <string_view>

#include "core/endian.h"
#include "crypto/sha256.h"

namespace hart::infer {
namespace {

void append_text(ByteBuffer& out, std::string_view text) {
  append_le(out, std::uint64_t{text.size()});
  append(out, as_bytes(text));
}

void append_sampling(ByteBuffer& out, const nn::SamplerOptions& sampling) {
  // Whoever adds an option must add it here, or two answers share a key.
  static_assert(sizeof(nn::SamplerOptions) == 128);
  for (const double value :
       {sampling.temperature, sampling.top_n_sigma, sampling.typical_p, sampling.top_p,
        sampling.min_p, sampling.xtc_probability, sampling.xtc_threshold,
        sampling.repeat_penalty, sampling.frequency_penalty, sampling.presence_penalty,
        sampling.mirostat_tau, sampling.mirostat_eta})
    append_le(out, value);
  append_le(out, sampling.top_k);
  append_le(out, sampling.repeat_last_n);
  append_le(out, sampling.mirostat);
  append_le(out, sampling.seed);
}

}  // namespace

Hash256 generation_key(std::int64_t tenant_id, const Hash256& model_fingerprint,
                       std::span<const nn::TokenId> prompt, const GenerateRequest& request,
                       std::uint32_t alternatives) {
  ByteBuffer out;
  append_text(out, "hart generation");
  append_le(out, kEngineVersion);
  append_le(out, tenant_id);
  append(out, model_fingerprint);
  append_text(out, "generate_text");
  append_sampling(out, request.sampling);
  append_le(out, alternatives);
  append_le(out, request.max_tokens);
  append_le(out, request.context_length);
  append_le(out, static_cast<std::uint8_t>(request.kv_type));
  append_le(out, std::uint64_t{request.stop.size()});
  for (const std::string& stop : request.stop) append_text(out, stop);
  append_le(out, static_cast<std::uint8_t>(request.grammar != nullptr));
  if (request.grammar != nullptr) append_text(out, request.grammar_text);
  append_le(out, std::uint64_t{request.evidence.size()});
  for (const Evidence& evidence : request.evidence) append_text(out, evidence.text);
  append(out, {reinterpret_cast<const std::uint8_t*>(prompt.data()), prompt.size_bytes()});
  return crypto::sha256(out);
}

std::optional<RecordedGeneration> ResultCache::find(const Hash256& key) noexcept {
  const std::optional<ByteBuffer> value = table_.find(key);
  if (!value) return std::nullopt;
  return decode_generation(*value);
}

bool ResultCache::keep(const Hash256& key, const RecordedGeneration& recorded) noexcept {
  if (std::strcmp(recorded.finish_reason, finish_reason::kGrammar) == 0) return false;
  return table_.change([&] {
    const ByteBuffer value = encode_generation(recorded);
    table_.put(key, value, value.size());
    table_.evict();
  });
}

}  // namespace hart::infer
