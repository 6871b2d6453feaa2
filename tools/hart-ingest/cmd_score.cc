#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "atom/model_score.h"
#include "commands.h"
#include "common/progress.h"
#include "core/clock.h"
#include "core/error.h"
#include "infer/runnable_model.h"
#include "nn/activation_statistics.h"
#include "store/importance.h"

namespace hart::ingest {
namespace {

struct ScoreOptions {
  std::string model;
  std::string method = "magnitude";
  std::optional<std::string> text;
  std::optional<std::string> tensor;
  std::uint64_t rows = 0;
};

/// What one scoring found out.
struct Scores {
  std::vector<atom::TensorScore> tensors;
  std::vector<atom::LayerScore> layers;
  std::optional<nn::ActivationStatistics> activations;
};

/// Runs the calibration text through the model.
nn::ActivationStatistics observe(const ScoreOptions& options, const cli::Context& context,
                                 store::Store& store) {
  const std::string text = cli::read_input(*options.text);
  infer::RunnableModel model = infer::RunnableModel::from_store(store, options.model);
  const std::vector<nn::TokenId> tokens = model.tokenizer().encode(text, {.add_special = true});
  return nn::observe_activations(model.weights(), tokens, context.common.threads);
}

Scores measure(const ScoreOptions& options, const cli::Context& context, store::Store& store,
               const atom::CatalogModel& model) {
  Scores scores;
  atom::ScoreOptions score;
  if (options.method == "activation") {
    scores.activations = observe(options, context, store);
    score.column_norms = [&](const std::string& name) {
      return scores.activations->column_norms(name);
    };
  }
  std::uint64_t total = 0;
  for (const atom::CatalogTensor& tensor : model.tensors) total += tensor.bytes;
  cli::Progress progress{context, "score", total, cli::Progress::Unit::bytes};
  score.only = options.tensor;
  score.with_rows = options.rows > 0;
  score.threads = context.common.threads;
  score.progress = [&](std::uint64_t bytes) { progress.advance(bytes); };
  scores.tensors = atom::score_tensors(store, model, score);
  if (options.tensor && scores.tensors.empty())
    throw Error{Fault::data, "tensor '" + *options.tensor + "' multiplies nothing, or holds" +
                                 " integers: it has no score by " + options.method};
  // A layer is judged by all of its tensors.
  if (!options.tensor) scores.layers = atom::mean_by_layer(model, scores.tensors);
  return scores;
}

/// The block influence of a layer called blk.N; nothing without activations.
std::optional<double> influence(const Scores& scores, const atom::LayerScore& layer) {
  if (!scores.activations) return std::nullopt;
  const std::string number = layer.name.substr(layer.name.rfind('.') + 1);
  return scores.activations->block_influence(static_cast<std::uint32_t>(std::stoul(number)));
}

store::ModelImportance to_store(const ScoreOptions& options, store::Store& store,
                                const atom::CatalogModel& model, const Scores& scores) {
  store::ModelImportance importance;
  importance.method = scores.activations ? store::ImportanceMethod::activation
                                         : store::ImportanceMethod::magnitude;
  importance.complete = !options.tensor;
  for (const atom::TensorScore& score : scores.tensors) {
    const atom::CatalogTensor& tensor = model.tensors[score.tensor];
    importance.tensors.push_back({tensor.position, tensor.atom_id, score.importance});
  }
  for (const store::ScoredLayer& stored :
       store::scored_layers(store, model.object.structure_id))
    for (const atom::LayerScore& layer : scores.layers)
      if (layer.name == stored.name)
        importance.layers.push_back(
            {stored.layer_index, influence(scores, layer).value_or(layer.importance)});
  return importance;
}

void write_rows(const atom::CatalogTensor& tensor, const atom::TensorScore& score,
                std::size_t count, cli::Output& out) {
  const auto write = [&](const char* end, const std::vector<std::size_t>& rows) {
    for (const std::size_t row : rows)
      out.write({{"type", "importance"},
                 {"scope", "row"},
                 {"tensor", tensor.name},
                 {"row", row},
                 {"end", end},
                 {"importance", score.row_importance[row]}},
                std::string{"  "} + end + "  row " + std::to_string(row) + "  " +
                    std::to_string(score.row_importance[row]));
  };
  write("most", atom::greatest(score.row_importance, count));
  write("least", atom::least(score.row_importance, count));
}

void write_scores(const ScoreOptions& options, const atom::CatalogModel& model,
                  const Scores& scores, cli::Output& out) {
  for (const atom::TensorScore& score : scores.tensors) {
    const atom::CatalogTensor& tensor = model.tensors[score.tensor];
    out.write({{"type", "importance"},
               {"scope", "tensor"},
               {"name", tensor.name},
               {"method", options.method},
               {"importance", score.importance},
               {"score", score.score}},
              tensor.name + "  " + std::to_string(score.importance));
    write_rows(tensor, score, options.rows, out);
  }
  for (const atom::LayerScore& layer : scores.layers) {
    const std::optional<double> block = influence(scores, layer);
    Json json{{"type", "importance"},
              {"scope", "layer"},
              {"name", layer.name},
              {"method", options.method},
              {"importance", block.value_or(layer.importance)}};
    if (block) json["tensor_importance"] = layer.importance;
    out.write(json, layer.name + "  " + std::to_string(block.value_or(layer.importance)));
  }
}

/// What was measured must still be the tenant's when it is written down.
std::size_t store_scores(store::Store& store, const atom::CatalogModel& model,
                         const store::ModelImportance& importance) {
  store::WriteTransaction transaction{store};
  if (!store::atom_by_id(store, model.object.structure_id))
    throw Error{Fault::no_input, model.object.name + ": was removed meanwhile"};
  const std::size_t changed =
      store::put_importance(store, model.object.structure_id, importance);
  transaction.commit();
  return changed;
}

int score(const ScoreOptions& options, cli::Context& context) {
  if ((options.method == "activation") != options.text.has_value())
    throw Error{Fault::usage, "--method activation and --text go together"};
  const double start = steady_seconds();
  const bool dry_run = context.common.dry_run;
  store::Store store = context.open_store(!dry_run);
  const atom::CatalogModel model =
      atom::read_catalog_model(store, store::resolve_object(store, options.model));
  const Scores scores = measure(options, context, store, model);
  const store::ModelImportance importance = to_store(options, store, model, scores);
  const std::size_t changed = dry_run ? 0 : store_scores(store, model, importance);
  write_scores(options, model, scores, context.out);
  Json summary{{"type", "summary"},
               {"name", model.object.name},
               {"version", model.object.version},
               {"method", options.method},
               {"tensors", scores.tensors.size()},
               {"layers", scores.layers.size()},
               {"changed", changed}};
  if (scores.activations) summary["tokens"] = scores.activations->tokens();
  if (dry_run) summary["dry_run"] = true;
  summary["seconds"] = steady_seconds() - start;
  context.out.write(summary, std::to_string(scores.tensors.size()) + " tensors and " +
                                 std::to_string(scores.layers.size()) + " layers scored, " +
                                 std::to_string(changed) + " figures changed");
  return 0;
}

}  // namespace

void add_score(cli::Command& tool) {
  cli::Command& command =
      tool.subcommand("score", "How important a model's tensors, layers and rows are")
          .topic("Models");
  auto& options = command.options<ScoreOptions>();
  command.positional("MODEL", options.model, "id, prefix, name or name@version").required();
  command
      .option("--method", "METHOD", options.method,
              "by the weights alone, or by what flows through them")
      .choices({"magnitude", "activation"});
  command.option("--text", "FILE", options.text,
                 "the calibration text of the method activation; - for standard input");
  command.option("--tensor", "NAME", options.tensor, "only this tensor");
  command.option("--rows", "N", options.rows, "show the N most and least important rows")
      .range(0, 1e9);
  command.dry_run();
  command.action([&options](cli::Context& context) { return score(options, context); });
}

}  // namespace hart::ingest
