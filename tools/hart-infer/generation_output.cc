#include "generation_output.h"

namespace hart::infer_tool {

Json token_json(const infer::TokenEvent& event) {
  return {{"type", "token"},
          {"index", event.index},
          {"token", event.token},
          {"text", event.text},
          {"logprob", event.logprob}};
}

Json inference_json(const infer::Generation& generation, const std::string& model,
                    const std::string& text) {
  const double rate = generation.seconds > 0
                          ? static_cast<double>(generation.tokens_out) / generation.seconds
                          : 0;
  Json json{{"type", "inference"},
            {"inference", uuid_text(generation.inference)},
            {"text", text},
            {"tokens_in", generation.tokens_in},
            {"tokens_out", generation.tokens_out},
            {"finish_reason", generation.finish_reason},
            {"model", model},
            {"seconds", generation.seconds},
            {"tokens_per_second", rate},
            {"cached", generation.cached}};
  json["receipt"] = generation.receipt.empty() ? Json(nullptr) : Json(generation.receipt);
  return json;
}

}  // namespace hart::infer_tool
