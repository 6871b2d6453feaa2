#include <string>

#include "commands.h"
#include "common/instant.h"
#include "core/error.h"
#include "restoring.h"
#include "store/snapshot.h"
#include "store/store.h"

namespace hart::ingest {
namespace {

struct RollbackOptions {
  std::string model;
  std::string to;
};

/// The name that the caller means: one that the history may know better than the present.
std::string name_of(store::Store& store, const std::string& reference) {
  if (!store::versions_of(store, reference).empty()) return reference;
  return store::resolve_object(store, reference).name;
}

store::ObjectVersion version_then(store::Store& store, const RollbackOptions& options) {
  if (const auto time = cli::find_instant(options.to)) {
    const std::string name = name_of(store, options.model);
    if (auto version = store::version_at(store, name, *time)) return *version;
    throw Error{Fault::no_input, name + ": was not there at " + format_time(*time)};
  }
  const store::SavedSnapshot snapshot = store::find_snapshot(store, options.to);
  for (store::ObjectVersion& version : store::snapshot_versions(store, snapshot))
    if (version.name == options.model) return version;
  const std::string name = name_of(store, options.model);
  for (store::ObjectVersion& version : store::snapshot_versions(store, snapshot))
    if (version.name == name) return version;
  throw Error{Fault::no_input, "the snapshot " + snapshot.name + " does not hold " + name};
}

int rollback(const RollbackOptions& options, cli::Context& context) {
  store::Store store = context.open_store(!context.common.dry_run);
  const bool to_snapshot = !cli::find_instant(options.to);
  return restore_all({version_then(store, options)}, store, context,
                     [&](const store::ObjectVersion& then) {
                       return to_snapshot ? std::string{store::kSnapshotScheme} + options.to
                                          : std::string{store::kRollbackScheme} + then.label();
                     });
}

}  // namespace

void add_rollback(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("rollback", "Make a model's newest version what it was before")
          .topic("The past");
  auto& options = command.options<RollbackOptions>();
  command.positional("MODEL", options.model, "id, prefix or name").required();
  command
      .option("--to", "TIME|SNAPSHOT", options.to,
              "a time, how long ago (2h, 7d), or the name of a snapshot")
      .required();
  command.dry_run();
  command.action([&options](cli::Context& context) { return rollback(options, context); });
}

}  // namespace hart::ingest
