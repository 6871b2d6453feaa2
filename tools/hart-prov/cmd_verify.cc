#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "common/output.h"
#include "prov/signing_key.h"
#include "prov/verify.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct VerifyOptions {
  std::optional<std::string> inference;
  bool all = false;
  std::vector<std::string> keys;
};

void write_problems(const std::vector<std::string>& problems, const std::string& about,
                    Output& out) {
  for (const std::string& problem : problems)
    out.write({{"type", "problem"}, {"about", about}, {"message", problem}},
              about + ": " + problem);
}

bool verify_one(const prov::GenerationStream& stream, store::Store& store, Output& out,
                bool quiet_when_sound) {
  const prov::ReceiptVerification found = prov::verify_stream(store, stream);
  const std::string id = uuid_text(found.uuid);
  write_problems(found.problems, id, out);
  const bool ok = found.problems.empty();
  if (ok && quiet_when_sound) return true;
  out.write({{"type", "verification"},
             {"inference", id},
             {"ok", ok},
             {"receipt", "sha256:" + to_hex(found.receipt_hash)},
             {"leaf_index", found.leaf_index},
             {"commitments", found.commitments},
             {"opened", found.opened},
             {"problems", found.problems.size()}},
            id + (ok ? ": sound, " + std::to_string(found.opened) + " of " +
                           std::to_string(found.commitments) + " commitments opened"
                     : ": does not verify"));
  return ok;
}

int verify_all(const VerifyOptions& options, Context& context) {
  std::vector<crypto::NoteVerifier> trusted;
  for (const std::string& key : options.keys) trusted.push_back(prov::read_verifier(key));
  store::Store store = context.open_store();
  store::Snapshot snapshot{store.db()};
  const prov::LogVerification log = prov::verify_log(store, trusted);
  write_problems(log.problems, "log", context.out);
  bool ok = log.problems.empty();
  std::uint64_t receipts = 0;
  prov::for_each_stream(store, [&](const prov::GenerationStream& stream) {
    context.check_interrupt();
    ++receipts;
    if (!verify_one(stream, store, context.out, true)) ok = false;
  });
  context.out.write({{"type", "summary"},
                     {"ok", ok},
                     {"receipts", receipts},
                     {"size", log.size},
                     {"checkpoints", log.checkpoints},
                     {"signatures", log.signatures},
                     {"root", to_hex(log.root)},
                     {"head", to_hex(log.head)}},
                    std::to_string(receipts) + " receipts, root " + to_hex(log.root) +
                        (ok ? ": sound" : ": does not verify"));
  return ok ? 0 : 1;
}

int verify(const VerifyOptions& options, Context& context) {
  if (options.all == options.inference.has_value())
    throw Error{Fault::usage, "verify takes an ID or --all"};
  if (!options.all && !options.keys.empty())
    throw Error{Fault::usage, "--key says who must have signed the log; it needs --all"};
  if (options.all) return verify_all(options, context);
  store::Store store = context.open_store();
  return for_each_generation(*options.inference, context, [&](const std::string& reference) {
    return verify_one(prov::resolve_stream(store, reference), store, context.out, false);
  });
}

}  // namespace

void add_verify_command(Command& tool) {
  Command& command = tool.subcommand("verify", "Recompute what a receipt claims");
  auto& options = command.options<VerifyOptions>();
  command.positional("ID", options.inference,
                     "the generation's UUID or 6 digits of it, - for JSON lines");
  command.flag("--all", options.all, "every receipt, and the whole log");
  command.option("--key", "VERIFIER", options.keys,
                 "a public key, or a file with one, that must have signed the log");
  command.action([&options](Context& context) { return verify(options, context); });
}

}  // namespace hart::cli
