#include "prov/export/csv_tables.h"

#include "prov/export/escape.h"
#include "prov/export/value_form.h"

namespace hart::prov::exports {

CsvTables::CsvTables(FolderSink& folder)
    : folder_{folder}, nodes_{folder.file("nodes.csv")}, edges_{folder.file("edges.csv")} {
  nodes_.put("id,name,labels,properties\r\n");
  edges_.put("id,start,end,type,properties\r\n");
}

void CsvTables::node(const ExportedNode& node) {
  trends_.node(node);
  std::string& out = nodes_.text();
  append_integer(out, node.id);
  out += ',';
  append_csv_field(out, node.name.text());
  json_ = "[";
  for (const std::string& label : node.labels) {
    if (json_.size() > 1) json_ += ',';
    append_json_string(json_, label);
  }
  json_ += ']';
  out += ',';
  append_csv_field(out, json_);
  json_.clear();
  append_json(json_, node.properties);
  out += ',';
  append_csv_field(out, json_);
  out += "\r\n";
  nodes_.written();
}

void CsvTables::edge(const ExportedEdge& edge) {
  trends_.edge(edge);
  std::string& out = edges_.text();
  for (const std::int64_t number : {edge.edge.id, edge.edge.start, edge.edge.end}) {
    append_integer(out, number);
    out += ',';
  }
  append_csv_field(out, edge.type);
  json_.clear();
  append_json(json_, edge.properties);
  out += ',';
  append_csv_field(out, json_);
  out += "\r\n";
  edges_.written();
}

void CsvTables::finish() {
  nodes_.flush();
  edges_.flush();
  trends_.write_days(folder_.file("trend_days.csv"));
  trends_.write_models(folder_.file("trend_models.csv"));
}

}  // namespace hart::prov::exports
