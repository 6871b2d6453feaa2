#include <optional>
#include <string>

#include "commands.h"
#include "common/output.h"
#include "core/error.h"
#include "prov/stream.h"
#include "prov/transparency_log.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct LogOptions {
  std::string inference;
  std::uint64_t old_size = 0;
  std::optional<std::uint64_t> size;
};

int log_root(const LogOptions& options, Context& context) {
  store::Store store = context.open_store();
  store::Snapshot snapshot{store.db()};
  prov::TransparencyLog log{store};
  const std::uint64_t size = options.size.value_or(log.size());
  const std::string root = to_hex(log.root(size));
  Json json{
      {"type", "tree_head"}, {"tenant", store.tenant_name()}, {"size", size}, {"root", root}};
  if (size > 0) {
    const auto newest = prov::stream_at(store, size - 1);
    if (!newest) throw Error{Fault::data, "the log's newest receipt is missing"};
    json["head"] = "sha256:" + to_hex(newest->receipt_hash);
  }
  context.out.write(json);
  return 0;
}

Json proof_json(const crypto::MerkleProof& proof) {
  Json path = Json::array();
  for (const Hash256& hash : proof) path.push_back(to_hex(hash));
  return path;
}

void prove(const std::string& reference, const LogOptions& options, store::Store& store,
           Output& out) {
  const prov::GenerationStream stream = prov::resolve_stream(store, reference);
  prov::TransparencyLog log{store};
  const std::uint64_t size = options.size.value_or(log.size());
  out.write({{"type", "inclusion_proof"},
             {"inference", uuid_text(stream.uuid)},
             {"receipt", "sha256:" + to_hex(stream.receipt_hash)},
             {"leaf_index", stream.leaf_index},
             {"leaf_hash", to_hex(log.leaf(stream.leaf_index))},
             {"size", size},
             {"root", to_hex(log.root(size))},
             {"proof", proof_json(log.inclusion_proof(stream.leaf_index, size))}});
}

int log_prove(const LogOptions& options, Context& context) {
  store::Store store = context.open_store();
  return for_each_generation(options.inference, context, [&](const std::string& reference) {
    store::Snapshot snapshot{store.db()};
    prove(reference, options, store, context.out);
    return true;
  });
}

int log_consistency(const LogOptions& options, Context& context) {
  store::Store store = context.open_store();
  store::Snapshot snapshot{store.db()};
  prov::TransparencyLog log{store};
  const std::uint64_t size = options.size.value_or(log.size());
  context.out.write({{"type", "consistency_proof"},
                     {"tenant", store.tenant_name()},
                     {"old_size", options.old_size},
                     {"old_root", to_hex(log.root(options.old_size))},
                     {"size", size},
                     {"root", to_hex(log.root(size))},
                     {"proof", proof_json(log.consistency_proof(options.old_size, size))}});
  return 0;
}

}  // namespace

void add_log_command(Command& tool) {
  Command& command = tool.subcommand("log", "The transparency log of receipts");
  Command& root = command.subcommand("root", "The tree head: size and root");
  auto& headed = root.options<LogOptions>();
  root.option("--size", "N", headed.size, "of the first N receipts; by default all");
  root.action([&headed](Context& context) { return log_root(headed, context); });

  Command& proof = command.subcommand("prove", "Prove that a receipt is in the log");
  auto& proven = proof.options<LogOptions>();
  proof.positional("ID", proven.inference,
                   "the generation's UUID or 6 digits of it, - for JSON lines");
  proof.option("--size", "N", proven.size,
               "in the log of the first N receipts; by default all");
  proof.action([&proven](Context& context) { return log_prove(proven, context); });

  Command& consistency =
      command.subcommand("consistency", "Prove that the log was only added to");
  auto& grown = consistency.options<LogOptions>();
  consistency.positional("OLD", grown.old_size, "how many receipts it had before");
  consistency.option("--size", "N", grown.size, "to the first N receipts; by default all");
  consistency.action([&grown](Context& context) { return log_consistency(grown, context); });

  add_log_signing_commands(command);
}

}  // namespace hart::cli
