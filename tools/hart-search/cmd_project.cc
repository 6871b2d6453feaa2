#include <cmath>
#include <optional>
#include <string>

#include "commands.h"
#include "common/cli.h"
#include "core/error.h"
#include "index/generation.h"
#include "index/projection_store.h"
#include "models.h"

namespace hart::search_tool {
namespace {

/// Which pairs tell the locality of the curve: the same at every call.
constexpr std::uint64_t kLocalitySeed = 1;

struct ProjectOptions {
  std::string kind = "pca";
  std::string model;
  unsigned samples = 20'000;
  unsigned landmarks = 16;
  std::uint64_t seed = 1;
  bool if_drifted = false;
  double max_drift = 0.1;
};

double rounded(double value) {
  return std::round(value * 1e6) / 1e6;
}

Json rounded_or_null(const std::optional<double>& value) {
  return value ? Json(rounded(*value)) : Json(nullptr);
}

/// Adds what an index over this version's places was measured to find, under keys that begin
/// with `prefix`; null where there is none, or it was not measured.
void add_recall(store::Store& store, const store::EmbeddingModel& model, std::int64_t version,
                index::IndexKind kind, const std::string& prefix, Json& json) {
  const auto info = index::find_index(store, model.embedding_model_id, kind);
  if (!info || !info->recall ||
      info->parameters.value("projection_version", std::int64_t{0}) != version) {
    json[prefix + "recall"] = nullptr;
    return;
  }
  json[prefix + "recall"] = *info->recall;
  json[prefix + "recall_k"] = info->recall_k;
  json[prefix + "recall_candidates"] = info->recall_candidates;
}

Json projection_json(store::Store& store, const store::EmbeddingModel& model,
                     const index::StoredProjection& stored) {
  const index::Drift drift = index::measure_drift(store, model, stored);
  Json json{{"type", "projection"},
            {"model", model.name},
            {"kind", index::projection_kind_name(stored.projection.kind())},
            {"version", stored.version},
            {"dims", stored.projection.dim()},
            {"landmarks", stored.projection.landmark_count()},
            {"fitted_on", stored.fitted_on},
            {"rank_correlation", rounded(stored.rank_correlation)},
            {"stress", rounded_or_null(stored.stress)},
            {"hilbert_correlation",
             rounded_or_null(index::hilbert_correlation(store, model, kLocalitySeed))},
            {"newer", drift.newer},
            {"newer_rank_correlation", rounded_or_null(drift.rank_correlation)},
            {"drift", rounded_or_null(drift.drift)}};
  add_recall(store, model, stored.version, index::IndexKind::rtree, "", json);
  add_recall(store, model, stored.version, index::IndexKind::hilbert, "hilbert_", json);
  json["created"] = format_time(stored.created);
  return json;
}

/// Whether the map has to be fitted again: there is none, or newer vectors lie in it so much
/// worse. Says why not.
bool has_drifted(store::Store& store, const store::EmbeddingModel& model,
                 const ProjectOptions& options, const cli::Context& context) {
  const auto current = index::current_projection(store, model);
  if (!current) return true;
  const index::Drift drift = index::measure_drift(store, model, *current);
  if (!drift.drift) {
    context.notice("not fitted again: " + std::to_string(drift.newer) +
                   " vectors newer than the map tell nothing, " +
                   std::to_string(index::kMinDriftVectors) + " would");
    return false;
  }
  if (*drift.drift > options.max_drift) return true;
  context.notice("not fitted again: the drift is " + Json(rounded(*drift.drift)).dump() +
                 ", at most " + Json(options.max_drift).dump() + " is let pass");
  return false;
}

int fit(const ProjectOptions& options, cli::Context& context) {
  store::Store store = context.open_store(true);
  const store::EmbeddingModel model = choose_model(store, options.model);
  if (options.if_drifted && !has_drifted(store, model, options, context)) {
    context.out.write(projection_json(store, model, *index::current_projection(store, model)));
    return 0;
  }
  index::FitOptions fit_options;
  fit_options.kind = *index::find_projection_kind(options.kind);
  fit_options.sample = options.samples;
  fit_options.seed = options.seed;
  fit_options.landmarks = options.landmarks;
  context.out.write(
      projection_json(store, model, index::fit_projection(store, model, fit_options)));
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

void add_fit(cli::Command& group) {
  cli::Command& command = group.subcommand(
      "fit", "Fit the next version of the map and move every vector to its place");
  auto& options = command.options<ProjectOptions>();
  command.option("--kind", "KIND", options.kind, "how the three axes are found")
      .choices({"pca", "landmark", "trilateration"});
  command.option("-m,--model", "NAME", options.model, "the embedding model; else the newest");
  command.option("--samples", "N", options.samples, "vectors to fit to, at most")
      .range(2, 10'000'000);
  command.option("--landmarks", "N", options.landmarks, "landmarks of a trilateration")
      .range(4, 1024);
  command.option("--seed", "N", options.seed, "which vectors, where there are more");
  command.flag("--if-drifted", options.if_drifted,
               "only when newer vectors lie in the map much worse than those it was fitted to");
  command.option("--max-drift", "D", options.max_drift, "what --if-drifted lets pass")
      .range(0, 2);
  command.action([&options](cli::Context& context) { return fit(options, context); });
}

}  // namespace

void add_project(cli::Command& tool) {
  cli::Command& group = tool.subcommand("project", "The 3-D map that vectors are placed in");
  add_fit(group);
  cli::Command& showing =
      group.subcommand("show", "The current map: how it was fitted, how good");
  auto& show_options = showing.options<ProjectOptions>();
  showing.option("-m,--model", "NAME", show_options.model,
                 "the embedding model; else the newest");
  showing.action(
      [&show_options](cli::Context& context) { return show(show_options, context); });
}

}  // namespace hart::search_tool
