#pragma once

#include <string>

#include "prov/export/folder_sink.h"
#include "prov/export/graph_format.h"
#include "prov/export/trends.h"

namespace hart::prov::exports {

/// Flat tables (RFC 4180): nodes.csv (id,name,labels,properties) and edges.csv
/// (id,start,end,type,properties), where labels are a JSON array and properties a JSON object;
/// and trend_days.csv and trend_models.csv (see Trends).
class CsvTables : public GraphFormat {
 public:
  explicit CsvTables(FolderSink& folder);

  void begin(const cypher::Graph& graph) override { trends_.begin(graph); }
  void node(const ExportedNode& node) override;
  void edge(const ExportedEdge& edge) override;
  void finish() override;

 private:
  FolderSink& folder_;
  TextWriter nodes_;
  TextWriter edges_;
  Trends trends_;
  std::string json_;
};

}  // namespace hart::prov::exports
