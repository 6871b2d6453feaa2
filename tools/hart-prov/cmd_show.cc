#include "commands.h"
#include "common/output.h"
#include "core/clock.h"
#include "prov/stream.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct ShowOptions {
  std::string inference;
  bool raw = false;
};

Json receipt_json(const prov::GenerationStream& stream, const prov::Receipt& receipt) {
  Json evidence = Json::array();
  for (const prov::Committed& one : receipt.evidence)
    evidence.push_back(to_hex(one.commitment));
  Json tokens = Json::array();
  for (const prov::TokenRun& run : receipt.tokens)
    tokens.push_back({{"first", run.first},
                      {"count", run.count},
                      {"commitment", to_hex(run.committed.commitment)}});
  return {{"type", "receipt"},
          {"inference", uuid_text(receipt.inference)},
          {"version", receipt.version},
          {"receipt", "sha256:" + to_hex(stream.receipt_hash)},
          {"previous", "sha256:" + to_hex(receipt.previous)},
          {"leaf_index", stream.leaf_index},
          {"operation", receipt.operation},
          {"model", receipt.model.text()},
          {"parameters", receipt.parameters},
          {"seed", std::to_string(receipt.seed)},
          {"started", format_time(receipt.started)},
          {"completed", format_time(receipt.completed)},
          {"finish_reason", receipt.finish_reason},
          {"tokens_in", receipt.tokens_in},
          {"tokens_out", receipt.tokens_out},
          {"commitments",
           {{"tenant", to_hex(receipt.tenant.commitment)},
            {"model_name", to_hex(receipt.model_name.commitment)},
            {"prompt", to_hex(receipt.prompt.commitment)},
            {"evidence", evidence},
            {"tokens", tokens},
            {"output", to_hex(receipt.output.commitment)}}}};
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
