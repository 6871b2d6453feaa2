#include <optional>
#include <string>

#include "commands.h"
#include "core/error.h"
#include "object_json.h"
#include "store/history.h"

namespace hart::ingest {
namespace {

struct ListOptions {
  std::optional<std::string> modality;
  std::string kind;
  std::optional<std::string> since;
  std::optional<std::string> until;
  std::optional<std::int64_t> limit;
  std::optional<std::string> as_of;
};

/// Of the past, some objects may be known whose bytes are no longer there.
void report_collected(store::Store& store, const cli::Context& context) {
  if (!store.as_of()) return;
  const std::int64_t collected = store::count_collected(store, *store.as_of());
  if (collected > 0)
    context.notice(std::to_string(collected) +
                   " objects of that time are left out: their content was collected since");
}

int list(const ListOptions& options, cli::Context& context) {
  store::ObjectFilter filter;
  if (options.modality) filter.modality = store::find_modality(*options.modality);
  filter.kind = options.kind;
  if (options.since) filter.since = parse_time(*options.since);
  if (options.until) filter.until = parse_time(*options.until);
  filter.limit = options.limit.value_or(-1);
  store::Store store = context.open_store_as_of(options.as_of);
  cli::Table table{{"NAME", "VERSION", "KIND", "SUBTYPE", "BYTES", "CREATED", "ATOM"}};
  store::for_each_object(store, filter, [&](const store::Object& object) {
    context.check_interrupt();
    if (!context.out.human()) return context.out.write(object_json(object));
    table.row({object.name, std::to_string(object.version), object.kind, object.subtype,
               std::to_string(object.bytes), format_time(object.created).substr(0, 19) + "Z",
               object.atom.text().substr(0, 19)});
  });
  if (!table.empty()) context.out.table(table);
  report_collected(store, context);
  return 0;
}

}  // namespace

void add_ls(cli::Command& tool) {
  cli::Command& command = tool.subcommand("ls", "List what the tenant holds, oldest first");
  auto& options = command.options<ListOptions>();
  command.option("--modality", "NAME", options.modality, "only this modality")
      .choices(
          {"image", "audio", "video", "text", "tensor", "code", "model", "sensor", "graph"});
  command.option("--kind", "KIND", options.kind, "only this kind")
      .choices({"document", "model"});
  command.option("--since", "TIME", options.since, "added at or after this time");
  command.option("--until", "TIME", options.until, "added before this time");
  command.option("--limit", "N", options.limit, "at most so many").range(0, 1e15);
  add_as_of(command, options.as_of);
  command.action([&options](cli::Context& context) { return list(options, context); });
}

}  // namespace hart::ingest
