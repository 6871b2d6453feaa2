#include "search/planner.h"

#include <cstdio>

#include "core/error.h"
#include "store/text_index.h"

namespace hart::search {
namespace {

using index::IndexInfo;
using index::IndexKind;

bool has_vector(const Query& query) {
  return !query.vector.empty() && query.model.has_value();
}

bool has_text(const Query& query) {
  return !store::text_expression(query.text).empty();
}

void require_inputs(const Query& query) {
  const bool needs_vector = query.strategy == Strategy::exact ||
                            query.strategy == Strategy::spatial ||
                            query.strategy == Strategy::hybrid;
  const bool needs_text =
      query.strategy == Strategy::text || query.strategy == Strategy::hybrid;
  const std::string name{strategy_name(query.strategy)};
  if (needs_vector && !has_vector(query))
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

/// Why `auto` does not take the R-tree; empty when it does.
std::string reason_against(const IndexInfo& rtree, const Query& query) {
  if (!rtree.recall) return "the spatial index has no recall figure";
  if (query.metric != index::Metric::cosine)
    return "the spatial index's recall was measured for the cosine metric";
  if (*rtree.recall < query.recall)
    return "the spatial index's measured recall " + two_decimals(*rtree.recall) + " is below " +
           two_decimals(query.recall);
  if (rtree.recall_candidates > static_cast<std::int64_t>(query.candidates))
    return "the spatial index reached its recall with more candidates";
  if (rtree.recall_k < static_cast<std::int64_t>(query.k))
    return "the spatial index's recall was measured for fewer neighbours";
  return {};
}

/// Chooses between exact and spatial for the vectors of an automatic or hybrid query.
std::string choose_vector_method(store::Store& store, const Query& query, Plan& plan) {
  const auto rtree =
      index::find_index(store, query.model->embedding_model_id, IndexKind::rtree);
  if (!rtree) return "there is no spatial index";
  const std::string against = reason_against(*rtree, query);
  if (!against.empty()) return against;
  plan.rtree = rtree;
  return "the spatial index's measured recall " + two_decimals(*rtree->recall) + " is enough";
}

void plan_spatial(store::Store& store, const Query& query, Plan& plan) {
  plan.strategy = Strategy::spatial;
  plan.reason = "asked for";
  plan.rtree = index::find_index(store, query.model->embedding_model_id, IndexKind::rtree);
  if (plan.rtree) return;
  plan.strategy = Strategy::exact;
  plan.fallbacks.emplace_back(
      "there is no spatial index (hart-search index build): compared all vectors instead");
}

void plan_automatic(store::Store& store, const Query& query, Plan& plan) {
  if (!has_vector(query)) {
    plan.strategy = Strategy::text;
    plan.reason = "the query has no vector";
    return;
  }
  const std::string method = choose_vector_method(store, query, plan);
  if (has_text(query) && store::count_indexed_passages(store).value_or(0) > 0) {
    plan.strategy = Strategy::hybrid;
    plan.reason = "the query has words and a vector; " + method;
    return;
  }
  plan.strategy = plan.rtree ? Strategy::spatial : Strategy::exact;
  plan.reason = method;
}

}  // namespace

Plan make_plan(store::Store& store, const Query& query) {
  require_inputs(query);
  Plan plan;
  plan.strategy = query.strategy;
  plan.reason = "asked for";
  switch (query.strategy) {
    case Strategy::automatic:
      plan_automatic(store, query, plan);
      break;
    case Strategy::spatial:
      plan_spatial(store, query, plan);
      break;
    case Strategy::hybrid:
      plan.reason = "asked for; " + choose_vector_method(store, query, plan);
      break;
    case Strategy::exact:
    case Strategy::text:
      break;
  }
  return plan;
}

}  // namespace hart::search
