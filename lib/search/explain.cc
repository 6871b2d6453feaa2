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

std::string recall_text(const VectorStep& step) {
  if (!step.recall) return "recall never measured";
  return "measured recall@" + std::to_string(step.recall_k) + " " + decimal(*step.recall, 3) +
         " with " + std::to_string(step.recall_candidates) + " candidates";
}

std::string vector_line(const VectorStep& step) {
  const std::string generation =
      step.generation ? step.index + " generation " + std::to_string(*step.generation) : "rows";
  std::string line = std::string{strategy_name(step.method)} + " over " + generation + ": ";
  if (step.method == Strategy::spatial)
    line += std::to_string(step.candidates) + " candidates reranked, ";
  line += std::to_string(step.compared) + " vectors compared";
  if (step.generation) line += ", " + std::to_string(step.delta) + " of them newer than it";
  return step.method == Strategy::spatial ? line + "; " + recall_text(step) : line;
}

Json vector_json(const VectorStep& step) {
  Json json = {{"method", strategy_name(step.method)}};
  json["index"] = step.generation ? Json(step.index) : Json(nullptr);
  json["generation"] = step.generation ? Json(*step.generation) : Json(nullptr);
  json["vectors_compared"] = step.compared;
  if (step.method == Strategy::spatial) json["candidates"] = step.candidates;
  json["delta"] = step.delta;
  if (step.method != Strategy::spatial) return json;
  json["recall"] = step.recall ? Json(rounded(*step.recall, 1e4)) : Json(nullptr);
  if (step.recall) {
    json["recall_k"] = step.recall_k;
    json["recall_candidates"] = step.recall_candidates;
  }
  return json;
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
  if (explain.admitted) json["filter"] = {{"admitted_atoms", *explain.admitted}};
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
  if (explain.admitted)
    lines.push_back("filter: " + std::to_string(*explain.admitted) + " atoms admitted");
  if (explain.vector) lines.push_back(vector_line(*explain.vector));
  if (explain.text)
    lines.push_back("text: BM25 over " + explain.text->expression + ": " +
                    std::to_string(explain.text->matches) + " passages");
  if (explain.chosen == Strategy::hybrid)
    lines.emplace_back("fusion: reciprocal ranks, offset 60");
  for (const std::string& fallback : explain.fallbacks)
    lines.push_back("fallback: " + fallback);
  return lines;
}

}  // namespace hart::search
