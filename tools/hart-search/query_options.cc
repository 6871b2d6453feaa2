#include "query_options.h"

#include "core/error.h"
#include "models.h"
#include "search/facets.h"
#include "store/catalog.h"

namespace hart::search_tool {
namespace {

store::Modality modality_named(const std::string& name) {
  const auto modality = store::find_modality(name);
  if (!modality)
    throw Error{Fault::usage, "--modality: there is no '" + name +
                                  "': it is one of image, audio, video, text, tensor, code,"
                                  " model, sensor, graph"};
  return *modality;
}

search::SpatialFilter spatial_filter(const QueryOptions& options) {
  search::SpatialFilter spatial;
  if (options.near.has_value() != options.radius.has_value())
    throw Error{Fault::usage, "--near and --radius belong together"};
  if (options.within) spatial.within = *options.within;
  if (options.box) spatial.box = search::parse_box(*options.box);
  if (options.near) {
    spatial.centre = search::parse_point(*options.near);
    spatial.radius = *options.radius;
  }
  search::check_spatial_filter(spatial);
  return spatial;
}

search::Filter make_filter(const QueryOptions& options, store::Store& store) {
  search::Filter filter;
  if (options.modality) filter.modality = modality_named(*options.modality);
  if (options.since) filter.since = parse_time(*options.since);
  if (options.until) filter.until = parse_time(*options.until);
  if (options.where) filter.where = search::parse_where(*options.where);
  filter.spatial = spatial_filter(options);
  if (options.near_atom) {
    search::Neighbourhood near;
    near.atom_id = store::resolve_atom(store, *options.near_atom).atom_id;
    near.hops = options.hops.value_or(static_cast<unsigned>(near.hops));
    near.types = options.types;
    filter.near = near;
  }
  return filter;
}

void add_filter_options(cli::Command& command, QueryOptions& options) {
  command.option("--modality", "NAME", options.modality, "only text, code, image, ...");
  command.option("--since", "TIME", options.since, "only in objects added at or after");
  command.option("--until", "TIME", options.until, "only in objects added before");
  command.option("--where", "EXPRESSION", options.where, "only in objects that it is true of");
  command.option("--within", "WKT", options.within, "only in an area of the map");
  command.option("--box", "RANGES", options.box, "only in a box of the map: x=-1:1 y=0:");
  command.option("--near", "X,Y,Z", options.near, "only near a point of the map");
  command.option("--radius", "R", options.radius, "how near to it").range(0, 1e300);
  command.option("--near-atom", "ID", options.near_atom, "only within some hops of an atom");
  command.option("--hops", "N", options.hops, "how many; of graph: how far (2)").range(1, 64);
  command.option("--type", "TYPE", options.types, "only along edges of this type; repeatable");
}

void add_ranking_options(cli::Command& command, QueryOptions& options) {
  command.option("--stop-words", "WHAT", options.stop_words, "words such as 'what is a'")
      .choices({"drop", "keep"});
  command.option("--fusion", "NAME", options.fusion, "how hybrid merges its lists")
      .choices({"rrf", "weighted"});
  command.option("--weights", "LIST", options.weights, "vector=0.7,text=0.3");
  command.option("--rerank", "FILE", options.rerank, "order the candidates by this model");
  command.option("--facets", "LIST", options.facets, "count modality,kind,metadata.KEY,...");
}

}  // namespace

void add_query_options(cli::Command& command, QueryOptions& options) {
  command.positional("TEXT", options.text, "words, \"a phrase\", a prefix*; - is JSON lines");
  command.option("-k,--count", "N", options.k, "how many hits").range(1, 10'000);
  command.option("--strategy", "NAME", options.strategy, "how")
      .choices({"auto", "exact", "cells", "spatial", "hilbert", "graph", "text", "hybrid"});
  command.option("--candidates", "N", options.candidates, "vectors to rerank, ranks to fuse")
      .range(1, 1'000'000);
  command.option("--recall", "R", options.recall, "what is asked of an index").range(0, 1);
  command.option("--metric", "NAME", options.metric, "distance")
      .choices({"cosine", "l2", "dot"});
  command.option("--vector", "FILE", options.vector, "search near a JSON vector; - is stdin");
  command.option("--atom", "ID", options.atom, "search near this atom's vector");
  command.option("--image", "FILE", options.image, "search near a picture");
  command.option("--audio", "FILE", options.audio, "search near a sound");
  command.option("--embedder", "MODEL", options.embedder, "what makes a vector of TEXT");
  command.option("-m,--model", "NAME", options.model, "model of --vector and --atom");
  add_filter_options(command, options);
  add_ranking_options(command, options);
  command.option("--fields", "KEYS", options.fields, "print these keys of a hit: atom,score");
  command.flag("--explain", options.explain, "say afterwards what was done, and why");
}

search::Query query_template(const QueryOptions& options, store::Store& store,
                             unsigned threads) {
  search::Query query;
  query.k = options.k;
  query.strategy = *search::find_strategy(options.strategy);
  query.candidates = options.candidates;
  query.recall = options.recall;
  query.metric = *index::find_metric(options.metric);
  query.threads = threads;
  query.stop_words =
      options.stop_words == "keep" ? search::StopWords::keep : search::StopWords::drop;
  query.fusion = *search::find_fusion(options.fusion);
  if (options.weights) query.weights = search::parse_weights(*options.weights);
  if (options.facets) query.facets = search::parse_facets(*options.facets);
  if (!options.rerank.empty()) query.rerank = search::RerankModel::load(options.rerank);
  query.graph.hops = options.hops.value_or(static_cast<unsigned>(query.graph.hops));
  query.graph.types = options.types;
  query.filter = make_filter(options, store);
  // The map that the filter means, until the question brings a model of its own.
  if (!query.filter.spatial.empty()) query.model = choose_model(store, options.model);
  return query;
}

void require_embeddable(const QueryOptions& options) {
  const bool image = !options.image.empty();
  if (image || !options.audio.empty())
    throw Error{Fault::unavailable, std::string{image ? "--image" : "--audio"} +
                                        ": the store has no embedding model for " +
                                        (image ? "images" : "audio")};
}

}  // namespace hart::search_tool
