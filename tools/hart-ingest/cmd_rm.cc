#include <string>
#include <vector>

#include "commands.h"
#include "core/error.h"
#include "object_json.h"
#include "passages.h"
#include "store/catalog_writer.h"

namespace hart::ingest {
namespace {

struct RemoveOptions {
  std::vector<std::string> ids;
};

std::size_t remove(store::Store& store, const store::Object& object) {
  const Passages passages = passages_of(store, object.modality, object.structure_id);
  const std::vector<std::int64_t> gone = store::remove_object(store, object);
  forget_passages(store, passages, gone);
  return gone.size();
}

int remove_all(const RemoveOptions& options, cli::Context& context) {
  store::Store store = context.open_store(!context.common.dry_run);
  std::vector<Json> records;
  const auto record = [&](const store::Object& object) {
    Json json = object_json(object);
    json["type"] = "removed";
    if (context.common.dry_run) json["dry_run"] = true;
    return json;
  };
  if (context.common.dry_run) {
    for (const std::string& id : options.ids)
      records.push_back(record(store::resolve_object(store, id)));
  } else {
    store::WriteTransaction transaction{store};
    for (const std::string& id : options.ids) {
      const store::Object object = store::resolve_object(store, id);
      const std::size_t atoms = remove(store, object);
      records.push_back(record(object));
      records.back()["atoms_released"] = atoms;
    }
    transaction.commit();
  }
  for (const Json& removed : records)
    context.out.write(removed, (context.common.dry_run ? "would remove " : "removed ") +
                                   removed["name"].get<std::string>() + "@" +
                                   std::to_string(removed["version"].get<std::int64_t>()));
  return 0;
}

}  // namespace

void add_rm(cli::Command& tool) {
  cli::Command& command = tool.subcommand("rm", "Drop a reference; the bytes stay until gc");
  auto& options = command.options<RemoveOptions>();
  command.positional("ID", options.ids, "id, prefix, name or name@version").required();
  command.dry_run();
  command.action([&options](cli::Context& context) { return remove_all(options, context); });
}

}  // namespace hart::ingest
