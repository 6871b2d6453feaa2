#include "report.h"

#include <cmath>
#include <cstdio>

namespace hart::cli {
namespace {

using ooda::Hypothesis;
using ooda::Improvement;
using ooda::IndexUse;
using ooda::Observation;
using ooda::QueryClass;
using ooda::VectorSet;

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

Json optional_json(std::optional<double> value) {
  return value ? Json(significant(*value)) : Json();
}

Json class_json(const QueryClass& query_class) {
  return {{"type", "observation"},
          {"subject", "queries"},
          {"statement", query_class.statement},
          {"strategy", query_class.strategy},
          {"queries", query_class.queries},
          {"median_us", significant(query_class.median_us)},
          {"p95_us", significant(query_class.p95_us)},
          {"total_us", significant(query_class.total_us)},
          {"median_rows", query_class.median_rows},
          {"plan", query_class.plan}};
}

Json vectors_json(const VectorSet& set) {
  Json indexes = Json::array();
  for (const IndexUse& use : set.indexes)
    indexes.push_back({{"kind", index::index_kind_name(use.info.kind)},
                       {"generation", use.info.generation},
                       {"items", use.info.items},
                       {"delta", use.delta},
                       {"recall", optional_json(use.info.recall)},
                       {"queries_since_built", use.queries_since},
                       {"used_by", use.used_by}});
  return {{"type", "observation"},
          {"subject", "vectors"},
          {"embedding_model", set.model.content.text()},
          {"name", set.model.name},
          {"vectors", set.vectors},
          {"dims", set.model.dims},
          {"row_scans", set.row_scans},
          {"row_scan_us", significant(set.row_scan_us)},
          {"indexes", std::move(indexes)}};
}

void print_observation(Output& out, const Observation& observation) {
  Table classes{{"queries", "median ms", "p95 ms", "total ms", "strategy", "statement"}};
  for (const QueryClass& c : observation.classes)
    classes.row({std::to_string(c.queries), fixed(c.median_us / 1000, 3),
                 fixed(c.p95_us / 1000, 3), fixed(c.total_us / 1000, 1), c.strategy,
                 c.statement});
  out.text("Observed: " + std::to_string(observation.window.size()) + " logged queries, " +
           std::to_string(observation.new_queries) + " of them new");
  out.table(classes);
  for (const VectorSet& set : observation.vectors) {
    std::string line = std::to_string(set.vectors) + " vectors of " + set.model.name + "; ";
    line += set.indexes.empty() ? "no index" : "";
    for (const IndexUse& use : set.indexes)
      line += (&use == &set.indexes.front() ? "" : ", ") +
              std::string{index::index_kind_name(use.info.kind)} + " index with " +
              std::to_string(use.delta) + " vectors not in it, used by " +
              std::to_string(use.used_by) + " of " + std::to_string(use.queries_since) +
              " queries";
    out.text(line);
  }
}

Json hypothesis_json(const Hypothesis& hypothesis, std::size_t rank) {
  const auto& outcomes = hypothesis.weight.outcomes;
  return {{"type", "hypothesis"},
          {"rank", rank},
          {"hypothesis_type", ooda::hypothesis_type_name(hypothesis.type)},
          {"action", hypothesis.action.json()},
          {"reason", hypothesis.reason},
          {"risk", hypothesis.risk},
          {"predicted_gain", significant(hypothesis.predicted_gain)},
          {"predicted_gain_s", significant(hypothesis.predicted_gain_s)},
          {"cost_s", significant(hypothesis.cost_s)},
          {"successes", outcomes.successes},
          {"failures", outcomes.failures},
          {"confidence", significant(outcomes.mean())},
          {"drawn_probability", significant(hypothesis.drawn_probability)},
          {"score", significant(hypothesis.score)},
          {"held_back", hypothesis.held_back.empty() ? Json() : Json(hypothesis.held_back)}};
}

}  // namespace

double significant(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6g", value);
  return std::strtod(text, nullptr);
}

std::string gain_text(std::optional<double> gain) {
  if (!gain) return "-";
  char text[64];
  std::snprintf(text, sizeof text, "%+.1f %%", *gain * 100);
  return text;
}

std::string action_text(const Json& action) {
  std::string text = action.value("action", action.value("undo", ""));
  for (const char* key : {"kind", "name"})
    if (action.contains(key)) text += ' ' + action[key].get<std::string>();
  return text;
}

void report_observation(Output& out, const Observation& observation) {
  if (out.human()) {
    print_observation(out, observation);
    return;
  }
  for (const QueryClass& query_class : observation.classes) out.write(class_json(query_class));
  for (const VectorSet& set : observation.vectors) out.write(vectors_json(set));
  out.write({{"type", "observation"},
             {"subject", "store"},
             {"queries", observation.window.size()},
             {"new_queries", observation.new_queries},
             {"planner_statistics", observation.statistics.present},
             {"stale_tables", observation.statistics.stale},
             {"catalog_bytes", observation.catalog_bytes}});
}

void report_hypotheses(Output& out, const std::vector<Hypothesis>& ranked) {
  std::size_t rank = 0;
  for (const Hypothesis& hypothesis : ranked) {
    const std::string held =
        hypothesis.held_back.empty() ? "" : "\n     held back: " + hypothesis.held_back;
    ++rank;
    out.write(hypothesis_json(hypothesis, rank),
              "Hypothesis " + std::to_string(rank) + ": " + hypothesis.action.text() +
                  "\n     because " + hypothesis.reason + "\n     predicted gain " +
                  gain_text(hypothesis.predicted_gain) + " = " +
                  fixed(hypothesis.predicted_gain_s * 1000, 3) + " ms, probability drawn " +
                  fixed(hypothesis.drawn_probability, 3) + " (mean " +
                  fixed(hypothesis.weight.outcomes.mean(), 3) + "), cost " +
                  fixed(hypothesis.cost_s * 1000, 1) + " ms, score " +
                  fixed(hypothesis.score, 4) + ", risk " + hypothesis.risk + held);
  }
}

void report_action(Output& out, const Hypothesis& hypothesis, const Json& inverse,
                   bool dry_run) {
  out.write({{"type", "action"},
             {"hypothesis_type", ooda::hypothesis_type_name(hypothesis.type)},
             {"action", hypothesis.action.json()},
             {"inverse", inverse},
             {"risk", hypothesis.risk},
             {"dry_run", dry_run}},
            (dry_run ? "Would try: " : "Trying: ") + hypothesis.action.text() +
                "\n     undone by " + action_text(inverse));
}

Json improvement_json(const char* type, const Improvement& improvement) {
  return {{"type", type},
          {"number", improvement.number},
          {"cycle", uuid_text(improvement.cycle)},
          {"time", format_time(improvement.created)},
          {"hypothesis_type", improvement.hypothesis_type},
          {"action", improvement.action},
          {"inverse", improvement.inverse},
          {"risk", improvement.risk},
          {"predicted_gain", significant(improvement.predicted_gain)},
          {"before_us", optional_json(improvement.before_us)},
          {"after_us", optional_json(improvement.after_us)},
          {"gain", optional_json(improvement.gain)},
          {"gain_lower", optional_json(improvement.gain_lower)},
          {"measured", improvement.measured},
          {"decision", ooda::decision_name(improvement.decision)},
          {"reason", improvement.reason}};
}

void report_outcome(Output& out, const Improvement& improvement) {
  std::string human = "Outcome: number " + std::to_string(improvement.number) + " " +
                      std::string{ooda::decision_name(improvement.decision)} + ": " +
                      improvement.reason;
  if (improvement.before_us && improvement.after_us)
    human += "\n     median " + fixed(*improvement.before_us / 1000, 3) + " ms before, " +
             fixed(*improvement.after_us / 1000, 3) + " ms after";
  out.write(improvement_json("outcome", improvement), human);
}

}  // namespace hart::cli
