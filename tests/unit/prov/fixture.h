#pragma once

#include <array>
#include <string>

#include "core/events.h"
#include "crypto/sha256.h"
#include "prov/receipt_sink.h"
#include "prov/schema.h"
#include "store/schema.h"
#include "support/scratch_store.h"

namespace hart::test {

/// A store with the catalog and provenance tables.
inline const std::array<store::SchemaModule, 2>& prov_modules() {
  static const std::array<store::SchemaModule, 2> modules{store::catalog_schema(),
                                                          prov::prov_schema()};
  return modules;
}

inline Evidence sample_evidence(const std::string& text, double weight) {
  return {{IdSpace::structure, crypto::sha256(as_bytes(text))}, weight, text, "animals.md"};
}

inline GenerationBegin sample_begin() {
  GenerationBegin begin;
  begin.started = 1'700'000'000'000'000;
  begin.inference = make_uuid7(begin.started);
  begin.operation = "generate_text";
  begin.engine = {"transformer", "1", "scalar", "cpu"};
  begin.models = {{{IdSpace::structure, crypto::sha256(as_bytes("model"))}, "tiny.gguf"}};
  begin.parameters = {{"temperature", 0.5}, {"top_k", 40}};
  begin.seed = 42;
  begin.prompt = "what is a secretprompt?";
  begin.evidence = {sample_evidence("a cat is an animal", 0.25),
                    sample_evidence("a dog is a mammal", 0.75)};
  return begin;
}

inline GeneratedToken sample_token(std::int32_t token, float logprob) {
  GeneratedToken generated;
  generated.token = token;
  generated.logprob = logprob;
  generated.text = "t" + std::to_string(token);
  generated.alternatives = {{token + 1, logprob - 1, "other"}};
  if (token % 2 == 0) generated.evidence = {1};
  return generated;
}

inline GenerationEnd sample_end() {
  return {1'700'000'001'000'000,
          "a secretanswer",
          "stop",
          5,
          3,
          {{"generate_text", "token", 8'000'000}}};
}

/// Writes one receipt of `tokens` tokens and returns its id.
inline std::string write_receipt(store::Store& store, int tokens = 3) {
  prov::ReceiptSink sink{store};
  sink.begin(sample_begin());
  for (int i = 0; i < tokens; ++i) sink.token(sample_token(i, -0.5f * static_cast<float>(i)));
  return sink.end(sample_end());
}

}  // namespace hart::test
