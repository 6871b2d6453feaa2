#include <cstdio>
#include <string>

#include "atom_output.h"
#include "commands.h"
#include "common/cli.h"
#include "graph_options.h"
#include "search/graph.h"
#include "store/catalog.h"

namespace hart::search_tool {
namespace {

struct WalkCommand {
  std::string atom;
  unsigned hops = 3;
  unsigned limit = 1'000'000;
  EdgeOptions edges;
};

constexpr std::size_t kShownBytes = 120;

Json step_json(store::Store& store, const search::Reached& way) {
  return {{"type", "walk_step"},
          {"hops", way.hops},
          {"atom", atom_id_text(store, way.atom_id)},
          {"weight", to_six_decimals(way.weight)},
          {"from", atom_id_text(store, way.from_atom_id)},
          {"relation", way.type},
          {"text", atom_text_json(store, way.atom_id)},
          {"name", atom_name_json(store, way.atom_id)}};
}

std::string step_text(const Json& step) {
  char head[64];
  std::snprintf(head, sizeof head, "%3zu  %8.4f  ", step["hops"].get<std::size_t>(),
                step["weight"].get<double>());
  const std::string label =
      step["text"].is_null()
          ? (step["name"].is_null() ? step["atom"] : step["name"]).get<std::string>()
          : first_line_of(step["text"].get<std::string>(), kShownBytes);
  return head + step["relation"].get<std::string>() + "  " + label;
}

int walk(const WalkCommand& options, cli::Context& context) {
  store::Store store = context.open_store();
  const store::Snapshot snapshot{store.db()};
  const store::Atom atom = store::resolve_atom(store, options.atom);
  search::WalkOptions walk;
  walk.hops = options.hops;
  walk.types = options.edges.types;
  walk.direction = direction_of(options.edges);
  walk.min_weight = options.edges.min_weight;
  walk.limit = options.limit;
  const auto ways = search::walk(store, atom.atom_id, walk);
  for (const search::Reached& way : ways) {
    const Json json = step_json(store, way);
    context.out.write(json, context.out.human() ? step_text(json) : "");
  }
  return ways.empty() ? 1 : 0;
}

}  // namespace

void add_walk(cli::Command& tool) {
  cli::Command& command = tool.subcommand("walk", "Atoms within some hops of an atom");
  auto& options = command.options<WalkCommand>();
  command.positional("ID", options.atom, "where to begin: atom id, prefix or object name");
  command.option("--hops", "N", options.hops, "how far").range(1, 64);
  command.option("--limit", "N", options.limit, "at most so many atoms, the nearest");
  declare_edge_options(command, options.edges);
  command.action([&options](cli::Context& context) { return walk(options, context); });
}

}  // namespace hart::search_tool
