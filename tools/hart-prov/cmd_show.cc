#include <utility>
#include <vector>

#include "commands.h"
#include "common/output.h"
#include "core/clock.h"
#include "prov/stream.h"
#include "receipt_json.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct ShowOptions {
  std::string inference;
  bool raw = false;
};

Json hashes_json(const std::vector<prov::Committed>& segments) {
  Json hashes = Json::array();
  for (const prov::Committed& one : segments) hashes.push_back(to_hex(one.commitment));
  return hashes;
}

/// Null where the receipt has no such segment.
Json hash_json(const prov::Committed& one) {
  return one.exists() ? Json(to_hex(one.commitment)) : Json(nullptr);
}

Json models_json(const prov::Receipt& receipt) {
  Json models = Json::array();
  for (const prov::ReceiptModel& model : receipt.models) {
    Json json{{"model", model.id.text()}, {"weight", model.weight}};
    if (model.tensors > 0) {
      json["tensors"] = model.tensors;
      json["tensor_root"] = to_hex(model.tensor_root);
    }
    json["name"] = to_hex(model.name.commitment);
    models.push_back(std::move(json));
  }
  return models;
}

Json reasoning_json(const prov::Receipt& receipt) {
  if (receipt.reasoning.empty() && receipt.steps.empty()) return nullptr;
  Json steps = Json::array();
  for (const prov::ReceiptStep& step : receipt.steps)
    steps.push_back({{"kind", step.kind},
                     {"weight", step.weight},
                     {"commitment", to_hex(step.text.commitment)}});
  return {{"mode", receipt.reasoning}, {"steps", std::move(steps)}};
}

Json commitments_json(const prov::Receipt& receipt) {
  Json tokens = Json::array();
  for (const prov::TokenRun& run : receipt.tokens)
    tokens.push_back({{"first", run.first},
                      {"count", run.count},
                      {"commitment", to_hex(run.committed.commitment)}});
  return {{"tenant", to_hex(receipt.tenant.commitment)},
          {"actor", hash_json(receipt.actor)},
          {"model_name",
           receipt.models.empty() ? Json(nullptr) : hash_json(receipt.models.front().name)},
          {"subjects", hashes_json(receipt.subjects)},
          {"prompt", hash_json(receipt.prompt)},
          {"vector", hash_json(receipt.vector)},
          {"evidence", hashes_json(receipt.evidence)},
          {"queries", hashes_json(receipt.queries)},
          {"tokens", std::move(tokens)},
          {"output", hash_json(receipt.output)}};
}

Json receipt_json(const prov::GenerationStream& stream, const prov::Receipt& receipt) {
  return {{"type", "receipt"},
          {"inference", uuid_text(receipt.inference)},
          {"version", receipt.version},
          {"receipt", "sha256:" + to_hex(stream.receipt_hash)},
          {"previous", "sha256:" + to_hex(receipt.previous)},
          {"leaf_index", stream.leaf_index},
          {"operation", receipt.operation},
          {"engine", receipt.engine ? engine_json(*receipt.engine) : Json(nullptr)},
          {"model",
           receipt.models.empty() ? Json(nullptr) : Json(receipt.models.front().id.text())},
          {"models", models_json(receipt)},
          {"parameters", receipt.parameters},
          {"seed", receipt.seed ? Json(std::to_string(*receipt.seed)) : Json(nullptr)},
          {"reasoning", reasoning_json(receipt)},
          {"started", format_time(receipt.started)},
          {"completed", format_time(receipt.completed)},
          {"finish_reason", receipt.finish_reason},
          {"tokens_in", receipt.tokens_in},
          {"tokens_out", receipt.tokens_out},
          {"usage", usage_json(receipt.charges)},
          {"commitments", commitments_json(receipt)}};
}

int show(const ShowOptions& options, Context& context) {
  store::Store store = context.open_store();
  return for_each_generation(options.inference, context, [&](const std::string& reference) {
    const prov::GenerationStream stream = prov::resolve_stream(store, reference);
    if (options.raw)
      context.out.raw(stream.receipt);
    else
      context.out.write(receipt_json(stream, prov::decode_receipt(stream.receipt)));
    return true;
  });
}

}  // namespace

void add_show_command(Command& tool) {
  Command& command = tool.subcommand("show", "The receipt of a generation");
  auto& options = command.options<ShowOptions>();
  command.positional("ID", options.inference,
                     "the generation's UUID or 6 digits of it, - for JSON lines");
  command.flag("--raw", options.raw, "the receipt's bytes, as they are hashed");
  command.action([&options](Context& context) { return show(options, context); });
}

}  // namespace hart::cli
