#include <string>

#include "commands.h"
#include "core/error.h"
#include "infer/runnable_model.h"
#include "store/catalog.h"

namespace hart::infer_tool {
namespace {

/// What a stored model can be used for, or why it cannot run.
struct Use {
  const char* name = "generate";
  std::string obstacle;
};

Use use_of(store::Store& store, const store::Object& object, const std::string& architecture) {
  if (architecture == "hart-word-vectors-1") return {"embed", {}};
  try {
    infer::RunnableModel model = infer::RunnableModel::from_store(
        store, object.name + "@" + std::to_string(object.version));
    const bool is_causal = model.weights().parameters().architecture->is_causal;
    return {is_causal ? "generate" : "embed", {}};
  } catch (const Error& error) {
    return {"generate", error.what()};
  }
}

int models(cli::Context& context) {
  store::Store store = context.open_store();
  cli::Table table{{"MODEL", "ARCHITECTURE", "PARAMETERS", "RUNS"}};
  store::Statement facts =
      store.db().prepare("SELECT architecture, parameters FROM my_model WHERE atom_id = ?");
  store::ObjectFilter filter;
  filter.kind = "model";
  store::for_each_object(store, filter, [&](const store::Object& object) {
    if (!facts.with(object.structure_id).step()) return;
    const std::string architecture{facts.text(0)};
    const std::int64_t parameters = facts.integer(1);
    facts.reset();
    const Use use = use_of(store, object, architecture);
    Json json{{"type", "model"},
              {"model", object.name},
              {"version", object.version},
              {"atom", object.atom.text()},
              {"structure", object.structure->text()},
              {"format", object.subtype},
              {"architecture", architecture},
              {"parameters", parameters},
              {"runs", use.obstacle.empty()},
              {"use", use.name}};
    if (!use.obstacle.empty()) json["reason"] = use.obstacle;
    if (!context.out.human()) return context.out.write(json);
    table.row({object.name, architecture, std::to_string(parameters),
               use.obstacle.empty() ? use.name : "no: " + use.obstacle});
  });
  if (!table.empty()) context.out.table(table);
  return 0;
}

}  // namespace

void add_models(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("models", "The models of the store, and what can run");
  command.action([](cli::Context& context) { return models(context); });
}

}  // namespace hart::infer_tool
