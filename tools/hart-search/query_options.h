#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/cli.h"
#include "search/query.h"
#include "store/store.h"

namespace hart::search_tool {

/// The options of `hart-search query`, as given.
struct QueryOptions {
  std::vector<std::string> text;
  unsigned k = 10;
  std::string strategy = "auto";
  unsigned candidates = 100;
  double recall = 0.95;
  std::string metric = "cosine";
  std::string vector;
  std::string atom;
  std::string image;
  std::string audio;
  std::string embedder;
  std::string model;
  std::optional<std::string> modality;
  std::optional<std::string> since;
  std::optional<std::string> until;
  std::optional<std::string> where;
  std::optional<std::string> within;
  std::optional<std::string> box;
  std::optional<std::string> near;
  std::optional<double> radius;
  std::optional<std::string> near_atom;
  std::optional<unsigned> hops;
  std::vector<std::string> types;
  std::string stop_words = "drop";
  std::string fusion = "rrf";
  std::optional<std::string> weights;
  std::string rerank;
  std::optional<std::string> facets;
  std::string fields;
  bool explain = false;
};

/// Declares them.
void add_query_options(cli::Command& command, QueryOptions& options);

/// What all queries of a run have in common: everything but what is asked. Reads the rerank
/// model's file. Throws Error(usage) on options that do not fit, and as the parsers of their
/// values do.
[[nodiscard]] search::Query query_template(const QueryOptions& options, store::Store& store,
                                           unsigned threads);

/// Throws Error(unavailable) when the query is made of something that no embedding model of the
/// store embeds.
void require_embeddable(const QueryOptions& options);

}  // namespace hart::search_tool
