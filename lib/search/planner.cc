#include "search/planner.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/error.h"
#include "store/text_index.h"

namespace hart::search {
namespace {

using index::IndexInfo;
using index::Metric;

/// An index over the map of a model: approximate, its recall known once measured.
struct MapIndex {
  Strategy strategy;
  const char* name;
  const std::optional<IndexInfo> Resources::*info;
};
constexpr std::array<MapIndex, 2> kMapIndexes{
    {{Strategy::spatial, "spatial", &Resources::rtree},
     {Strategy::hilbert, "Hilbert", &Resources::hilbert}}};

bool needs_vector(Strategy strategy) {
  return strategy == Strategy::exact || strategy == Strategy::cells ||
         strategy == Strategy::spatial || strategy == Strategy::hilbert ||
         strategy == Strategy::hybrid;
}

void require_inputs(const Query& query) {
  const bool needs_text =
      query.strategy == Strategy::text || query.strategy == Strategy::hybrid;
  const std::string name{strategy_name(query.strategy)};
  if (needs_vector(query.strategy) && !has_vector(query))
    throw Error{Fault::usage, "strategy " + name + " needs a query vector and its model"};
  if (needs_text && !has_text(query))
    throw Error{Fault::usage, "strategy " + name + " needs a text with a word in it"};
  if (!has_vector(query) && !has_text(query))
    throw Error{Fault::usage, "the query has neither a word nor a vector"};
}

std::string two_decimals(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.2f", value);
  return buffer;
}

/// Why `auto` does not take an index over the map; empty when it does.
std::string reason_against_map(const std::string& the_index, const IndexInfo& info,
                               const Query& query) {
  if (!info.recall) return the_index + " has no recall figure";
  // What a filter lets through may lie elsewhere than the query: then candidates are far.
  if (!query.filter.empty()) return the_index + "'s recall was measured without a filter";
  if (query.metric != Metric::cosine)
    return the_index + "'s recall was measured for the cosine metric";
  if (*info.recall < query.recall)
    return the_index + "'s measured recall " + two_decimals(*info.recall) + " is below " +
           two_decimals(query.recall);
  if (info.recall_candidates > static_cast<std::int64_t>(query.candidates))
    return the_index + " reached its recall with more candidates";
  if (info.recall_k < static_cast<std::int64_t>(query.k))
    return the_index + "'s recall was measured for fewer neighbours";
  return {};
}

/// One decision: what it looks at, and the plan it makes.
class Planner {
 public:
  Planner(const Query& query, const Resources& resources, const AgainstCells& against_cells)
      : query_{query}, resources_{resources}, against_cells_{against_cells} {}

  Plan run() {
    plan_.strategy = query_.strategy;
    plan_.reason = "asked for";
    switch (query_.strategy) {
      case Strategy::automatic:
        plan_automatic();
        break;
      case Strategy::cells:
        plan_cells();
        break;
      case Strategy::spatial:
      case Strategy::hilbert:
        plan_map();
        break;
      case Strategy::hybrid:
        plan_.reason = "asked for; " + choose_index(Strategy::hybrid).reason;
        break;
      case Strategy::graph:
        plan_.reason = has_vector(query_) ? "asked for; " + choose_index(Strategy::graph).reason
                                          : "asked for; the query has no vector";
        break;
      case Strategy::exact:
      case Strategy::text:
        break;
    }
    return std::move(plan_);
  }

 private:
  struct Choice {
    Strategy method;
    std::string reason;
  };

  /// Chooses how the vectors of a query are found that names no index itself, and leaves the
  /// index in the plan.
  Choice choose_index(Strategy strategy) {
    if (resources_.past) return {Strategy::exact, "no index knows the store as it was"};
    std::vector<std::string> against;
    if (resources_.cells) {
      const std::string why = reason_against_cells(vector_depth(query_, strategy));
      if (why.empty()) {
        plan_.index = resources_.cells;
        return {Strategy::cells,
                "the cell index is calibrated for recall " + two_decimals(query_.recall)};
      }
      against.push_back(why);
    }
    for (const MapIndex& map : kMapIndexes) {
      const std::optional<IndexInfo>& info = resources_.*map.info;
      if (!info) continue;
      const std::string the_index = "the " + std::string{map.name} + " index";
      const std::string why = reason_against_map(the_index, *info, query_);
      if (why.empty()) {
        plan_.index = info;
        return {map.strategy,
                the_index + "'s measured recall " + two_decimals(*info->recall) + " is enough"};
      }
      against.push_back(why);
    }
    if (against.empty()) return {Strategy::exact, "there is no index for candidates"};
    std::string reason = against.front();
    for (std::size_t i = 1; i < against.size(); ++i) reason += "; " + against[i];
    return {Strategy::exact, reason};
  }

  std::string reason_against_cells(std::size_t k) {
    try {
      const std::string why = against_cells_(query_.metric, k, query_.recall);
      return why.empty() ? why : "the cell index cannot tell its recall: " + why;
    } catch (const Error& error) {
      plan_.fallbacks.push_back("the cell index cannot be used (" + std::string{error.what()} +
                                ")");
      return "the cell index cannot be used";
    }
  }

  void plan_automatic() {
    if (!has_vector(query_)) {
      plan_.strategy = Strategy::text;
      plan_.reason = "the query has no vector";
      return;
    }
    const bool words = has_text(query_) && resources_.passages;
    const Choice choice = choose_index(words ? Strategy::hybrid : Strategy::automatic);
    plan_.strategy = words ? Strategy::hybrid : choice.method;
    plan_.reason = words ? "the query has words and a vector; " + choice.reason : choice.reason;
  }

  void plan_cells() {
    if (lacks_index(resources_.cells, "cell")) return;
    std::string why;
    try {
      // Under another metric its distances would be wrong, not only its recall unknown.
      why = against_cells_(query_.metric, 1, 0);
    } catch (const Error& error) {
      why = error.what();
    }
    if (!why.empty()) {
      fall_back("the cell index cannot be used (" + why + ")");
      return;
    }
    plan_.index = resources_.cells;
    why = against_cells_(query_.metric, query_.k, query_.recall);
    if (!why.empty()) plan_.reason = "asked for, though its recall is unknown: " + why;
  }

  void plan_map() {
    for (const MapIndex& map : kMapIndexes) {
      if (map.strategy != query_.strategy) continue;
      const std::optional<IndexInfo>& info = resources_.*map.info;
      if (lacks_index(info, map.name)) return;
      plan_.index = info;
    }
  }

  /// Falls back when there is no such index, or none may be used.
  bool lacks_index(const std::optional<IndexInfo>& info, const std::string& name) {
    if (resources_.past)
      fall_back("no index knows the store as it was");
    else if (!info)
      fall_back("there is no " + name + " index (hart-search index build)");
    else
      return false;
    return true;
  }

  void fall_back(const std::string& why) {
    plan_.strategy = Strategy::exact;
    plan_.fallbacks.push_back(why + ": compared all vectors instead");
  }

  const Query& query_;
  const Resources& resources_;
  const AgainstCells& against_cells_;
  Plan plan_;
};

}  // namespace

bool has_vector(const Query& query) {
  return !query.vector.empty() && query.model.has_value();
}

bool has_text(const Query& query) {
  return !store::text_expression(query.text).empty();
}

std::size_t vector_depth(const Query& query, Strategy strategy) {
  const bool lists = strategy == Strategy::hybrid || strategy == Strategy::graph;
  return lists ? std::max(query.k, query.candidates) : query.k;
}

Plan make_plan(const Query& query, const Resources& resources,
               const AgainstCells& against_cells) {
  require_inputs(query);
  return Planner{query, resources, against_cells}.run();
}

}  // namespace hart::search
