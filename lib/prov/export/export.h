#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "prov/cypher/graph.h"
#include "prov/export/folder_sink.h"
#include "prov/export/graph_scan.h"

namespace hart::prov::exports {

enum class ExportFormat : std::uint8_t {
  cypher,
  neo4j_csv,
  prov_json,
  prov_n,
  graphml,
  dot,
  svg,
  csv,
};

/// The names that people use: "cypher", "neo4j-csv", …
[[nodiscard]] std::vector<std::string> export_format_names();
/// Precondition: one of those names.
[[nodiscard]] ExportFormat export_format(std::string_view name);
/// Whether the format is a folder of files.
[[nodiscard]] bool is_folder_format(ExportFormat format) noexcept;

/// What is exported, and in whose name (the agent of PROV).
struct ExportRequest {
  ExportFormat format = ExportFormat::cypher;
  Selection selection;
  std::string tenant = "default";
  std::function<void()> step{};  ///< called before each node; may throw to end the export
};

/// Writes a graph as one file. The same graph gives the same bytes. Memory does not grow with
/// the graph, only with the selection when it has a root; formats that put first what is known
/// last go through a spool. Error(usage) for ExportFormat::svg without a root. Precondition: no
/// folder format.
ScanCounts export_graph(const cypher::Graph& graph, const ExportRequest& request,
                        ByteSink& sink);
/// The same for the folder formats.
ScanCounts export_graph(const cypher::Graph& graph, const ExportRequest& request,
                        FolderSink& folder);

/// The node of an inference, by its UUID as text. Throws Error(no_input).
[[nodiscard]] cypher::NodeId inference_node(const cypher::Graph& graph,
                                            const std::string& inference);

}  // namespace hart::prov::exports
