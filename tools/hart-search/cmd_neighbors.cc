#include <string>

#include "commands.h"
#include "common/cli.h"
#include "core/error.h"
#include "hit_output.h"
#include "index/exact.h"
#include "models.h"
#include "search/neighbors.h"
#include "search/search.h"
#include "store/catalog.h"

namespace hart::search_tool {
namespace {

struct NeighborsOptions {
  std::string atom;
  unsigned k = 10;
  std::string by = "vector";
  std::string metric = "cosine";
  std::string model;
};

int neighbors(const NeighborsOptions& options, cli::Context& context) {
  store::Store store = context.open_store();
  const store::Snapshot snapshot{store.db()};
  const store::Atom atom = store::resolve_atom(store, options.atom);
  search::Query query;
  query.model = choose_model(store, options.model);
  query.k = options.k;
  query.metric = *index::find_metric(options.metric);
  query.threads = context.common.threads;
  query.left_out_atom = atom.atom_id;
  std::vector<search::Hit> hits;
  if (options.by == "space") {
    hits = search::neighbors_in_space(store, *query.model, atom.atom_id, options.k);
  } else {
    query.vector = index::stored_vector(store, *query.model, atom.atom_id);
    if (query.vector.empty())
      throw Error{Fault::no_input, atom.id.text() + " has no vector of " + query.model->name};
    const search::Result result = search::search(store, query);
    for (const std::string& fallback : result.explain.fallbacks) context.diagnostic(fallback);
    hits = result.hits;
  }
  HitOutput output{store, {}, false};
  std::size_t rank = 0;
  for (const search::Hit& hit : hits) output.write(query, hit, ++rank, context.out);
  return hits.empty() ? 1 : 0;
}

}  // namespace

void add_neighbors(cli::Command& tool) {
  cli::Command& command = tool.subcommand("neighbors", "Atoms nearest to an atom");
  auto& options = command.options<NeighborsOptions>();
  command.positional("ID", options.atom, "atom id, prefix or object name");
  command.option("-k,--count", "N", options.k, "how many").range(1, 10'000);
  command.option("--by", "SPACE", options.by, "vector, or space: the places in the map")
      .choices({"vector", "space"});
  command.option("--metric", "NAME", options.metric, "distance of vectors")
      .choices({"cosine", "l2", "dot"});
  command.option("-m,--model", "NAME", options.model, "whose vectors and map");
  command.action([&options](cli::Context& context) { return neighbors(options, context); });
}

}  // namespace hart::search_tool
