#include <algorithm>
#include <string>
#include <vector>

#include "commands.h"
#include "core/error.h"
#include "object_json.h"
#include "store/catalog_writer.h"
#include "store/text_index.h"

namespace hart::ingest {
namespace {

struct RemoveOptions {
  std::vector<std::string> ids;
};

/// The passages of an object with their text: an index forgets a passage by its text.
std::vector<std::pair<std::int64_t, std::string>> passages_of(store::Store& store,
                                                              const store::Object& object) {
  std::vector<std::pair<std::int64_t, std::string>> passages;
  if (object.modality != store::Modality::text || object.structure_id == 0) return passages;
  store::for_each_component(store, object.structure_id, [&](const store::Component& component) {
    if (component.atom.form == store::AtomForm::descriptor)
      passages.emplace_back(component.atom.atom_id, std::string{});
  });
  for (auto& [atom_id, text] : passages) text = store::atom_text(store, atom_id);
  return passages;
}

std::size_t remove(store::Store& store, const store::Object& object) {
  const auto passages = passages_of(store, object);
  const std::vector<std::int64_t> gone = store::remove_object(store, object);
  for (const auto& [atom_id, text] : passages)
    if (std::binary_search(gone.begin(), gone.end(), atom_id))
      store::unindex_passage(store, atom_id, text);
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
