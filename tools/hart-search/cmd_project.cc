#include <cmath>
#include <string>

#include "commands.h"
#include "common/cli.h"
#include "core/error.h"
#include "index/generation.h"
#include "index/projection_store.h"
#include "models.h"

namespace hart::search_tool {
namespace {

struct ProjectOptions {
  std::string kind = "pca";
  std::string model;
  unsigned samples = 20'000;
  std::uint64_t seed = 1;
};

/// `recall` is what the R-tree over this version's points was measured to find; null where
/// there is none, or it was not measured.
Json projection_json(store::Store& store, const store::EmbeddingModel& model,
                     const index::StoredProjection& stored) {
  Json json{{"type", "projection"},
            {"model", model.name},
            {"kind", index::projection_kind_name(stored.projection.kind())},
            {"version", stored.version},
            {"dims", stored.projection.dim()},
            {"fitted_on", stored.fitted_on},
            {"rank_correlation", std::round(stored.rank_correlation * 1e6) / 1e6},
            {"recall", nullptr}};
  const auto rtree =
      index::find_index(store, model.embedding_model_id, index::IndexKind::rtree);
  if (rtree && rtree->recall &&
      rtree->parameters.value("projection_version", std::int64_t{0}) == stored.version) {
    json["recall"] = *rtree->recall;
    json["recall_k"] = rtree->recall_k;
    json["recall_candidates"] = rtree->recall_candidates;
  }
  json["created"] = format_time(stored.created);
  return json;
}

int fit(const ProjectOptions& options, cli::Context& context) {
  store::Store store = context.open_store(true);
  const store::EmbeddingModel model = choose_model(store, options.model);
  const index::StoredProjection stored = index::fit_projection(
      store, model,
      {*index::find_projection_kind(options.kind), options.samples, options.seed});
  context.out.write(projection_json(store, model, stored));
  return 0;
}

int show(const ProjectOptions& options, cli::Context& context) {
  store::Store store = context.open_store();
  const store::EmbeddingModel model = choose_model(store, options.model);
  const auto stored = index::current_projection(store, model);
  if (!stored) {
    context.notice("no projection was fitted to " + model.name + " yet");
    return 1;
  }
  context.out.write(projection_json(store, model, *stored));
  return 0;
}

}  // namespace

void add_project(cli::Command& tool) {
  cli::Command& group = tool.subcommand("project", "The 3-D map that vectors are placed in");
  cli::Command& fitting = group.subcommand(
      "fit", "Fit the next version of the map and move every vector to its place");
  auto& fit_options = fitting.options<ProjectOptions>();
  fitting.option("--kind", "KIND", fit_options.kind, "principal components or maxmin landmarks")
      .choices({"pca", "landmark"});
  fitting.option("-m,--model", "NAME", fit_options.model,
                 "the embedding model; else the newest");
  fitting.option("--samples", "N", fit_options.samples, "vectors to fit to, at most")
      .range(2, 10'000'000);
  fitting.option("--seed", "N", fit_options.seed, "which vectors, where there are more");
  fitting.action([&fit_options](cli::Context& context) { return fit(fit_options, context); });

  cli::Command& showing =
      group.subcommand("show", "The current map: how it was fitted, how good");
  auto& show_options = showing.options<ProjectOptions>();
  showing.option("-m,--model", "NAME", show_options.model,
                 "the embedding model; else the newest");
  showing.action(
      [&show_options](cli::Context& context) { return show(show_options, context); });
}

}  // namespace hart::search_tool
