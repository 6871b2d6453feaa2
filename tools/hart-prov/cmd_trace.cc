#include <cstdio>
#include <optional>
#include <string>
#include <vector>

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

constexpr std::size_t kShownBytes = 72;

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

std::string first_line(const Json& about) {
  if (!about.is_string()) return {};
  const std::string text = about.get<std::string>();
  std::string line = text.substr(0, text.find('\n'));
  if (line.size() <= kShownBytes) return line;
  std::size_t end = kShownBytes;
  // Not within a character of UTF-8.
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end) + "…";
}

std::string step_text(const Json& json) {
  char head[64];
  std::snprintf(head, sizeof head, "%-4s %3u  %8.6f  ",
                json["direction"].get<std::string>().c_str(), json["hops"].get<unsigned>(),
                json["strength"].get<double>());
  return head + json["relation"].get<std::string>() + "  " + json["kind"].get<std::string>() +
         " " + json["node"].get<std::string>() + "  " + first_line(json["about"]);
}

int trace(const TraceOptions& options, Context& context) {
  store::Store store = open_graph_store(context);
  return for_each_generation(options.reference, context, [&](const std::string& reference) {
    const store::Snapshot snapshot{store.db()};
    const prov::StoreGraph graph{store};
    const prov::cypher::NodeId start = prov::resolve_node(store, reference);
    std::size_t found = 0;
    for (const auto& [name, direction] :
         {std::pair{"up", prov::Lineage::up}, std::pair{"down", prov::Lineage::down}}) {
      if (options.direction != "both" && options.direction != name) continue;
      for (const prov::LineageStep& step :
           prov::trace_lineage(store, graph, start, {direction, options.hops, options.limit})) {
        const Json json = step_json(graph, step, name);
        context.out.write(json, context.out.human() ? step_text(json) : std::string{});
        ++found;
      }
    }
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
