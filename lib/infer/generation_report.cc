#include "infer/generation_report.h"

#include <map>

#include "core/cpu.h"
#include "core/id.h"
#include "crypto/sha256.h"
#include "infer/result_cache.h"

namespace hart::infer {

std::int64_t token_micros(std::uint64_t tokens) noexcept {
  constexpr std::int64_t kMicros = 1'000'000;
  return static_cast<std::int64_t>(tokens) * kMicros;
}

Json generation_parameters(const GenerateRequest& request) {
  const nn::SamplerOptions& sampling = request.sampling;
  std::map<std::string, Json> parameters{{"max_tokens", request.max_tokens},
                                         {"min_p", sampling.min_p},
                                         {"repeat_last_n", sampling.repeat_last_n},
                                         {"repeat_penalty", sampling.repeat_penalty},
                                         {"stop", request.stop},
                                         {"temperature", sampling.temperature},
                                         {"top_k", sampling.top_k},
                                         {"top_p", sampling.top_p}};
  const auto add_unless = [&](double neutral, const char* name, double value) {
    if (value != neutral) parameters[name] = value;
  };
  add_unless(1, "typical_p", sampling.typical_p);
  add_unless(0, "top_n_sigma", sampling.top_n_sigma);
  add_unless(0, "frequency_penalty", sampling.frequency_penalty);
  add_unless(0, "presence_penalty", sampling.presence_penalty);
  if (sampling.xtc_probability != 0) {
    parameters["xtc_probability"] = sampling.xtc_probability;
    parameters["xtc_threshold"] = sampling.xtc_threshold;
  }
  if (sampling.mirostat != 0) {
    parameters["mirostat"] = sampling.mirostat;
    parameters["mirostat_eta"] = sampling.mirostat_eta;
    parameters["mirostat_tau"] = sampling.mirostat_tau;
  }
  if (request.context_length != 0) parameters["context_length"] = request.context_length;
  if (!request.encoding.add_special) parameters["add_special"] = false;
  if (request.encoding.parse_special) parameters["parse_special"] = true;
  if (request.kv_type == nn::KvType::f32) parameters["kv_type"] = "f32";
  if (request.kv_type == nn::KvType::q8_0) parameters["kv_type"] = "q8_0";
  if (request.grammar != nullptr)
    parameters["grammar"] =
        Id{IdSpace::content, crypto::sha256(as_bytes(request.grammar_text))}.text();
  Json out = Json::object();
  for (auto& [name, value] : parameters) out[name] = std::move(value);
  return out;
}

Engine transformer_engine() {
  const CpuFeatures& cpu = cpu_features();
  std::string kernels = cpu.avx512 ? "avx512" : cpu.avx2 ? "avx2" : "scalar";
  if (cpu.avx512_vnni) kernels += "+vnni";
  if (cpu.avx512_bf16) kernels += "+bf16";
  return {"transformer", std::to_string(kEngineVersion), std::move(kernels), "cpu"};
}

UsedModel used_model(const RunnableModel& model, double weight) {
  const TensorRoot& tensors = model.tensor_root();
  return {model.id(), model.name(), weight, tensors.count, tensors.root};
}

GenerationBegin generation_begin(const RunnableModel& model, const GenerateRequest& request,
                                 const Uuid& inference, TimeUs started) {
  GenerationBegin begin;
  begin.inference = inference;
  begin.started = started;
  begin.operation = "generate_text";
  begin.engine = transformer_engine();
  begin.models = {used_model(model)};
  begin.parameters = generation_parameters(request);
  begin.seed = request.sampling.seed;
  begin.prompt = request.prompt;
  begin.evidence = request.evidence;
  return begin;
}

GeneratedToken receipt_token(const TokenEvent& event, const nn::Tokenizer& tokenizer) {
  GeneratedToken token;
  token.token = event.token;
  token.text = tokenizer.piece(event.token);
  token.logprob = static_cast<float>(event.logprob);
  for (const nn::TokenLogprob& other : event.alternatives)
    token.alternatives.push_back(
        {other.token, static_cast<float>(other.logprob), tokenizer.piece(other.token)});
  token.evidence = event.evidence;
  return token;
}

UsageRecord generation_usage(const RunnableModel& model, const GenerateRequest& request,
                             const Generation& generation) {
  UsageRecord record;
  record.source = "hart-infer";
  record.event_id = uuid_text(generation.inference);
  record.operation = "generate_text";
  record.units_micros = token_micros(generation.tokens_in + generation.tokens_out);
  record.unit = "token";
  record.time = now_us();
  record.attributes = {{"model", model.name()},
                       {"content_type", "text"},
                       {"grounding", request.evidence.empty() ? "none" : "context"},
                       {"evidence_count", request.evidence.size()},
                       {"tokens_in", generation.tokens_in},
                       {"tokens_out", generation.tokens_out}};
  return record;
}

}  // namespace hart::infer
