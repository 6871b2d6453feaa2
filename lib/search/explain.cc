#include "search/explain.h"

#include <cmath>
#include <cstdio>

namespace hart::search {
namespace {

std::string decimal(double value, int digits) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

Json rounded_or_null(const std::optional<double>& value) {
  return value ? Json(rounded(*value, 1e4)) : Json(nullptr);
}

std::string recall_text(const VectorStep& step) {
  if (step.expected_recall) return "expected recall " + decimal(*step.expected_recall, 3);
  if (!step.recall) return "recall never measured";
  return "measured recall@" + std::to_string(step.recall_k) + " " + decimal(*step.recall, 3) +
         " with " + std::to_string(step.recall_candidates) + " candidates";
}

std::string vector_line(const VectorStep& step) {
  const std::string generation =
      step.generation     ? step.index + " generation " + std::to_string(*step.generation)
      : step.filter_first ? "the admitted atoms"
                          : "rows";
  std::string line = std::string{strategy_name(step.method)} + " over " + generation + ": ";
  if (step.method == Strategy::cells)
    line += std::to_string(step.cells) + " cells, " + std::to_string(step.scanned) +
            " codes scanned, " + std::to_string(step.pruned) + " pruned, ";
  if (step.method != Strategy::exact)
    line += std::to_string(step.candidates) + " candidates reranked, ";
  line += std::to_string(step.compared) + " vectors compared";
  if (step.generation) line += ", " + std::to_string(step.delta) + " of them newer than it";
  return step.method == Strategy::exact ? line : line + "; " + recall_text(step);
}

Json vector_json(const VectorStep& step) {
  Json json = {{"method", strategy_name(step.method)}};
  json["index"] = step.generation ? Json(step.index) : Json(nullptr);
  json["generation"] = step.generation ? Json(*step.generation) : Json(nullptr);
  json["vectors_compared"] = step.compared;
  if (step.method == Strategy::cells) {
    json["cells"] = step.cells;
    json["codes_scanned"] = step.scanned;
    json["codes_pruned"] = step.pruned;
  }
  if (step.method != Strategy::exact) json["candidates"] = step.candidates;
  json["delta"] = step.delta;
  json["expected_recall"] = rounded_or_null(step.expected_recall);
  if (step.method == Strategy::exact) return json;
  json["recall"] = rounded_or_null(step.recall);
  if (step.recall) {
    json["recall_k"] = step.recall_k;
    json["recall_candidates"] = step.recall_candidates;
  }
  return json;
}

std::string_view filter_strategy(const FilterStep& step) {
  return step.atoms_first ? "atoms_first" : "candidates_first";
}

Json weights_json(const FusionWeights& weights) {
  return {{"vector", weights.vector}, {"text", weights.text}};
}

/// What follows the candidates.
void add_later_steps(const Explain& explain, Json& json) {
  if (explain.fusion)
    json["fusion"] = {{"method", fusion_name(explain.fusion->method)},
                      {"weights", weights_json(explain.fusion->weights)}};
  if (explain.graph)
    json["graph"] = {{"seeds", explain.graph->seeds},
                     {"hops", explain.graph->hops},
                     {"reached", explain.graph->reached}};
  if (explain.rerank)
    json["rerank"] = {{"model", explain.rerank->model}, {"hits", explain.rerank->hits}};
}

void add_later_lines(const Explain& explain, std::vector<std::string>& lines) {
  if (explain.fusion) {
    const FusionWeights& weights = explain.fusion->weights;
    std::string line = explain.fusion->method == Fusion::ranks
                           ? "fusion: reciprocal ranks, offset 60"
                           : "fusion: normalised scores";
    if (weights != FusionWeights{})
      line += ", vector " + decimal(weights.vector, 2) + ", text " + decimal(weights.text, 2);
    lines.push_back(line);
  }
  if (explain.graph)
    lines.push_back("graph: " + std::to_string(explain.graph->seeds) + " hits spread over " +
                    std::to_string(explain.graph->hops) + " hops, " +
                    std::to_string(explain.graph->reached) + " atoms reached");
  if (explain.rerank)
    lines.push_back("rerank: " + std::to_string(explain.rerank->hits) + " hits by " +
                    explain.rerank->model);
}

}  // namespace

Json explain_json(const Explain& explain) {
  Json json = {{"type", "explain"},
               {"requested", strategy_name(explain.requested)},
               {"strategy", strategy_name(explain.chosen)},
               {"reason", explain.reason}};
  if (explain.vector) json["vector"] = vector_json(*explain.vector);
  if (explain.text)
    json["text"] = {{"expression", explain.text->expression},
                    {"matches", explain.text->matches}};
  if (explain.filter)
    json["filter"] = {{"admitted_atoms", explain.filter->admitted},
                      {"selectivity", rounded(explain.filter->selectivity, 1e6)},
                      {"filter_strategy", filter_strategy(*explain.filter)}};
  add_later_steps(explain, json);
  json["fallbacks"] = explain.fallbacks;
  json["plan"] = plan_lines(explain);
  Json phases = Json::object();
  for (const Phase& phase : explain.phases)
    phases[phase.name + "_ms"] = rounded(phase.seconds * 1e3, 1e3);
  json["phases"] = phases;
  return json;
}

std::vector<std::string> plan_lines(const Explain& explain) {
  std::vector<std::string> lines;
  lines.push_back(std::string{strategy_name(explain.chosen)} + ": " + explain.reason);
  if (explain.filter)
    lines.push_back("filter: " + std::to_string(explain.filter->admitted) +
                    " atoms admitted, selectivity " + decimal(explain.filter->selectivity, 4) +
                    (explain.filter->atoms_first ? ", each compared" : ""));
  if (explain.vector) lines.push_back(vector_line(*explain.vector));
  if (explain.text)
    lines.push_back("text: BM25 over " + explain.text->expression + ": " +
                    std::to_string(explain.text->matches) + " passages");
  add_later_lines(explain, lines);
  for (const std::string& fallback : explain.fallbacks)
    lines.push_back("fallback: " + fallback);
  return lines;
}

}  // namespace hart::search
