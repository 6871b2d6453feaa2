#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "core/error.h"
#include "passages.h"
#include "store/audit.h"
#include "store/object_access.h"
#include "store/text_index.h"

namespace hart::ingest {
namespace {

using store::AccessLevel;
using store::HeldVersion;

struct AccessOptions {
  std::vector<std::string> ids;
  std::optional<std::string> level;
};

Json access_json(const HeldVersion& version, AccessLevel level) {
  Json json{{"type", "access"},
            {"atom", version.atom.text()},
            {"name", version.name},
            {"version", version.version},
            {"access", store::access_level_name(level)}};
  if (version.in_snapshot) json["in_snapshot"] = true;
  return json;
}

std::vector<HeldVersion> versions_named(store::Store& store,
                                        const std::vector<std::string>& ids) {
  return ids.empty() ? store::restricted_versions(store) : store::held_versions(store, ids);
}

int show_levels(const AccessOptions& options, cli::Context& context) {
  store::Store store = context.open_store_as_owner();
  cli::Table table{{"LEVEL", "NAME", "HELD BY"}};
  for (const HeldVersion& version : versions_named(store, options.ids)) {
    if (!context.out.human()) context.out.write(access_json(version, version.access));
    table.row({std::string{store::access_level_name(version.access)}, version.label(),
               version.in_snapshot ? "snapshot" : "object"});
  }
  if (!table.empty()) context.out.table(table);
  return 0;
}

/// The tenant's full text knows what the tenant sees, and nothing else.
store::AccessChange set_level(store::Store& store, const HeldVersion& version,
                              AccessLevel level) {
  const Passages before = passages_of(store, version.modality, version.structure_id);
  store::AccessChange change = store::set_access(store, version, level);
  forget_passages(store, before, change.hidden);
  if (change.shown.empty()) return change;
  store::TextIndexWriter index{store};
  for (const auto& [atom_id, text] : passages_of(store, version.modality, version.structure_id))
    if (std::binary_search(change.shown.begin(), change.shown.end(), atom_id))
      index.add(atom_id, text);
  return change;
}

std::string level_text(const HeldVersion& version, AccessLevel level) {
  return version.label() + (version.in_snapshot ? " in a snapshot" : "") + " " +
         std::string{store::access_level_name(level)};
}

/// A snapshot either shows a version or hides it.
AccessLevel level_for(const HeldVersion& version, AccessLevel level) {
  return version.in_snapshot && level == AccessLevel::read ? AccessLevel::write : level;
}

int set_levels(const AccessOptions& options, AccessLevel asked, cli::Context& context) {
  if (options.ids.empty())
    throw Error{Fault::usage, "--level needs an ID: whose level is to be set"};
  const bool dry_run = context.common.dry_run;
  store::Store store = context.open_store_as_owner(!dry_run);
  std::vector<std::pair<Json, std::string>> records;
  std::optional<store::WriteTransaction> transaction;
  if (!dry_run) transaction.emplace(store);
  std::string detail;
  for (const HeldVersion& version : versions_named(store, options.ids)) {
    const AccessLevel level = level_for(version, asked);
    Json json = access_json(version, level);
    json["before"] = store::access_level_name(version.access);
    if (dry_run) json["dry_run"] = true;
    if (!dry_run && level != version.access) {
      const store::AccessChange change = set_level(store, version, level);
      json["atoms_hidden"] = change.hidden.size();
      json["atoms_shown"] = change.shown.size();
      detail += (detail.empty() ? "" : ", ") + level_text(version, level);
    }
    records.emplace_back(std::move(json),
                         (dry_run ? "would be " : "is ") + level_text(version, level));
  }
  if (!detail.empty()) store::record_act(store, "hart-ingest access", detail);
  if (transaction) transaction->commit();
  for (const auto& [json, text] : records) context.out.write(json, text);
  return 0;
}

int show_or_set(const AccessOptions& options, cli::Context& context) {
  const auto level = options.level ? store::find_access_level(*options.level) : std::nullopt;
  return level ? set_levels(options, *level, context) : show_levels(options, context);
}

}  // namespace

void add_access(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("access", "Show or set what a tenant may do with an object")
          .topic("Upkeep");
  auto& options = command.options<AccessOptions>();
  command.positional("ID", options.ids, "name, name@version, id or prefix");
  command.option("--level", "LEVEL", options.level, "none, read or write")
      .choices({"none", "read", "write"});
  command.dry_run();
  command.action([&options](cli::Context& context) { return show_or_set(options, context); });
}

}  // namespace hart::ingest
