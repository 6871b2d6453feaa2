#include <optional>
#include <string>

#include "commands.h"
#include "common/output.h"
#include "core/clock.h"
#include "core/error.h"
#include "graph_store.h"
#include "prov/export/export.h"
#include "prov/graph/store_graph.h"
#include "prov/stream.h"
#include "store/store.h"

namespace hart::cli {
namespace {

namespace exports = prov::exports;

struct ExportOptions {
  std::string format;
  std::string output;
  std::optional<std::string> inference;
  std::optional<unsigned> hops;
};

/// Standard output, as it is.
class OutputSink : public exports::ByteSink {
 public:
  explicit OutputSink(Output& out) : out_{out} {}
  void write(std::string_view bytes) override { out_.raw(as_bytes(bytes)); }

 private:
  Output& out_;
};

void report(const ExportOptions& options, const exports::ScanCounts& counts,
            std::uint64_t bytes, double seconds, Output& out) {
  out.write({{"type", "graph_export"},
             {"path", options.output},
             {"format", options.format},
             {"nodes", counts.nodes},
             {"edges", counts.edges},
             {"bytes", bytes},
             {"seconds", seconds}});
}

void check(const ExportOptions& options, const exports::ExportRequest& request) {
  if (options.hops && !options.inference)
    throw Error{Fault::usage, "--hops counts from an inference: name it"};
  if (exports::is_folder_format(request.format) && options.output == "-")
    throw Error{Fault::usage, options.format + " is a folder of files: name it with -o"};
  if (request.format == exports::ExportFormat::svg && !options.inference)
    throw Error{Fault::usage, "svg draws the evidence chain of one inference: name it"};
}

int export_graph(const ExportOptions& options, Context& context) {
  exports::ExportRequest request;
  request.format = exports::export_format(options.format);
  check(options, request);
  store::Store store = open_graph_store(context);
  request.tenant = store.tenant_name();
  request.step = [&context] { context.check_interrupt(); };
  const store::Snapshot snapshot{store.db()};
  const prov::StoreGraph graph{store};
  if (options.inference) {
    const auto stream = prov::resolve_stream(store, *options.inference);
    request.selection.root = exports::inference_node(graph, uuid_text(stream.uuid));
    request.selection.hops = options.hops.value_or(request.selection.hops);
  }
  const double begin = steady_seconds();
  const auto seconds = [&] { return steady_seconds() - begin; };
  if (exports::is_folder_format(request.format)) {
    exports::DiskFolder folder{options.output};
    const auto counts = exports::export_graph(graph, request, folder);
    folder.commit();
    report(options, counts, folder.size(), seconds(), context.out);
  } else if (options.output == "-") {
    OutputSink sink{context.out};
    (void)exports::export_graph(graph, request, sink);
  } else {
    exports::FileSink sink{options.output};
    const auto counts = exports::export_graph(graph, request, sink);
    sink.commit();
    report(options, counts, sink.size(), seconds(), context.out);
  }
  return 0;
}

}  // namespace

void add_export_command(Command& tool) {
  Command& command = tool.subcommand("export", "The graph in the formats of other systems");
  auto& options = command.options<ExportOptions>();
  options.output = "-";
  command.positional("ID", options.inference,
                     "only what led to this answer: its UUID or 6 digits of it");
  command.option("--as", "FORMAT", options.format, "what to write")
      .choices(exports::export_format_names())
      .required();
  command.option("-o,--output", "FILE", options.output,
                 "the file, or for csv and neo4j-csv the folder; - for standard output");
  command.option("--hops", "N", options.hops, "how far from the inference; by default 3")
      .range(0, 100);
  command.action([&options](Context& context) { return export_graph(options, context); });
}

}  // namespace hart::cli
