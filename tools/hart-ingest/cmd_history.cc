#include <string>

#include "commands.h"
#include "common/instant.h"
#include "core/clock.h"
#include "core/error.h"
#include "store/history.h"
#include "store/snapshot.h"

namespace hart::ingest {
namespace {

struct HistoryOptions {
  std::string id;
  std::optional<std::string> as_of;
};

Json change_json(const store::Change& change) {
  Json json{{"type", "change"},
            {"time", format_time(change.time)},
            {"what", store::change_name(change.what)}};
  const auto add = [&json](const char* key, const std::string& text) {
    if (!text.empty()) json[key] = text;
  };
  add("name", change.name);
  if (change.version != 0) json["version"] = change.version;
  if (change.atom) json["atom"] = change.atom->text();
  add("source", change.source);
  add("snapshot", change.snapshot);
  add("tensor", change.tensor);
  add("layer", change.layer);
  add("method", change.method);
  if (change.what == store::Change::What::importance) {
    json["importance"] = change.importance ? Json(*change.importance) : Json(nullptr);
    json["importance_before"] =
        change.importance_before ? Json(*change.importance_before) : Json(nullptr);
  }
  add("access_level", change.access_level);
  add("access_level_before", change.access_level_before);
  return json;
}

/// What a person wants to know beside the name.
std::string detail(const store::Change& change) {
  using What = store::Change::What;
  const auto figure = [](const std::optional<double>& value) {
    return value ? dump_json(Json(*value)) : std::string{"unknown"};
  };
  switch (change.what) {
    case What::added:
    case What::restored:
      return change.source.empty() ? "" : "from " + change.source;
    case What::snapshot:
      return change.snapshot;
    case What::access:
      return change.access_level_before + " -> " + change.access_level;
    case What::importance: {
      const std::string part = change.tensor + change.layer;
      return (part.empty() ? "" : part + " ") + figure(change.importance_before) + " -> " +
             figure(change.importance);
    }
    default:
      return "";
  }
}

/// What `--as-of` says: an instant, or that of a snapshot.
std::optional<TimeUs> instant_of(store::Store& store, const std::optional<std::string>& as_of) {
  if (!as_of) return std::nullopt;
  if (const auto time = cli::find_instant(*as_of)) return time;
  return store::find_snapshot(store, *as_of).created;
}

int history(const HistoryOptions& options, cli::Context& context) {
  store::Store store = context.open_store();
  cli::Table table{{"TIME", "WHAT", "NAME", "ATOM", "DETAIL"}};
  const auto until = instant_of(store, options.as_of);
  for (const store::Change& change : store::history_of(store, options.id, until)) {
    context.check_interrupt();
    if (!context.out.human()) {
      context.out.write(change_json(change));
      continue;
    }
    std::string name = change.name;
    if (change.version != 0) name += "@" + std::to_string(change.version);
    table.row({format_time(change.time).substr(0, 19) + "Z",
               std::string{store::change_name(change.what)}, std::move(name),
               change.atom ? change.atom->text().substr(0, 19) : "", detail(change)});
  }
  if (!table.empty()) context.out.table(table);
  return 0;
}

}  // namespace

void add_as_of(cli::Command& command, std::optional<std::string>& as_of) {
  command.option("--as-of", "TIME", as_of,
                 "as it was then: a time, how long ago (2h, 7d), or a snapshot");
}

void add_history(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("history", "What changed of an object or atom, when").topic("The past");
  auto& options = command.options<HistoryOptions>();
  command.positional("ID", options.id, "id, prefix, name or name@version").required();
  add_as_of(command, options.as_of);
  command.action([&options](cli::Context& context) { return history(options, context); });
}

}  // namespace hart::ingest
