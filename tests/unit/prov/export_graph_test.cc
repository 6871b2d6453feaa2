#include "prov/export/export.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "core/error.h"
#include "core/json.h"
#include "export_fixture.h"
#include "prov/export/dot.h"
#include "prov/export/folder_sink.h"

namespace hart::prov::exports {
namespace {

using cypher::NodeId;
using cypher::ScratchGraph;

std::string one_file(const ScratchGraph& graph, const std::string& format,
                     Selection selection = {}) {
  StringSink sink;
  (void)export_graph(graph, {export_format(format), selection, "default", {}}, sink);
  return sink.text;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + part.size()))
    ++count;
  return count;
}

/// A visitor that writes down what it is shown.
class Recorder : public GraphVisitor {
 public:
  void node(const ExportedNode& node) override { text += "(" + std::to_string(node.id) + ")"; }
  void edge(const ExportedEdge& edge) override {
    text += std::to_string(edge.edge.start) + "-" + edge.type + "->" +
            std::to_string(edge.edge.end) + " ";
  }
  std::string text;
};

TEST_CASE("export: a whole graph is shown once, however many batches it takes") {
  ScratchGraph graph;
  constexpr int kNodes = 700;
  for (int i = 0; i < kNodes; ++i) graph.create_node({"N"}, {});
  // A node with more relationships than a batch.
  for (int i = 0; i < kNodes; ++i) graph.create_edge(3, i, "T", {});
  graph.create_edge(kNodes - 1, 0, "T", {});
  Recorder recorder;
  const ScanCounts counts = scan(graph, {}, recorder);
  CHECK(counts.nodes == kNodes);
  CHECK(counts.edges == kNodes + 1);
  CHECK(count_of(recorder.text, "3-T->") == kNodes);
  CHECK(recorder.text.find("(2)(3)3-T->0 3-T->1 ") != std::string::npos);
}

TEST_CASE("export: a chain ends at its hops, and does not go on from atoms and models") {
  const test::SampleChain sample;
  const auto shown = [&](unsigned hops, bool through = true) {
    Recorder recorder;
    (void)scan(sample.graph, {sample.inference, hops, through}, recorder);
    return recorder.text;
  };
  const auto at = [](NodeId id) { return "(" + std::to_string(id) + ")"; };
  CHECK(shown(0) == at(sample.inference));
  CHECK(shown(1).find(at(sample.decision)) != std::string::npos);
  CHECK(shown(1).find(at(sample.evidence)) == std::string::npos);
  CHECK(shown(3).find(at(sample.atom)) != std::string::npos);
  CHECK(shown(9).find(at(sample.component)) == std::string::npos);
  CHECK(shown(9).find(at(sample.stranger)) == std::string::npos);
  CHECK(shown(9).find(at(sample.earlier_decision)) != std::string::npos);
  CHECK(shown(9, false).find(at(sample.earlier)) != std::string::npos);
  CHECK(shown(9, false).find(at(sample.earlier_decision)) == std::string::npos);
}

TEST_CASE("export: an inference is found by its UUID, and only an inference") {
  const test::SampleChain sample;
  CHECK(inference_node(sample.graph, test::SampleChain::kInference) == sample.inference);
  CHECK_THROWS_AS((void)inference_node(sample.graph, "nowhere"), Error);
}

TEST_CASE("cypher script: relationships that only properties tell apart stay apart") {
  ScratchGraph graph;
  const NodeId inference = graph.create_node({"Inference"}, {{"inference_id", "i"}});
  const NodeId atom = graph.create_node({"Atom"}, {{"atom_id", "a"}});
  for (const std::int64_t sequence : {0, 1})
    graph.create_edge(inference, atom, "USED_ATOM",
                      {{"role", "evidence"}, {"sequence", sequence}});
  const std::string script = one_file(graph, "cypher");
  CHECK(script.find(
            "MERGE (a)-[r:USED_ATOM {role: row.p.role, sequence: row.p.sequence}]->(b)") !=
        std::string::npos);
  CHECK(script.find("{a: 'i', b: 'a', p: {role: 'evidence', sequence: 1}}") !=
        std::string::npos);
  CHECK(
      script.find("CREATE CONSTRAINT hart_atom IF NOT EXISTS FOR (n:Atom) REQUIRE n.atom_id IS "
                  "UNIQUE;") != std::string::npos);
}

TEST_CASE("cypher script: statements are cut where they would grow with the graph") {
  ScratchGraph graph;
  for (int i = 0; i < 1201; ++i)
    graph.create_node({"Atom"}, {{"atom_id", "a" + std::to_string(i)}});
  CHECK(count_of(one_file(graph, "cypher"), "UNWIND [") == 3);
}

TEST_CASE("graphml: a key is as wide as the values that it has, and stands before the graph") {
  ScratchGraph graph;
  graph.create_node({}, {{"number", std::int64_t{1}}, {"flag", true}, {"labels", "own"}});
  graph.create_node({}, {{"number", 1.5}, {"flag", "maybe"}});
  const std::string text = one_file(graph, "graphml");
  const auto key = [&](const std::string& name, const std::string& type) {
    return text.find("attr.name=\"" + name + "\" attr.type=\"" + type + "\"");
  };
  CHECK(key("number", "double") < text.find("<graph "));
  CHECK(key("flag", "string") < text.find("<graph "));
  CHECK(key("property.labels", "string") < text.find("<graph "));
}

TEST_CASE("prov: the graph is told in the words of PROV") {
  const test::SampleChain sample;
  const std::string text = one_file(sample.graph, "prov-n");
  const std::string id = std::string{"hart:inference/"} + test::SampleChain::kInference;
  for (const std::string& part :
       {"activity(" + id + ", 2026-11-22T09:30:00.5Z, 2026-11-22T09:30:02Z, [",
        "wasAssociatedWith(" + id + ", hart:tenant/default, hart:model/tree%3A01",
        "wasGeneratedBy(hart:decision/d, " + id + ", -, [",
        std::string{"wasDerivedFrom(hart:decision/d, hart:evidence/e, -, -, -, ["},
        "used(" + id +
            ", hart:atom/sha256%3A02, -, [prov:type='hart:USED_ATOM', "
            "prov:role=\"evidence\"",
        "wasInfluencedBy(" + id + ", hart:inference/earlier, ["}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
  const Json json = Json::parse(one_file(sample.graph, "prov-json"));
  CHECK(json.at("agent").contains("hart:tenant/default"));
  CHECK(json.at("activity").at(id).at("prov:startTime") == "2026-11-22T09:30:00.5Z");
}

TEST_CASE("prov: a relationship between other nodes than its own is an influence") {
  ScratchGraph graph;
  graph.create_node({"A"}, {});
  graph.create_node({"B"}, {});
  graph.create_edge(0, 1, "RESULTED_IN", {});
  CHECK(one_file(graph, "prov-n")
            .find("wasInfluencedBy(hart:node/0, hart:node/1, "
                  "[prov:type='hart:RESULTED_IN'])") != std::string::npos);
}

TEST_CASE("csv: trends are the sums and means of each day, UTC") {
  const test::SampleChain sample;
  StringFolder folder;
  (void)export_graph(sample.graph, {ExportFormat::csv, {}, "default", {}}, folder);
  CHECK(folder.files.at("trend_days.csv").text ==
        "day,task_type,inferences,tokens_in,tokens_out,mean_confidence,mean_seconds,"
        "length_stops\r\n"
        ",\"\",1,0,0,,,0\r\n"
        "2026-11-21,\"generate_text\",1,3,4,,,1\r\n"
        "2026-11-22,\"generate_text\",1,7,9,0.75,1.5,0\r\n");
  CHECK(folder.files.at("trend_models.csv").text ==
        "day,model_id,model_name,inferences,mean_contribution\r\n"
        "2026-11-22,\"tree:01\",\"tiny\",1,0.5\r\n");
}

TEST_CASE("svg: the chain of an inference, and of what is not there that it is not") {
  const test::SampleChain sample;
  const std::string text = one_file(sample.graph, "svg", {sample.inference, 3, true});
  for (const char* part : {">what is a &lt;dog&gt;?<", ">an animal<", ">animals.md<",
                           ">strength 75.0 %<", ">Earlier answer<", ">(none, or erased)<"}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK_THROWS_AS((void)one_file(sample.graph, "svg"), Error);
  CHECK_THROWS_AS((void)one_file(sample.graph, "svg", {sample.decision, 3, true}), Error);
}

TEST_CASE("dot: a label is cut short at a character, on one line") {
  const ExportedNode node{1, {"Evidence"}, {{"content", " a\n\n\u00e9\u00e9\u00e9\u00e9"}}, {}};
  CHECK(node_summary(node, 60) == "a \u00e9\u00e9\u00e9\u00e9");
  CHECK(node_summary(node, 4) == "a \u00e9\u00e9\u2026");
}

TEST_CASE("dot: a node whose properties say nothing is called by its name") {
  ScratchGraph graph;
  graph.create_node({"Alternative"}, {{"alternative_id", "7"}, {"description", " \n"}});
  graph.create_node({"Alternative"}, {{"alternative_id", "8"}, {"description", "red"}});
  graph.create_node({"Strange"}, {{"alternative_id", "9"}});
  const std::string text = one_file(graph, "dot");
  CHECK(text.find("n0 [label=\"Alternative\\nalternative/7\"") != std::string::npos);
  CHECK(text.find("n1 [label=\"Alternative\\nred\"") != std::string::npos);
  CHECK(text.find("n2 [label=\"Strange\\nnode/2\"") != std::string::npos);
}

TEST_CASE("neo4j csv: rows come back whole, also those that are longer than a read") {
  ScratchGraph graph;
  const std::string text(300'000, 'x');
  for (int i = 0; i < 8; ++i)
    graph.create_node({"N"}, {{"text", text}, {"k" + std::to_string(i % 3), std::int64_t{i}}});
  graph.create_node({"N"}, {{"a", "first"}});
  StringFolder folder;
  (void)export_graph(graph, {ExportFormat::neo4j_csv, {}, "default", {}}, folder);
  const std::string& nodes = folder.files.at("nodes.csv").text;
  CHECK(nodes.starts_with(
      ":ID,:LABEL,\"a:string\",\"k0:long\",\"k1:long\",\"k2:long\",\"text:string\"\n"));
  CHECK(nodes.find("\n4,\"N\",,,4,,\"" + text + "\"\n") != std::string::npos);
  CHECK(nodes.ends_with("\n8,\"N\",\"first\",,,,\n"));
}

TEST_CASE("spool: what is written comes back in order, also past what is kept in memory") {
  Spool spool;
  std::string expected;
  for (int i = 0; i < 60'000; ++i) {
    const std::string line = "line " + std::to_string(i) + " with some text\n";
    spool.write(line);
    expected += line;
  }
  REQUIRE(expected.size() > (1u << 20));
  CHECK(spool.size() == expected.size());
  for (int round = 0; round < 2; ++round) {
    StringSink sink;
    spool.copy_to(sink);
    CHECK(sink.text == expected);
  }
}

TEST_CASE("file sink: nothing is there before it is complete, and what was there stays") {
  const test::ScratchFolder scratch;
  const std::string path = scratch.path() + "/export";
  const auto content = [&] {
    std::stringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
  };
  {
    FileSink sink{path};
    sink.write("half");
  }
  CHECK(!std::filesystem::exists(path));
  CHECK(!std::filesystem::exists(path + ".partial"));
  FileSink first{path};
  first.write("whole");
  first.commit();
  { FileSink second{path}; }
  CHECK(content() == "whole");
  CHECK_THROWS_AS(FileSink{scratch.path()}, Error);
  CHECK_THROWS_AS(FileSink{scratch.path() + "/none/file"}, Error);
  CHECK_THROWS_AS(FileSink{"/dev/null"}, Error);
}

}  // namespace
}  // namespace hart::prov::exports
