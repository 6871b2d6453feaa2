#include <string>

#include "commands.h"
#include "common/cli.h"
#include "common/progress.h"
#include "core/error.h"
#include "index/cell_index.h"
#include "index/index.h"
#include "models.h"

namespace hart::search_tool {
namespace {

struct IndexOptions {
  std::string kind = "cells";
  std::string model;
  std::string metric = "cosine";
  std::string vectors = "f32";
  std::size_t cells = 0;
  double recall = 0.95;
  unsigned k = 10;
  unsigned candidates = 100;
  unsigned samples = 200;
  std::uint64_t seed = 1;
};

std::string model_name(store::Store& store, std::int64_t embedding_model_id) {
  for (const store::EmbeddingModel& model : store::embedding_models(store))
    if (model.embedding_model_id == embedding_model_id) return model.name;
  return {};
}

Json index_json(store::Store& store, const index::IndexInfo& info) {
  Json json{{"type", "index"},
            {"kind", index::index_kind_name(info.kind)},
            {"model", model_name(store, info.embedding_model_id)},
            {"generation", info.generation},
            {"items", info.items},
            {"last_embedding", info.last_embedding_id},
            {"parameters", info.parameters},
            {"recall", info.recall ? Json(*info.recall) : Json(nullptr)}};
  if (info.recall) {
    json["recall_interval"] = info.recall_interval;
    json["recall_k"] = info.recall_k;
    json["recall_candidates"] = info.recall_candidates;
  }
  json["built"] = format_time(info.built);
  return json;
}

index::CellBuildOptions cell_options(const IndexOptions& options, cli::Context& context) {
  index::CellBuildOptions cells;
  cells.metric = *index::find_metric(options.metric);
  cells.storage = options.vectors == "f32"   ? index::VectorStorage::f32
                  : options.vectors == "f16" ? index::VectorStorage::f16
                                             : index::VectorStorage::int8;
  cells.cells = options.cells;
  cells.seed = options.seed;
  cells.threads = context.common.threads;
  return cells;
}

int build(const IndexOptions& options, cli::Context& context) {
  store::Store store = context.open_store(true);
  const store::EmbeddingModel model = choose_model(store, options.model);
  const auto kind = *index::find_index_kind(options.kind);
  index::IndexInfo info;
  {
    cli::Progress progress{
        context, "indexing",
        static_cast<std::uint64_t>(store::count_embeddings(store, model.embedding_model_id)),
        cli::Progress::Unit::items};
    const auto report = [&](std::uint64_t done) { progress.at(done); };
    info = kind == index::IndexKind::cells
               ? index::build_cell_index(store, model, cell_options(options, context), report)
               : index::build_index(store, model, kind, report);
  }
  context.out.write(index_json(store, info));
  return 0;
}

int list(cli::Context& context) {
  store::Store store = context.open_store();
  cli::Table table{{"KIND", "MODEL", "GENERATION", "ITEMS", "RECALL", "BUILT"}};
  for (const index::IndexInfo& info : index::list_indexes(store)) {
    const Json json = index_json(store, info);
    if (!context.out.human()) {
      context.out.write(json);
      continue;
    }
    table.row({json["kind"], json["model"], std::to_string(info.generation),
               std::to_string(info.items),
               info.recall ? json["recall"].dump() + " @" + std::to_string(info.recall_k)
                           : "not measured",
               json["built"]});
  }
  if (!table.empty()) context.out.table(table);
  return 0;
}

int drop(const IndexOptions& options, cli::Context& context) {
  store::Store store = context.open_store(!context.common.dry_run);
  const store::EmbeddingModel model = choose_model(store, options.model);
  const auto kind = *index::find_index_kind(options.kind);
  const auto info = index::find_index(store, model.embedding_model_id, kind);
  if (!info)
    throw Error{Fault::no_input, "there is no " + options.kind + " index over " + model.name};
  if (!context.common.dry_run) index::drop_index(store, model, kind);
  context.out.write({{"type", "index_dropped"},
                     {"kind", options.kind},
                     {"model", model.name},
                     {"generation", info->generation},
                     {"dry_run", context.common.dry_run}});
  return 0;
}

int check(const IndexOptions& options, cli::Context& context) {
  store::Store store = context.open_store(true);
  const store::EmbeddingModel model = choose_model(store, options.model);
  const index::RecallReport report =
      index::check_index(store, model, *index::find_index_kind(options.kind),
                         {options.k, options.candidates, options.samples, options.seed,
                          context.common.threads, options.recall});
  context.out.write({{"type", "recall"},
                     {"kind", options.kind},
                     {"model", model.name},
                     {"recall", report.recall},
                     {"recall_interval", report.interval},
                     {"recall_k", report.k},
                     {"recall_candidates", report.candidates},
                     {"queries", report.queries},
                     {"indexed_ms", report.indexed_s * 1e3},
                     {"exact_ms", report.exact_s * 1e3}});
  return 0;
}

void add_kind_and_model(cli::Command& command, IndexOptions& options) {
  command
      .option("--kind", "KIND", options.kind,
              "cells: fast, to a known recall; flat: exact, over large blocks; rtree, hilbert:"
              " candidates from the 3-D map")
      .choices({"cells", "flat", "rtree", "hilbert"});
  command.option("-m,--model", "NAME", options.model,
                 "the embedding model whose vectors are indexed; else the newest");
}

void add_check(cli::Command& group) {
  cli::Command& command =
      group.subcommand("check", "Measure an index's recall against exact search, and store it");
  auto& options = command.options<IndexOptions>();
  add_kind_and_model(command, options);
  command.option("-k,--count", "N", options.k, "neighbours to find").range(1, 10'000);
  command.option("--candidates", "N", options.candidates, "vectors to rerank")
      .range(1, 1'000'000);
  command.option("--recall", "R", options.recall, "the recall to ask of a cell index")
      .range(0, 1);
  command.option("--samples", "N", options.samples, "stored vectors to use as queries")
      .range(1, 1'000'000);
  command.option("--seed", "N", options.seed, "which of them");
  command.action([&options](cli::Context& context) { return check(options, context); });
}

}  // namespace

void add_index(cli::Command& tool) {
  cli::Command& group = tool.subcommand("index", "Build, list, check and drop vector indexes");
  cli::Command& building = group.subcommand("build", "Build the next generation of an index");
  auto& build_options = building.options<IndexOptions>();
  add_kind_and_model(building, build_options);
  building
      .option("--metric", "NAME", build_options.metric, "what a cell index is to be asked for")
      .choices({"cosine", "l2", "dot"});
  building
      .option("--vectors", "TYPE", build_options.vectors, "how a cell index keeps the vectors")
      .choices({"f32", "f16", "int8"});
  building.option("--cells", "N", build_options.cells, "cells; 0: from the number of vectors")
      .range(0, 1'000'000);
  building.option("--seed", "N", build_options.seed, "of the cells and the calibration");
  building.action(
      [&build_options](cli::Context& context) { return build(build_options, context); });

  cli::Command& listing = group.subcommand("list", "The tenant's indexes and their recall");
  listing.action([](cli::Context& context) { return list(context); });

  cli::Command& dropping = group.subcommand("drop", "Forget an index; no vector is lost");
  auto& drop_options = dropping.options<IndexOptions>();
  add_kind_and_model(dropping, drop_options);
  dropping.dry_run();
  dropping.action(
      [&drop_options](cli::Context& context) { return drop(drop_options, context); });

  add_check(group);
}

}  // namespace hart::search_tool
