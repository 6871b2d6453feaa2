#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "about.h"
#include "commands.h"
#include "common/output.h"
#include "graph_store.h"
#include "prov/cypher/json.h"
#include "prov/graph/lineage.h"
#include "prov/graph/node_key.h"
#include "store/store.h"

namespace hart::cli {
namespace {

struct TraceOptions {
  std::string reference;
  unsigned hops = 5;
  unsigned limit = 1000;
  std::string direction = "both";
};

/// What a node is called in print, and the property that tells it from others of its kind.
struct NodeForm {
  const char* kind;
  const char* id;
  const char* name;  ///< of the property that says what it is about
};

NodeForm form_of(prov::NodeKind kind) {
  switch (kind) {
    case prov::NodeKind::model:
      return {"model", "model_id", "name"};
    case prov::NodeKind::atom:
    case prov::NodeKind::lost_atom:
      return {"atom", "atom_id", "name"};
    default:
      return {"inference", "inference_id", "prompt"};
  }
}

Json property(const prov::StoreGraph& graph, prov::cypher::NodeId node, const char* key) {
  return prov::cypher::value_json(graph.node_property(node, key), graph);
}

Json about(const prov::StoreGraph& graph, prov::cypher::NodeId node) {
  Json name = property(graph, node, form_of(prov::node_key(node).kind).name);
  return name.is_null() ? property(graph, node, "text") : name;
}

Json step_json(const prov::StoreGraph& graph, const prov::LineageStep& step,
               const char* direction) {
  const NodeForm form = form_of(prov::node_key(step.node).kind);
  return {{"type", "lineage"},
          {"direction", direction},
          {"hops", step.hops},
          {"kind", form.kind},
          {"node", property(graph, step.node, form.id)},
          {"operation", property(graph, step.node, "task_type")},
          {"about", about(graph, step.node)},
          {"relation", step.relation},
          {"from", property(graph, step.from, form_of(prov::node_key(step.from).kind).id)},
          {"strength", step.strength}};
}

/// A table for people, the nearest first.
class LineageTable {
 public:
  void row(const Json& json) {
    char strength[24];
    std::snprintf(strength, sizeof strength, "%.6f", json["strength"].get<double>());
    const auto text = [&](const char* key) {
      return json[key].is_string() ? json[key].get<std::string>() : std::string{};
    };
    const std::string kind = text(text("operation").empty() ? "kind" : "operation");
    table_.row({text("direction"), std::to_string(json["hops"].get<unsigned>()), strength,
                text("relation"), kind, printable(first_line(text("about"))), text("node")});
  }
  [[nodiscard]] const Table& table() const noexcept { return table_; }

 private:
  Table table_{{"way", "hops", "strength", "relation", "what", "about", "id"}};
};

/// Why nothing is printed, for people.
const char* nothing_reached(const std::string& direction) {
  if (direction == "up") return "nothing is known that it came from";
  if (direction == "down") return "nothing is known that came of it";
  return "nothing is known that it came from or that came of it";
}

int trace(const TraceOptions& options, Context& context) {
  store::Store store = open_graph_store(context);
  return for_each_generation(options.reference, context, [&](const std::string& reference) {
    const store::Snapshot snapshot{store.db()};
    const prov::StoreGraph graph{store};
    const prov::cypher::NodeId start = prov::resolve_node(store, reference);
    LineageTable table;
    std::size_t found = 0;
    for (const auto& [name, direction] :
         {std::pair{"up", prov::Lineage::up}, std::pair{"down", prov::Lineage::down}}) {
      if (options.direction != "both" && options.direction != name) continue;
      for (const prov::LineageStep& step :
           prov::trace_lineage(store, graph, start, {direction, options.hops, options.limit})) {
        const Json json = step_json(graph, step, name);
        if (context.out.human())
          table.row(json);
        else
          context.out.write(json);
        ++found;
      }
    }
    context.out.table(table.table());
    if (found == 0 && context.out.human()) context.notice(nothing_reached(options.direction));
    return found > 0;
  });
}

}  // namespace

void add_trace_command(Command& tool) {
  Command& command = tool.subcommand("trace", "Where it came from, and what came of it");
  auto& options = command.options<TraceOptions>();
  command.positional("ID", options.reference,
                     "an inference, an atom or a model, - for JSON lines");
  command.option("--direction", "WAY", options.direction, "which way")
      .choices({"up", "down", "both"});
  command.option("--hops", "N", options.hops, "how far").range(1, 64);
  command.option("--limit", "N", options.limit, "at most so many each way, the nearest")
      .range(1, 1e9);
  command.action([&options](Context& context) { return trace(options, context); });
}

}  // namespace hart::cli
