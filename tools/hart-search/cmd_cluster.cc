#include <algorithm>
#include <cstdio>
#include <string>

#include "atom_output.h"
#include "commands.h"
#include "common/cli.h"
#include "models.h"
#include "search/cluster.h"

namespace hart::search_tool {
namespace {

struct ClusterCommand {
  std::string model;
  std::string space = "vectors";
  std::optional<double> eps;
  unsigned min_points = 5;
  unsigned limit = 0;
  unsigned terms = 5;
  unsigned examples = 3;
  bool members = false;
  std::uint64_t seed = 1;
};

Json cluster_json(store::Store& store, const search::Cluster& cluster, std::size_t number) {
  Json examples = Json::array();
  for (const std::int64_t atom_id : cluster.examples)
    examples.push_back(atom_id_text(store, atom_id));
  const geometry::PointZM& centre = cluster.centre;
  return {{"type", "cluster"},
          {"cluster", number},
          {"size", cluster.size},
          {"terms", cluster.terms},
          {"name", cluster.name},
          {"centre", Json::array({to_six_decimals(centre.x), to_six_decimals(centre.y),
                                  to_six_decimals(centre.z)})},
          {"radius", to_six_decimals(cluster.radius)},
          {"examples", std::move(examples)}};
}

std::string cluster_text(store::Store& store, const search::Cluster& cluster,
                         std::size_t number) {
  char head[64];
  std::snprintf(head, sizeof head, "%4zu  %8zu  ", number, cluster.size);
  std::string text = head + cluster.name;
  for (const std::int64_t atom_id : cluster.examples)
    if (const Json says = atom_text_json(store, atom_id); says.is_string())
      text += "\n                  " + first_line_of(says.get<std::string>(), 72);
  return text;
}

/// The members of the first `shown` clusters, cluster by cluster.
void write_members(store::Store& store, const search::Clustering& found, std::size_t shown,
                   cli::Context& context) {
  std::vector<std::vector<std::int64_t>> members(shown);
  for (std::size_t i = 0; i < found.atoms.size(); ++i)
    if (found.labels[i] >= 0 && static_cast<std::size_t>(found.labels[i]) < shown)
      members[static_cast<std::size_t>(found.labels[i])].push_back(found.atoms[i]);
  for (std::size_t cluster = 0; cluster < shown; ++cluster) {
    for (const std::int64_t atom_id : members[cluster]) {
      context.check_interrupt();
      const std::string atom = atom_id_text(store, atom_id);
      context.out.write({{"type", "member"}, {"atom", atom}, {"cluster", cluster}},
                        std::to_string(cluster) + "  " + atom);
    }
  }
}

int cluster(const ClusterCommand& command, cli::Context& context) {
  store::Store store = context.open_store();
  const store::EmbeddingModel model = choose_model(store, command.model);
  search::ClusterOptions options;
  options.space =
      command.space == "map" ? search::ClusterSpace::map : search::ClusterSpace::vectors;
  options.eps = command.eps;
  options.min_points = command.min_points;
  options.terms = command.terms;
  options.examples = command.examples;
  options.seed = command.seed;
  options.threads = context.common.threads;
  const search::Clustering found = search::cluster_embeddings(store, model, options);
  const std::size_t shown = command.limit == 0
                                ? found.clusters.size()
                                : std::min<std::size_t>(command.limit, found.clusters.size());
  for (std::size_t i = 0; i < shown; ++i) {
    context.check_interrupt();
    const search::Cluster& one = found.clusters[i];
    context.out.write(cluster_json(store, one, i),
                      context.out.human() ? cluster_text(store, one, i) : std::string{});
  }
  if (command.members) write_members(store, found, shown, context);
  char eps[32];
  std::snprintf(eps, sizeof eps, "%.6g", found.eps);
  context.out.write({{"type", "clusters"},
                     {"model", model.name},
                     {"space", command.space},
                     {"embeddings", found.atoms.size()},
                     {"clusters", found.clusters.size()},
                     {"noise", found.noise},
                     {"eps", found.eps},
                     {"min_points", command.min_points}},
                    std::to_string(found.clusters.size()) + " clusters of " +
                        std::to_string(found.atoms.size()) + " embeddings, " +
                        std::to_string(found.noise) + " in none; eps " + eps + ", min-points " +
                        std::to_string(command.min_points));
  return found.clusters.empty() ? 1 : 0;
}

}  // namespace

void add_cluster(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("cluster", "Density clusters of the vectors, named by their terms");
  auto& options = command.options<ClusterCommand>();
  command.option("-m,--model", "NAME", options.model,
                 "the embedding model whose vectors are clustered; else the newest");
  command
      .option("--space", "SPACE", options.space,
              "where distances are taken: between the vectors, or in the 3-D map")
      .choices({"vectors", "map"});
  command.option("--eps", "X", options.eps,
                 "how far neighbours are apart at most; else chosen and printed");
  command
      .option("--min-points", "N", options.min_points,
              "vectors within eps that make a dense place, the one in its middle included")
      .range(1, 1'000'000);
  command.option("--limit", "N", options.limit, "print the largest N clusters; 0: all");
  command.option("--terms", "N", options.terms, "terms of a cluster").range(0, 1'000);
  command.option("--examples", "N", options.examples, "members shown of a cluster")
      .range(0, 1'000);
  command.flag("--members", options.members, "print every member of the clusters as well");
  command.option("--seed", "N", options.seed, "which vectors eps is chosen on");
  command.action([&options](cli::Context& context) { return cluster(options, context); });
}

}  // namespace hart::search_tool
