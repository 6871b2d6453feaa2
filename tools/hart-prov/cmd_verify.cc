#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "common/output.h"
#include "prov/graph/verify_graph.h"
#include "prov/signing_key.h"
#include "prov/verify.h"
#include "replay.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct VerifyOptions {
  std::optional<std::string> inference;
  bool all = false;
  bool replay = false;
  std::vector<std::string> keys;
};

void write_problems(const std::vector<std::string>& problems, const std::string& about,
                    Output& out) {
  for (const std::string& problem : problems)
    out.write({{"type", "problem"}, {"about", about}, {"message", problem}},
              about + ": " + problem);
}

struct Verified {
  bool ok = true;
  std::uint64_t erased = 0;  ///< commitments that can no longer be opened
};

Verified verify_one(const prov::GenerationStream& stream, store::Store& store, Output& out,
                    bool quiet_when_sound) {
  const prov::ReceiptVerification found = prov::verify_stream(store, stream);
  const std::string id = uuid_text(found.uuid);
  write_problems(found.problems, id, out);
  const bool ok = found.problems.empty();
  const Verified verified{ok, found.commitments - found.opened};
  if (ok && quiet_when_sound) return verified;
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
  return verified;
}

Json generated_json(const std::optional<GeneratedToken>& token) {
  if (!token) return nullptr;
  return {{"token", token->token}, {"text", token->text}, {"logprob", token->logprob}};
}

Json first_token_json(const std::optional<prov::TokenDifference>& difference) {
  if (!difference) return nullptr;
  return {{"index", difference->index},
          {"recorded", generated_json(difference->recorded)},
          {"regenerated", generated_json(difference->regenerated)}};
}

std::string lines_of(const std::vector<std::string>& phrases) {
  std::string text;
  for (const std::string& phrase : phrases) text += "\n  " + phrase;
  return text;
}

std::string replay_text(const Replay& replay, std::uint64_t tokens) {
  std::string text;
  if (!replay.was_run())
    text = "cannot be replayed, missing" + lines_of(replay.missing);
  else if (replay.is_same())
    text = "replayed, the same " + std::to_string(tokens) + " tokens and bytes";
  else
    text = "replayed, and differs" + lines_of(replay.comparison.differences);
  if (!replay.comparison.not_compared.empty())
    text += "\nnot compared" + lines_of(replay.comparison.not_compared);
  if (!replay.notes.empty()) text += "\notherwise than then" + lines_of(replay.notes);
  return text;
}

void write_replay(const prov::GenerationStream& stream, const Replay& replay, Output& out) {
  const std::string id = uuid_text(stream.uuid);
  out.write({{"type", "replay"},
             {"inference", id},
             {"ok", replay.is_same()},
             {"replayed", replay.was_run()},
             {"tokens", stream.tokens_out},
             {"missing", replay.missing},
             {"differences", replay.comparison.differences},
             {"first_token", first_token_json(replay.comparison.first_token)},
             {"not_compared", replay.comparison.not_compared},
             {"notes", replay.notes}},
            id + ": " + replay_text(replay, stream.tokens_out));
}

Replayer make_replayer(store::Store& store, Context& context) {
  return {store, context.common.threads, [&context] { context.check_interrupt(); }};
}

/// How the replays of a whole log went.
struct ReplayTotals {
  std::uint64_t same = 0;
  std::uint64_t different = 0;
  std::uint64_t not_replayed = 0;
};

/// Replays every generation, those of one model one after the other. Those that cannot be run
/// are told, but are no failure: what was erased was erased on purpose.
ReplayTotals replay_all(store::Store& store, Context& context) {
  std::vector<std::pair<Id, std::uint64_t>> by_model;
  prov::for_each_stream(store, [&](const prov::GenerationStream& stream) {
    if (is_generation(stream))
      by_model.emplace_back(stream.model.value_or(Id{}), stream.leaf_index);
  });
  std::ranges::sort(by_model);
  Replayer replayer = make_replayer(store, context);
  ReplayTotals totals;
  for (const auto& [model, leaf_index] : by_model) {
    context.check_interrupt();
    const auto stream = prov::stream_at(store, leaf_index);
    if (!stream) continue;  // The verification has told.
    const Replay replay = replayer.replay(*stream);
    if (!replay.is_same()) write_replay(*stream, replay, context.out);
    ++(replay.is_same()   ? totals.same
       : replay.was_run() ? totals.different
                          : totals.not_replayed);
  }
  return totals;
}

/// What the verification of a log, and of every receipt in it, found.
struct AllVerified {
  prov::LogVerification log;
  std::uint64_t receipts = 0;
  std::uint64_t erased = 0;  ///< commitments that can no longer be opened
  bool ok = true;
};

AllVerified verify_records(const VerifyOptions& options, store::Store& store,
                           Context& context) {
  std::vector<crypto::NoteVerifier> trusted;
  for (const std::string& key : options.keys) trusted.push_back(prov::read_verifier(key));
  store::Snapshot snapshot{store.db()};
  AllVerified all;
  all.log = prov::verify_log(store, trusted);
  write_problems(all.log.problems, "log", context.out);
  all.ok = all.log.problems.empty();
  prov::for_each_stream(store, [&](const prov::GenerationStream& stream) {
    context.check_interrupt();
    ++all.receipts;
    const auto [ok, erased] = verify_one(stream, store, context.out, true);
    if (!ok) all.ok = false;
    all.erased += erased;
  });
  const std::vector<std::string> graph = prov::verify_graph(store);
  write_problems(graph, "graph", context.out);
  if (!graph.empty()) all.ok = false;
  return all;
}

int verify_all(const VerifyOptions& options, Context& context) {
  store::Store store = context.open_store();
  AllVerified all = verify_records(options, store, context);
  const prov::LogVerification& log = all.log;
  Json summary{{"type", "summary"},
               {"ok", all.ok},
               {"receipts", all.receipts},
               {"size", log.size},
               {"checkpoints", log.checkpoints},
               {"signatures", log.signatures},
               {"erased", all.erased},
               {"root", to_hex(log.root)},
               {"head", to_hex(log.head)}};
  std::string text = std::to_string(all.receipts) + " receipts, root " + to_hex(log.root) +
                     (all.ok ? ": sound" : ": does not verify");
  if (all.erased > 0) text += "; " + std::to_string(all.erased) + " openings erased";
  if (options.replay && all.ok) {
    const ReplayTotals totals = replay_all(store, context);
    all.ok = totals.different == 0;
    summary["ok"] = all.ok;
    summary["replayed"] = totals.same + totals.different;
    summary["not_replayed"] = totals.not_replayed;
    text += "; " + std::to_string(totals.same) + " came out the same again, " +
            std::to_string(totals.different) + " did not, " +
            std::to_string(totals.not_replayed) + " cannot be replayed";
  }
  context.out.write(summary, text);
  return all.ok ? 0 : 1;
}

int verify(const VerifyOptions& options, Context& context) {
  if (options.all == options.inference.has_value())
    throw Error{Fault::usage, "verify takes an ID or --all"};
  if (!options.all && !options.keys.empty())
    throw Error{Fault::usage, "--key says who must have signed the log; it needs --all"};
  if (options.all) return verify_all(options, context);
  store::Store store = context.open_store();
  std::optional<Replayer> replayer;
  if (options.replay) replayer.emplace(make_replayer(store, context));
  return for_each_generation(*options.inference, context, [&](const std::string& reference) {
    const prov::GenerationStream stream = prov::resolve_stream(store, reference);
    // What does not match its receipt is not worth running.
    if (!verify_one(stream, store, context.out, options.replay).ok) return false;
    if (!replayer) return true;
    const Replay replay = replayer->replay(stream);
    write_replay(stream, replay, context.out);
    return replay.is_same();
  });
}

}  // namespace

void add_verify_command(Command& tool) {
  Command& command = tool.subcommand("verify", "Recompute what a receipt claims");
  auto& options = command.options<VerifyOptions>();
  command.positional("ID", options.inference,
                     "the generation's UUID or 6 digits of it, - for JSON lines");
  command.flag("--all", options.all, "every receipt, and the whole log");
  command.flag("--replay", options.replay, "generate it again, and compare");
  command.option("--key", "VERIFIER", options.keys,
                 "a public key, or a file with one, that must have signed the log");
  command.action([&options](Context& context) { return verify(options, context); });
}

}  // namespace hart::cli
