#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "prov/export/byte_sink.h"
#include "prov/export/graph_format.h"

namespace hart::prov::exports {

/// What happened on each day (UTC) with each task, and with each model: tables to draw trends
/// from. Their size depends on the days, tasks and models alone.
class Trends {
 public:
  /// `graph` outlives what is shown of it.
  void begin(const cypher::Graph& graph) { graph_ = &graph; }
  /// Nodes come with their names.
  void node(const ExportedNode& node);
  void edge(const ExportedEdge& edge);

  /// day,task_type,inferences,tokens_in,tokens_out,mean_confidence,mean_seconds,length_stops
  void write_days(ByteSink& sink) const;
  /// day,model_id,model_name,inferences,mean_contribution
  void write_models(ByteSink& sink) const;

 private:
  struct Mean {
    double sum = 0;
    std::uint64_t count = 0;
    void add(double value) {
      sum += value;
      ++count;
    }
  };
  struct Day {
    std::uint64_t inferences = 0;
    std::uint64_t tokens_in = 0;
    std::uint64_t tokens_out = 0;
    std::uint64_t length_stops = 0;
    Mean confidence;
    Mean seconds;
  };
  struct ModelDay {
    std::uint64_t inferences = 0;
    Mean contribution;
  };
  using Key = std::pair<std::string, std::string>;

  std::map<Key, Day> days_;         ///< by day and task
  std::map<Key, ModelDay> models_;  ///< by day and model
  std::map<std::string, std::string> model_names_;
  const std::string& model_id(cypher::NodeId model);
  const cypher::Graph* graph_ = nullptr;
  std::map<cypher::NodeId, std::string> model_ids_;
  // An edge follows the node that it begins at.
  cypher::NodeId current_ = -1;
  std::string current_day_;
};

}  // namespace hart::prov::exports
