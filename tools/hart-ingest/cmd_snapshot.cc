#include <algorithm>
#include <string>
#include <vector>

#include "commands.h"
#include "common/instant.h"
#include "core/error.h"
#include "passages.h"
#include "restoring.h"
#include "store/snapshot.h"
#include "store/store.h"

namespace hart::ingest {
namespace {

struct SnapshotOptions {
  std::string name;
  std::vector<std::string> models;
  std::optional<std::string> other;
};

Json snapshot_json(const store::SavedSnapshot& snapshot) {
  return {{"type", "snapshot"},
          {"name", snapshot.name},
          {"created", format_time(snapshot.created)},
          {"objects", snapshot.objects},
          {"bytes", snapshot.bytes}};
}

std::string describe(const store::SavedSnapshot& snapshot) {
  return snapshot.name + ", " + std::to_string(snapshot.objects) + " objects of " +
         cli::format_bytes(snapshot.bytes);
}

int create_snapshot(const SnapshotOptions& options, cli::Context& context) {
  if (cli::find_instant(options.name))
    throw Error{Fault::usage,
                "'" + options.name + "' reads as a time: --as-of could not tell the snapshot"};
  store::Store store = context.open_store(true);
  store::WriteTransaction transaction{store};
  std::vector<store::Object> objects;
  if (options.models.empty()) objects = store::newest_models(store);
  for (const std::string& model : options.models)
    objects.push_back(store::resolve_object(store, model));
  if (objects.empty()) throw Error{Fault::no_input, "there is no model to take a snapshot of"};
  const store::CreatedSnapshot created = store::create_snapshot(store, options.name, objects);
  transaction.commit();
  Json json = snapshot_json(created.snapshot);
  if (created.unchanged) json["unchanged"] = true;
  context.out.write(
      json, (created.unchanged ? "unchanged: " : "created ") + describe(created.snapshot));
  return 0;
}

int list_snapshots(cli::Context& context) {
  store::Store store = context.open_store();
  cli::Table table{{"NAME", "CREATED", "OBJECTS", "BYTES"}};
  for (const store::SavedSnapshot& snapshot : store::snapshots(store)) {
    if (!context.out.human()) {
      context.out.write(snapshot_json(snapshot));
      continue;
    }
    table.row({snapshot.name, format_time(snapshot.created).substr(0, 19) + "Z",
               std::to_string(snapshot.objects), std::to_string(snapshot.bytes)});
  }
  if (!table.empty()) context.out.table(table);
  return 0;
}

Json difference_json(const store::SnapshotDifference& difference) {
  const auto& before = difference.before;
  const auto& after = difference.after;
  Json json{{"type", "snapshot_difference"},
            {"what", !before  ? "added"
                     : !after ? "removed"
                              : "changed"},
            {"name", (before ? before : after)->name},
            {"kind", (before ? before : after)->kind}};
  if (before) {
    json["version_before"] = before->version;
    json["atom_before"] = before->atom.text();
  }
  if (after) {
    json["version"] = after->version;
    json["atom"] = after->atom.text();
  }
  if (const auto& tensors = difference.tensors) {
    json["tensors_shared"] = tensors->shared;
    json["tensors_changed"] = tensors->changed;
    json["tensors_added"] = tensors->added;
    json["tensors_removed"] = tensors->removed;
  }
  return json;
}

std::string difference_line(const store::SnapshotDifference& difference) {
  if (!difference.before) return "added    " + difference.after->label();
  if (!difference.after) return "removed  " + difference.before->label();
  std::string line =
      "changed  " + difference.before->label() + " -> " + difference.after->label();
  if (const auto& tensors = difference.tensors)
    line += ": " + std::to_string(tensors->shared) + " tensors shared, " +
            std::to_string(tensors->changed) + " changed, " + std::to_string(tensors->added) +
            " added, " + std::to_string(tensors->removed) + " removed";
  return line;
}

int diff_snapshots(const SnapshotOptions& options, cli::Context& context) {
  store::Store store = context.open_store();
  const store::SavedSnapshot snapshot = store::find_snapshot(store, options.name);
  std::optional<store::SavedSnapshot> other;
  if (options.other) other = store::find_snapshot(store, *options.other);
  for (const auto& difference : store::diff_snapshot(store, snapshot, other))
    context.out.write(difference_json(difference), difference_line(difference));
  return 0;
}

/// Those that were named, in the order of their names; all when none was.
std::vector<store::ObjectVersion> chosen(std::vector<store::ObjectVersion> versions,
                                         const SnapshotOptions& options) {
  const auto& models = options.models;
  if (models.empty()) return versions;
  for (const std::string& model : models)
    if (std::none_of(versions.begin(), versions.end(),
                     [&](const auto& version) { return version.name == model; }))
      throw Error{Fault::no_input, "the snapshot " + options.name + " does not hold " + model};
  std::erase_if(versions, [&](const store::ObjectVersion& version) {
    return std::find(models.begin(), models.end(), version.name) == models.end();
  });
  return versions;
}

int restore(const SnapshotOptions& options, cli::Context& context) {
  store::Store store = context.open_store(!context.common.dry_run);
  const auto versions = chosen(
      store::snapshot_versions(store, store::find_snapshot(store, options.name)), options);
  return restore_all(versions, store, context, [&](const store::ObjectVersion&) {
    return std::string{store::kSnapshotScheme} + options.name;
  });
}

/// The passages of all documents that the snapshot holds.
Passages passages_in(store::Store& store, const store::SavedSnapshot& snapshot) {
  Passages all;
  for (const store::ObjectVersion& version : store::snapshot_versions(store, snapshot)) {
    const auto structure =
        version.structure ? store::find_atom(store, *version.structure) : std::nullopt;
    if (!structure) continue;
    for (auto& passage : passages_of(store, version.modality, structure->atom_id))
      all.push_back(std::move(passage));
  }
  return all;
}

int remove_snapshot(const SnapshotOptions& options, cli::Context& context) {
  store::Store store = context.open_store(!context.common.dry_run);
  Json json;
  if (context.common.dry_run) {
    json = snapshot_json(store::find_snapshot(store, options.name));
    json["dry_run"] = true;
  } else {
    store::WriteTransaction transaction{store};
    const store::SavedSnapshot snapshot = store::find_snapshot(store, options.name);
    const Passages passages = passages_in(store, snapshot);
    const std::vector<std::int64_t> gone = store::remove_snapshot(store, snapshot);
    forget_passages(store, passages, gone);
    transaction.commit();
    json = snapshot_json(snapshot);
    json["atoms_released"] = gone.size();
  }
  json["type"] = "snapshot_removed";
  context.out.write(json,
                    (context.common.dry_run ? "would remove " : "removed ") + options.name);
  return 0;
}

}  // namespace

void add_snapshot(cli::Command& tool) {
  cli::Command& group =
      tool.subcommand("snapshot", "Keep models as they are, and go back to them")
          .topic("The past");
  const auto add = [&group](const char* name, const char* summary, auto action, bool models,
                            bool dry_run) {
    cli::Command& command = group.subcommand(name, summary);
    auto& options = command.options<SnapshotOptions>();
    command.positional("NAME", options.name, "the snapshot's name").required();
    if (models)
      command.positional("MODEL", options.models, "only these (default: all)");
    else if (!dry_run)
      command.positional("OTHER", options.other, "another snapshot (default: what is now)");
    if (dry_run) command.dry_run();
    command.action(
        [&options, action](cli::Context& context) { return action(options, context); });
  };
  add("create", "Save the newest version of every model, or of these objects", create_snapshot,
      true, false);
  cli::Command& listing = group.subcommand("list", "The tenant's snapshots, oldest first");
  listing.action([](cli::Context& context) { return list_snapshots(context); });
  add("diff", "What changed since a snapshot, or between two", diff_snapshots, false, false);
  add("restore", "Make what differs what it was, as new versions", restore, true, true);
  add("remove", "Let go of what a snapshot holds", remove_snapshot, false, true);
}

}  // namespace hart::ingest
