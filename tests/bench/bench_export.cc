// Megabytes of output a second for each format of `hart-prov export`: of a made-up graph in
// memory, which measures the formats alone, and of a store's provenance graph. JSON lines; the
// time of the processor stands beside that of the clock, for a machine that does more.

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "prov/cypher/scratch_graph.h"
#include "prov/cypher/temporal.h"
#include "prov/export/export.h"
#include "prov/graph/derivation.h"
#include "prov/graph/store_graph.h"
#include "prov/receipt_sink.h"
#include "prov/schema.h"
#include "scratch_directory.h"

namespace {

using namespace hart;
using prov::cypher::NodeId;
using prov::cypher::Value;

/// Counts, and keeps nothing.
class NullSink : public prov::exports::ByteSink {
 public:
  void write(std::string_view bytes) override { size += bytes.size(); }
  std::uint64_t size = 0;
};

class NullFolder : public prov::exports::FolderSink {
 public:
  prov::exports::ByteSink& file(const std::string&) override { return sink; }
  NullSink sink;
};

std::string sentence(std::size_t number, std::size_t words) {
  static const std::array<const char*, 8> kWords{"the",    "dog", "\"is\"", "an",
                                                 "animal", "of",  "many",   "colours\n"};
  std::string text;
  for (std::size_t i = 0; i < words; ++i) {
    text += kWords[(number + i * i) % kWords.size()];
    text += ' ';
  }
  return text;
}

/// Inferences with a decision, four pieces of evidence and eight alternatives each.
void fill(prov::cypher::ScratchGraph& graph, std::size_t inferences) {
  const Value time = prov::cypher::from_epoch(1'700'000'000, 123'456'000);
  const NodeId model = graph.create_node({"Model"}, {{"model_id", "tree:00"}, {"name", "m"}});
  for (std::size_t i = 0; i < inferences; ++i) {
    const std::string id = "0192f0c0-a000-7000-8000-" + std::to_string(100'000'000'000 + i);
    const NodeId asked = graph.create_node({"Inference"}, {{"inference_id", id},
                                                           {"timestamp", time},
                                                           {"completed", time},
                                                           {"task_type", "generate_text"},
                                                           {"confidence", 0.75},
                                                           {"tokens_in", std::int64_t{25}},
                                                           {"tokens_out", std::int64_t{32}},
                                                           {"prompt", sentence(i, 20)}});
    const NodeId answer = graph.create_node(
        {"Decision"},
        {{"decision_id", id + "/decision"}, {"output_text", sentence(i + 1, 30)}});
    graph.create_edge(asked, model, "USED_MODEL", {{"contribution_weight", 1.0}});
    graph.create_edge(asked, answer, "RESULTED_IN", {});
    for (std::size_t n = 0; n < 4; ++n) {
      const NodeId evidence = graph.create_node(
          {"Evidence"}, {{"evidence_id", id + "/evidence/" + std::to_string(n)},
                         {"content", sentence(i + n, 40)},
                         {"source", "animals.md"},
                         {"rank", static_cast<std::int64_t>(n)}});
      graph.create_edge(answer, evidence, "SUPPORTED_BY", {{"strength", 0.125 * n}});
    }
    for (std::size_t n = 0; n < 8; ++n) {
      const NodeId other = graph.create_node(
          {"Alternative"},
          {{"alternative_id", id + "/token/1/alternative/" + std::to_string(n)},
           {"description", " word"},
           {"confidence", 0.0625 * n}});
      graph.create_edge(answer, other, "CONSIDERED_ALTERNATIVE",
                        {{"position", std::int64_t{1}}});
    }
  }
}

void measure(const prov::cypher::Graph& graph, const char* source) {
  for (const std::string& name : prov::exports::export_format_names()) {
    prov::exports::ExportRequest request;
    request.format = prov::exports::export_format(name);
    // A drawing is of one inference.
    if (request.format == prov::exports::ExportFormat::svg) continue;
    NullSink sink;
    NullFolder folder;
    const double begin = steady_seconds();
    const std::clock_t cpu_begin = std::clock();
    const auto counts = prov::exports::is_folder_format(request.format)
                            ? prov::exports::export_graph(graph, request, folder)
                            : prov::exports::export_graph(graph, request, sink);
    const double seconds = steady_seconds() - begin;
    const double cpu_seconds =
        static_cast<double>(std::clock() - cpu_begin) / static_cast<double>(CLOCKS_PER_SEC);
    const auto bytes = static_cast<double>(sink.size + folder.sink.size);
    const Json line{{"bench", "export"},
                    {"graph", source},
                    {"format", name},
                    {"nodes", counts.nodes},
                    {"edges", counts.edges},
                    {"bytes", sink.size + folder.sink.size},
                    {"seconds", seconds},
                    {"cpu_seconds", cpu_seconds},
                    {"megabytes_per_s", bytes / 1e6 / seconds},
                    {"megabytes_per_cpu_s", bytes / 1e6 / cpu_seconds}};
    std::printf("%s\n", dump_json(line).c_str());
    std::fflush(stdout);
  }
}

/// Receipts as the sink writes them: a prompt, four pieces of evidence, 32 tokens with two
/// alternatives each.
void write_receipts(store::Store& store, std::size_t count) {
  prov::ReceiptSink sink{store};
  for (std::size_t i = 0; i < count; ++i) {
    GenerationBegin begin;
    begin.started = 1'700'000'000'000'000 + static_cast<TimeUs>(i);
    begin.operation = "generate_text";
    begin.models = {{{IdSpace::structure, crypto::sha256(as_bytes("model"))}, "model.gguf"}};
    begin.parameters = {{"temperature", 0.7}, {"top_k", 40}};
    begin.prompt = sentence(i, 20);
    for (std::size_t n = 0; n < 4; ++n) {
      // Of a library of a few thousand passages some are found again and again.
      const std::size_t passage = (i * 7 + n * n * 1'009) % 4'096;
      const std::string text = std::to_string(passage) + ". " + sentence(i + n, 38);
      begin.evidence.push_back(
          {{IdSpace::content, crypto::sha256(as_bytes(text))}, 0.25, text, "animals.md"});
    }
    sink.begin(begin);
    for (int n = 0; n < 32; ++n) {
      GeneratedToken token;
      token.token = n;
      token.logprob = -0.5F;
      token.text = " word";
      token.alternatives = {{n + 1, -1.5F, " other"}, {n + 2, -2.5F, " third"}};
      token.evidence = {static_cast<std::uint32_t>(n) % 4};
      sink.token(token);
    }
    GenerationEnd end;
    end.completed = begin.started + 1000;
    end.output = sentence(i + 1, 30);
    end.finish_reason = "stop";
    end.tokens_in = 25;
    end.tokens_out = 32;
    (void)sink.end(end);
  }
}

void measure_store(std::size_t receipts) {
  const bench::ScratchDirectory directory;
  const std::array<store::SchemaModule, 2> modules{store::catalog_schema(),
                                                   prov::prov_schema()};
  store::Store::create(directory.store(), modules);
  store::Store store{{directory.store(), "default", 60'000, true}};
  write_receipts(store, receipts);
  prov::derive_graph(store);
  const store::Snapshot snapshot{store.db()};
  measure(prov::StoreGraph{store}, "store");
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::string{argv[1]} == "--smoke";
  try {
    {
      prov::cypher::ScratchGraph graph;
      fill(graph, smoke ? 20 : 20'000);
      measure(graph, "memory");
    }
    measure_store(smoke ? 10 : 2'000);
    return 0;
  } catch (const hart::Error& error) {
    std::fprintf(stderr, "bench_export: %s\n", error.what());
    return static_cast<int>(error.fault());
  }
}
