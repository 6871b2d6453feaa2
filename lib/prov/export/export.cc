#include "prov/export/export.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <memory>

#include "core/error.h"
#include "prov/export/csv_tables.h"
#include "prov/export/cypher_script.h"
#include "prov/export/dot.h"
#include "prov/export/graphml.h"
#include "prov/export/neo4j_csv.h"
#include "prov/export/prov_mapping.h"
#include "prov/export/prov_writers.h"
#include "prov/export/svg_drawing.h"

namespace hart::prov::exports {
namespace {

constexpr std::array<std::string_view, 8> kFormatNames{
    "cypher", "neo4j-csv", "prov-json", "prov-n", "graphml", "dot", "svg", "csv"};

ScanCounts run(const cypher::Graph& graph, const ExportRequest& request, GraphFormat& format) {
  const ScanCounts counts = scan(graph, request.selection, format, request.step);
  format.finish();
  return counts;
}

template <typename Writer>
ScanCounts run_prov(const cypher::Graph& graph, const ExportRequest& request, ByteSink& sink) {
  Writer writer{sink};
  ProvMapping mapping{request.tenant, writer};
  return run(graph, request, mapping);
}

template <typename Format>
ScanCounts run_format(const cypher::Graph& graph, const ExportRequest& request,
                      ByteSink& sink) {
  Format format{sink};
  return run(graph, request, format);
}

ScanCounts run_svg(const cypher::Graph& graph, const ExportRequest& request, ByteSink& sink) {
  if (!request.selection.root)
    throw Error{Fault::usage, "svg draws the evidence chain of one inference: name it"};
  ChainCollector collector{*request.selection.root};
  const ScanCounts counts = scan(graph, request.selection, collector, request.step);
  draw_chain(collector.chain(), sink);
  return counts;
}

}  // namespace

std::vector<std::string> export_format_names() {
  return {kFormatNames.begin(), kFormatNames.end()};
}

ExportFormat export_format(std::string_view name) {
  const auto found = std::ranges::find(kFormatNames, name);
  assert(found != kFormatNames.end());
  return static_cast<ExportFormat>(found - kFormatNames.begin());
}

bool is_folder_format(ExportFormat format) noexcept {
  return format == ExportFormat::neo4j_csv || format == ExportFormat::csv;
}

ScanCounts export_graph(const cypher::Graph& graph, const ExportRequest& request,
                        ByteSink& sink) {
  switch (request.format) {
    case ExportFormat::cypher:
      return run_format<CypherScript>(graph, request, sink);
    case ExportFormat::prov_json:
      return run_prov<ProvJson>(graph, request, sink);
    case ExportFormat::prov_n:
      return run_prov<ProvN>(graph, request, sink);
    case ExportFormat::graphml:
      return run_format<GraphMl>(graph, request, sink);
    case ExportFormat::dot:
      return run_format<Dot>(graph, request, sink);
    case ExportFormat::svg:
      return run_svg(graph, request, sink);
    case ExportFormat::neo4j_csv:
    case ExportFormat::csv:
      break;
  }
  throw Error{Fault::usage, "the format is a folder of files"};
}

ScanCounts export_graph(const cypher::Graph& graph, const ExportRequest& request,
                        FolderSink& folder) {
  if (request.format == ExportFormat::csv) {
    CsvTables tables{folder};
    return run(graph, request, tables);
  }
  if (request.format != ExportFormat::neo4j_csv)
    throw Error{Fault::usage, "the format is one file"};
  Neo4jCsv files{folder};
  return run(graph, request, files);
}

cypher::NodeId inference_node(const cypher::Graph& graph, const std::string& inference) {
  const cypher::NodeFilter filter{{"Inference"}, {{"inference_id", inference}}};
  std::array<cypher::NodeId, 64> found;
  cypher::NodeId after = -1;
  for (;;) {
    const std::size_t count = graph.nodes(filter, after, found);
    // A graph may give more nodes than the filter asks for.
    for (std::size_t i = 0; i < count; ++i) {
      const cypher::Value id = graph.node_property(found[i], "inference_id");
      if (graph.has_label(found[i], "Inference") && id.kind() == cypher::Kind::string &&
          id.string() == inference)
        return found[i];
    }
    if (count < found.size())
      throw Error{Fault::no_input, "no inference '" + inference + "' in the graph"};
    after = found[count - 1];
  }
}

}  // namespace hart::prov::exports
