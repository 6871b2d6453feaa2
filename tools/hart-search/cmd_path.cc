#include <string>

#include "atom_output.h"
#include "commands.h"
#include "common/cli.h"
#include "graph_options.h"
#include "models.h"
#include "search/graph_path.h"
#include "store/catalog.h"

namespace hart::search_tool {
namespace {

struct PathCommand {
  std::string source;
  std::string target;
  unsigned hops = 64;
  unsigned beam = 0;
  std::string model;
  bool no_map = false;
  EdgeOptions edges;
};

constexpr std::size_t kShownBytes = 120;

Json atom_json(store::Store& store, std::int64_t atom_id) {
  return {{"atom", atom_id_text(store, atom_id)},
          {"text", atom_text_json(store, atom_id)},
          {"name", atom_name_json(store, atom_id)}};
}

Json path_json(store::Store& store, std::int64_t start, const search::PathSearch& found) {
  Json atoms = Json::array({atom_json(store, start)});
  Json edges = Json::array();
  for (const search::PathStep& step : found.path->steps) {
    atoms.push_back(atom_json(store, step.atom_id));
    edges.push_back({{"relation", step.type},
                     {"weight", step.weight},
                     {"cost", to_six_decimals(1 / step.weight)},
                     {"reversed", step.reversed}});
  }
  return {{"type", "path"},
          {"cost", to_six_decimals(found.path->cost)},
          {"hops", found.path->steps.size()},
          {"atoms", std::move(atoms)},
          {"edges", std::move(edges)},
          {"expanded", found.expanded},
          {"guided", found.cost_per_distance > 0}};
}

std::string label_of(const Json& atom) {
  if (!atom["text"].is_null())
    return first_line_of(atom["text"].get<std::string>(), kShownBytes);
  return (atom["name"].is_null() ? atom["atom"] : atom["name"]).get<std::string>();
}

std::string path_text(const Json& path) {
  std::string text = label_of(path["atoms"][0]);
  for (std::size_t i = 0; i < path["edges"].size(); ++i) {
    const Json& edge = path["edges"][i];
    const auto type = edge["relation"].get<std::string>();
    text += edge["reversed"].get<bool>() ? "\n  <-" + type + "- " : "\n  -" + type + "-> ";
    text += label_of(path["atoms"][i + 1]) + "  (" + edge["weight"].dump() + ")";
  }
  return text + "\ncost " + path["cost"].dump() + ", " + path["hops"].dump() + " hops, " +
         path["expanded"].dump() + " atoms looked at";
}

int path(const PathCommand& options, cli::Context& context) {
  store::Store store = context.open_store();
  const store::Snapshot snapshot{store.db()};
  const store::Atom source = store::resolve_atom(store, options.source);
  const store::Atom target = store::resolve_atom(store, options.target);
  search::PathOptions search;
  search.hops = options.hops;
  search.types = options.edges.types;
  search.direction = direction_of(options.edges);
  search.min_weight = options.edges.min_weight;
  search.beam = options.beam;
  const bool has_models = !store::embedding_models(store).empty();
  if (!options.no_map && (has_models || !options.model.empty()))
    search.map = choose_model(store, options.model);
  const auto found = search::find_path(store, source.atom_id, target.atom_id, search);
  if (!found.path) {
    context.notice("there is no path within " + std::to_string(options.hops) + " hops");
    return 1;
  }
  const Json json = path_json(store, source.atom_id, found);
  context.out.write(json, context.out.human() ? path_text(json) : "");
  return 0;
}

}  // namespace

void add_path(cli::Command& tool) {
  cli::Command& command = tool.subcommand("path", "The cheapest path between two atoms");
  auto& options = command.options<PathCommand>();
  command.positional("SOURCE", options.source, "atom id, prefix or object name");
  command.positional("TARGET", options.target, "where to");
  command.option("--hops", "N", options.hops, "the longest path that counts").range(1, 1'000);
  command.option("--beam", "N", options.beam, "go on from N atoms a hop; 0: from all")
      .range(0, 1'000'000);
  command.option("-m,--model", "NAME", options.model, "whose map guides the search");
  command.flag("--no-map", options.no_map, "let no map guide the search");
  declare_edge_options(command, options.edges);
  command.action([&options](cli::Context& context) { return path(options, context); });
}

}  // namespace hart::search_tool
