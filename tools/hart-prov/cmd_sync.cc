#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "commands.h"
#include "common/output.h"
#include "core/clock.h"
#include "core/error.h"
#include "graph_store.h"
#include "prov/graph/derivation.h"
#include "prov/graph/store_graph.h"
#include "prov/sync/synchronizer.h"
#include "prov/transparency_log.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct SyncCommandOptions {
  std::optional<std::string> target;
  std::vector<std::string> arguments;
  std::string name;
  std::optional<std::string> as;
  prov::SyncOptions sync;
  unsigned batch = 256;
  bool dead_letters = false;
  bool retry_dead_letters = false;
};

enum class TargetKind { folder, command, postgres };

/// What the first argument names.
struct TargetSpec {
  TargetKind kind = TargetKind::folder;
  std::string name;  ///< under which the checkpoint is kept
  std::string path;
  std::vector<std::string> command;
};

TargetSpec parse_command_target(const SyncCommandOptions& options) {
  TargetSpec spec{TargetKind::command, {}, {}, options.arguments};
  const std::string program = options.target->substr(std::string_view{"exec:"}.size());
  if (!program.empty()) spec.command.insert(spec.command.begin(), program);
  if (spec.command.empty())
    throw Error{Fault::usage, "exec: needs a program, as exec:cypher-shell"};
  spec.name = "exec:" + spec.command.front();
  // Arguments may hold passwords, so that they are not kept; without them two targets of one
  // program could not be told apart, and the second would miss what the first was sent.
  if (spec.command.size() > 1 && options.name.empty())
    throw Error{Fault::usage, "a command with arguments needs a --name for its checkpoint"};
  return spec;
}

TargetSpec parse_target(const SyncCommandOptions& options) {
  const std::string& target = *options.target;
  TargetSpec spec;
  if (target.starts_with("exec:")) {
    spec = parse_command_target(options);
  } else if (!options.arguments.empty()) {
    throw Error{Fault::usage, "only exec: takes arguments"};
  } else if (prov::is_postgres_url(target)) {
    spec = {TargetKind::postgres, prov::without_password(target), target, {}};
    if (options.as) throw Error{Fault::usage, "--as is not for a database"};
  } else {
    spec.path = target.starts_with("dir:") ? target.substr(4) : target;
    if (spec.path.empty()) throw Error{Fault::usage, "dir: needs a path"};
    // From wherever it is named.
    std::error_code ignored;
    spec.name = "dir:" + std::filesystem::weakly_canonical(
                             std::filesystem::absolute(spec.path, ignored), ignored)
                             .string();
  }
  if (!options.name.empty()) spec.name = options.name;
  return spec;
}

std::unique_ptr<prov::SyncEncoding> make_encoding(const TargetSpec& spec,
                                                  const SyncCommandOptions& options,
                                                  const store::Store& store) {
  if (spec.kind == TargetKind::postgres) return prov::sql_encoding(store.tenant_name());
  if (options.as.value_or("jsonl") == "cypher") return prov::cypher_encoding();
  return prov::json_lines_encoding(store.tenant_name());
}

std::unique_ptr<prov::SyncTarget> make_target(const TargetSpec& spec,
                                              const prov::SyncEncoding& encoding,
                                              const store::Store& store, bool dry_run) {
  switch (spec.kind) {
    case TargetKind::command:
      return prov::command_target(spec.command);
    case TargetKind::postgres:
      return prov::postgres_target(spec.path);
    case TargetKind::folder:
      break;
  }
  return prov::folder_target(spec.path, store.tenant_name(), encoding.extension(), dry_run);
}

int list_dead_letters(const std::optional<TargetSpec>& spec, Context& context) {
  store::Store store = context.open_store();
  Table table{{"target", "receipt", "inference", "attempts", "refused", "reason"}};
  const auto name = spec ? std::optional{spec->name} : std::nullopt;
  for (const prov::DeadLetter& letter : prov::dead_letters(store, name)) {
    table.row({printable(letter.target), std::to_string(letter.leaf_index),
               uuid_text(letter.inference), std::to_string(letter.attempts),
               format_time(letter.refused), letter.reason});
    if (context.out.human()) continue;
    context.out.write({{"type", "dead_letter"},
                       {"target", letter.target},
                       {"leaf_index", letter.leaf_index},
                       {"inference", uuid_text(letter.inference)},
                       {"attempts", letter.attempts},
                       {"reason", letter.reason},
                       {"refused", format_time(letter.refused)}});
  }
  if (!table.empty()) context.out.table(table);
  return 0;
}

prov::SyncHooks hooks(Context& context) {
  prov::SyncHooks hooks;
  hooks.check = [&context] { context.check_interrupt(); };
  hooks.notice = [&context](const std::string& text) { context.notice(text); };
  hooks.wait = [&context](double seconds) {
    constexpr double kStep = 0.1;  // an interrupt ends the wait
    for (; seconds > 0; seconds -= kStep) {
      std::this_thread::sleep_for(std::chrono::duration<double>{std::min(seconds, kStep)});
      context.check_interrupt();
    }
  };
  return hooks;
}

Json summary_json(const std::string& target, const prov::SyncSummary& done, bool dry_run,
                  double seconds) {
  Json json{{"type", "summary"},
            {"target", target},
            {"from", done.from},
            {"to", done.to},
            {"receipts", done.receipts},
            {"nodes", done.nodes},
            {"edges", done.edges},
            {"bytes", done.bytes},
            {"batches", done.batches},
            {"retries", done.retries},
            {"dead_letters", done.dead_letters}};
  if (dry_run) json["dry_run"] = true;
  json["seconds"] = seconds;
  return json;
}

int sync(const SyncCommandOptions& given, Context& context) {
  if (!given.target) {
    if (given.dead_letters) return list_dead_letters(std::nullopt, context);
    throw Error{Fault::usage, "where to: a folder, exec:PROGRAM or postgresql://..."};
  }
  const TargetSpec spec = parse_target(given);
  if (given.dead_letters) return list_dead_letters(spec, context);
  const double begin = steady_seconds();
  prov::SyncOptions options = given.sync;
  options.records = given.batch;
  options.dry_run = context.common.dry_run;
  store::Store store = open_graph_store(context);
  if (!store.writable() && !options.dry_run)
    throw Error{Fault::denied, store.directory() +
                                   ": cannot be written, and the checkpoint is"
                                   " kept there"};
  // What is written from now on has no influences in the graph yet: it is left to the next run.
  const std::uint64_t size = prov::TransparencyLog{store}.size();
  options.end = size - std::min(size, prov::underived_receipts(store));
  const auto encoding = make_encoding(spec, given, store);
  const auto target = make_target(spec, *encoding, store, options.dry_run);
  const prov::StoreGraph graph{store};
  prov::SyncState state{store, spec.name};
  prov::Synchronizer synchronizer{store, graph,   *encoding,     *target,
                                  state, options, hooks(context)};
  const prov::SyncSummary done =
      given.retry_dead_letters ? synchronizer.retry_dead_letters() : synchronizer.run();
  context.out.write(summary_json(spec.name, done, options.dry_run, steady_seconds() - begin));
  return done.dead_letters == 0 ? 0 : 1;
}

}  // namespace

void add_sync_command(Command& tool) {
  Command& command = tool.subcommand("sync", "Deliver new receipts to another system");
  auto& options = command.options<SyncCommandOptions>();
  command.positional("TARGET", options.target,
                     "a folder (dir:PATH), exec:PROGRAM, or postgresql://...");
  command.positional("ARGUMENT", options.arguments, "of the program, after --");
  command.option("--as", "FORMAT", options.as, "how a folder or program is given them; jsonl")
      .choices({"jsonl", "cypher"});
  command.option("--name", "NAME", options.name, "what the target's checkpoint is called");
  command.option("--batch", "N", options.batch, "receipts delivered at once, at most")
      .range(1, 100'000);
  command.option("--retries", "N", options.sync.retries, "of a batch that is not accepted")
      .range(0, 100);
  command
      .option("--backoff", "SECONDS", options.sync.backoff_s,
              "before the first retry; doubled each time")
      .range(0, 3600);
  command.option("--max-dead-letters", "N", options.sync.max_dead_letters,
                 "end the run when more are refused");
  command.flag("--restart", options.sync.restart, "from the first receipt again");
  command.flag("--dead-letters", options.dead_letters,
               "list what targets refused, of all without TARGET");
  command.flag("--retry-dead-letters", options.retry_dead_letters,
               "deliver those again, and nothing else");
  command.dry_run();
  command.action([&options](Context& context) { return sync(options, context); });
}

}  // namespace hart::cli
