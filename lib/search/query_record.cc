#include "search/query_record.h"

#include <cstring>

#include "core/bytes.h"
#include "core/error.h"

namespace hart::search {
namespace {

/// As records had it in their parameters, before they had a vector of their own.
std::vector<float> decode_vector(const std::string& base64) {
  const ByteBuffer bytes = from_base64(base64);
  if (bytes.size() % sizeof(float) != 0)
    throw Error{Fault::data,
                "a recorded vector has " + std::to_string(bytes.size()) + " bytes"};
  std::vector<float> vector(bytes.size() / sizeof(float));
  if (!vector.empty()) std::memcpy(vector.data(), bytes.data(), bytes.size());
  return vector;
}

/// The query's shape: what queries that differ in nothing but their values have in common.
std::string normalised_statement(const Query& query) {
  std::string statement = "query strategy=" + std::string{strategy_name(query.strategy)} +
                          " metric=" + std::string{index::metric_name(query.metric)} +
                          " k=" + std::to_string(query.k) +
                          " candidates=" + std::to_string(query.candidates);
  if (!query.text.empty()) statement += " text";
  if (!query.vector.empty()) statement += " vector";
  if (query.filter.modality) statement += " modality";
  if (query.filter.since) statement += " since";
  if (query.filter.until) statement += " until";
  if (!query.filter.spatial.empty()) statement += " spatial";
  if (query.filter.near) statement += " near";
  if (query.fusion != Fusion::ranks)
    statement += " fusion=" + std::string{fusion_name(query.fusion)};
  if (query.rerank) statement += " rerank";
  for (const std::string& field : query.facets) statement += " facet=" + field;
  if (query.filter.where)
    statement += " where " + where_text(*query.filter.where, WhereValues::hidden);
  return statement;
}

store::EmbeddingModel model_with_id(store::Store& store, const Id& content) {
  for (const store::EmbeddingModel& model : store::embedding_models(store))
    if (model.content == content) return model;
  throw Error{Fault::no_input,
              "the embedding model " + content.text() + " is not in the store"};
}

template <typename T, typename Find>
T named(const Json& parameters, const char* key, const Find& find) {
  const auto value = find(parameters.at(key).get<std::string>());
  if (!value) throw Error{Fault::data, std::string{"recorded query: unknown "} + key};
  return *value;
}

std::shared_ptr<const RerankModel> read_rerank(const Json& json) {
  auto model = RerankModel::load(json.at("path").get<std::string>());
  if (model->content() != parse_id(json.at("content").get<std::string>()))
    throw Error{Fault::no_input, "the rerank model " + model->path() + " is another one now"};
  return model;
}

/// Options that a query has only when they were given.
void read_options(const Json& parameters, Query& query) {
  query.filter = filter_from_json(parameters);
  if (parameters.contains("left_out_atom"))
    query.left_out_atom = parameters["left_out_atom"].get<std::int64_t>();
  if (parameters.value("keep_stop_words", false)) query.stop_words = StopWords::keep;
  if (parameters.contains("fusion"))
    query.fusion = named<Fusion>(parameters, "fusion", find_fusion);
  if (parameters.contains("weights")) {
    query.weights = {parameters["weights"].at("vector").get<double>(),
                     parameters["weights"].at("text").get<double>()};
    check_weights(query.weights);
  }
  if (parameters.contains("graph"))
    query.graph = {parameters["graph"].at("hops").get<std::size_t>(),
                   parameters["graph"].at("types").get<std::vector<std::string>>()};
  if (parameters.contains("rerank")) query.rerank = read_rerank(parameters["rerank"]);
  if (parameters.contains("facets"))
    query.facets = parameters["facets"].get<std::vector<std::string>>();
}

Query read_parameters(store::Store& store, const Json& parameters) {
  Query query;
  query.k = parameters.at("k").get<std::size_t>();
  query.candidates = parameters.at("candidates").get<std::size_t>();
  query.recall = parameters.at("recall").get<double>();
  query.strategy = named<Strategy>(parameters, "strategy", find_strategy);
  query.metric = named<index::Metric>(parameters, "metric", index::find_metric);
  read_options(parameters, query);
  if (parameters.contains("embedding_model"))
    query.model =
        model_with_id(store, parse_id(parameters["embedding_model"].get<std::string>()));
  if (parameters.contains("vector"))
    query.vector = decode_vector(parameters["vector"].get<std::string>());
  return query;
}

void write_options(const Query& query, Json& parameters) {
  if (!query.filter.empty()) parameters.update(filter_json(query.filter));
  if (query.left_out_atom != 0) parameters["left_out_atom"] = query.left_out_atom;
  if (query.stop_words == StopWords::keep) parameters["keep_stop_words"] = true;
  if (query.fusion != Fusion::ranks) parameters["fusion"] = fusion_name(query.fusion);
  if (query.weights != FusionWeights{})
    parameters["weights"] = {{"vector", query.weights.vector}, {"text", query.weights.text}};
  if (query.strategy == Strategy::graph)
    parameters["graph"] = {{"hops", query.graph.hops}, {"types", query.graph.types}};
  if (query.rerank)
    parameters["rerank"] = {{"path", query.rerank->path()},
                            {"content", query.rerank->content().text()}};
  if (!query.facets.empty()) parameters["facets"] = query.facets;
}

}  // namespace

QueryRecord query_record(const Query& query, const Result& result, TimeUs time,
                         double latency_s) {
  QueryRecord record;
  record.tool = "hart-search";
  record.operation = "query";
  record.strategy = strategy_name(result.explain.chosen);
  record.statement = normalised_statement(query);
  Json& parameters = record.parameters;
  parameters["k"] = query.k;
  parameters["candidates"] = query.candidates;
  parameters["recall"] = query.recall;
  parameters["strategy"] = strategy_name(query.strategy);
  parameters["metric"] = index::metric_name(query.metric);
  write_options(query, parameters);
  if (query.model) parameters["embedding_model"] = query.model->content.text();
  record.vector = query.vector;
  record.input = query.text;
  for (const std::string& line : plan_lines(result.explain))
    record.plan += (record.plan.empty() ? "" : "\n") + line;
  record.rows = result.hits.size();
  record.latency_us = static_cast<std::uint64_t>(latency_s * 1e6);
  record.time = time;
  return record;
}

Query recorded_query(store::Store& store, const QueryRecord& record) {
  try {
    Query query = read_parameters(store, record.parameters);
    query.text = record.input;
    if (!record.vector.empty()) query.vector = record.vector;
    return query;
  } catch (const Json::exception& error) {
    throw Error{Fault::data, std::string{"recorded query: "} + error.what()};
  }
}

}  // namespace hart::search
