// Writes a graph with values of every kind in every format, and what is in it as plain JSON,
// for export_formats.py to read back with parsers that are not ours.
//
//     export_sample FOLDER

#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "prov/cypher/scratch_graph.h"
#include "prov/cypher/temporal.h"
#include "prov/export/export.h"

namespace {

using namespace hart;
using prov::cypher::Map;
using prov::cypher::NodeId;
using prov::cypher::ScratchGraph;
using prov::cypher::Value;

/// Texts that each format has trouble with in a way of its own.
const std::vector<std::string>& hard_texts() {
  static const std::vector<std::string> texts{
      "",
      " ",
      "plain",
      "it's \"quoted\" `ticked`",
      "back\\slash \\n \\u0041 \\N \\",
      "a,b;c\td\r\ne\nf\rg",
      "<&>]]>&amp;&#10;<!--",
      "\u00e9\u4e2d\U0001F600 e\u0301 \u202Eabc\u202C",
      std::string{"nul\0in", 6},
      "control \x01\x02\x1B\x1F\x7F end",
      "noncharacter \uFFFE \uFFFF",
      "broken \xC3( \xE2\x82 \xF0\x9F\x98 \xFF\xED\xA0\x80 end \xC3",
      "{\"json\": [1, null]} %7B $1 {{x}}",
      "=1+1",
      "'; MATCH (n) DETACH DELETE n; //",
      "\\u0027 \\u0060",
  };
  return texts;
}

std::vector<Value> plain_values() {
  std::vector<Value> values{true,
                            false,
                            std::int64_t{0},
                            std::int64_t{-1},
                            std::numeric_limits<std::int64_t>::max(),
                            std::numeric_limits<std::int64_t>::min(),
                            0.0,
                            -0.0,
                            0.1,
                            1e22,
                            -2.5e-300,
                            5e-324,
                            1.7976931348623157e308};
  for (const std::string& text : hard_texts()) values.emplace_back(text);
  return values;
}

std::vector<Value> temporal_values() {
  using prov::cypher::parse_temporal;
  using prov::cypher::TemporalKind;
  std::vector<Value> values;
  const auto add = [&](TemporalKind kind, const char* text) {
    values.emplace_back(parse_temporal(kind, text));
  };
  add(TemporalKind::datetime, "2026-11-22T09:30:00.123456Z");
  add(TemporalKind::datetime, "2026-11-22T09:30+05:30");
  add(TemporalKind::datetime, "1969-12-31T23:59:59.999999999-11:00");
  add(TemporalKind::datetime, "2026-07-01T12:00[Europe/Berlin]");
  add(TemporalKind::localdatetime, "2026-11-22T09:30");
  add(TemporalKind::date, "2024-02-29");
  add(TemporalKind::time, "09:30:01.5+01:00");
  add(TemporalKind::localtime, "23:59:59");
  values.emplace_back(prov::cypher::parse_duration("P1Y2M3DT4H5M6.7S"));
  values.emplace_back(prov::cypher::parse_duration("P1M-3D"));
  return values;
}

std::vector<Value> nested_values() {
  using prov::cypher::List;
  return {List{},
          List{std::int64_t{1}, std::int64_t{2}},
          List{"a", "b;c", ""},
          List{"a", "b"},
          List{true, "mixed", Value{}},
          List{List{std::int64_t{1}}, List{}},
          Map{{"key", "value"}, {"a b", List{1.5}}},
          prov::cypher::Node{0},
          prov::cypher::Edge{0, 0, 1, 0},
          prov::cypher::Path{{0, 1}, {{0, 0, 1, 0}}}};
}

/// What a reader must find, written by other code than the exporters'.
Json expected_value(const Value& value) {
  using prov::cypher::Kind;
  switch (value.kind()) {
    case Kind::boolean:
      return {{"kind", "boolean"}, {"value", value.boolean()}};
    case Kind::integer:
      return {{"kind", "integer"}, {"value", std::to_string(value.integer())}};
    case Kind::floating: {
      char text[64];
      std::snprintf(text, sizeof text, "%a", value.floating());
      return {{"kind", "float"}, {"value", text}};
    }
    case Kind::string:
      // The bytes, broken UTF-8 included: the reader decodes them its own way.
      return {{"kind", "string"}, {"value", to_hex(as_bytes(value.string()))}};
    case Kind::list: {
      Json items = Json::array();
      for (const Value& item : value.list()) items.push_back(expected_value(item));
      return {{"kind", "list"}, {"value", items}};
    }
    case Kind::duration:
      return {{"kind", "duration"}, {"value", prov::cypher::duration_text(value.duration())}};
    case Kind::map:
    case Kind::node:
    case Kind::relationship:
    case Kind::path:
      return {{"kind", "nested"}};
    case Kind::null:
      return {{"kind", "null"}};
    default:
      // "a datetime"
      return {{"kind", prov::cypher::kind_name(value.kind()).substr(2)},
              {"value", prov::cypher::temporal_text(value.temporal())}};
  }
}

Json expected_properties(const Map& properties) {
  Json json = Json::object();
  for (const auto& [key, value] : properties) json[key] = expected_value(value);
  return json;
}

class Sample {
 public:
  Sample() {
    inference();
    for (const Value& value : plain_values()) single(value);
    for (const Value& value : temporal_values()) single(value);
    for (const Value& value : nested_values()) single(value);
    typed_columns();
    random_graph();
  }

  [[nodiscard]] const ScratchGraph& graph() const { return graph_; }
  [[nodiscard]] const Json& expected() const { return expected_; }

 private:
  NodeId node(std::vector<std::string> labels, Map properties) {
    const NodeId id = graph_.create_node(std::move(labels), std::move(properties));
    expected_["nodes"].push_back(
        {{"id", id},
         {"labels", graph_.labels(id)},
         {"properties", expected_properties(graph_.node_properties(id))}});
    return id;
  }
  void edge(NodeId start, NodeId end, const std::string& type, Map properties) {
    const auto edge = graph_.create_edge(start, end, type, std::move(properties));
    expected_["edges"].push_back(
        {{"id", edge.id},
         {"start", start},
         {"end", end},
         {"type", type},
         {"properties", expected_properties(graph_.edge_properties(edge))}});
  }

  /// A provenance graph as the store has it, with hard texts where texts are.
  void inference() {
    const auto& texts = hard_texts();
    const Value time = temporal_values().at(0);
    const NodeId asked =
        node({"Inference"}, {{"inference_id", "0192f0c0-a000-7000-8000-00000000000a"},
                             {"timestamp", time},
                             {"completed", time},
                             {"task_type", "generate_text"},
                             {"confidence", 0.75},
                             {"tokens_in", std::int64_t{7}},
                             {"tokens_out", std::int64_t{9}},
                             {"prompt", texts.at(5)},
                             {"erased", Value{}}});
    const NodeId model = node({"Model"}, {{"model_id", "tree:00ff"}, {"name", texts.at(3)}});
    const NodeId decision =
        node({"Decision"}, {{"decision_id", "0192/decision"}, {"output_text", texts.at(7)}});
    const NodeId mode = node({"ReasoningMode"}, {{"type", "cot"}});
    const NodeId atom = node({"Atom"}, {{"atom_id", "sha256:00ff"}, {"text", texts.at(6)}});
    edge(asked, model, "USED_MODEL", {{"contribution_weight", 1.0}});
    edge(asked, mode, "USED_REASONING", {{"weight", 1.0}, {"num_operations", std::int64_t{3}}});
    edge(asked, decision, "RESULTED_IN", {});
    for (int i = 0; i < 3; ++i) {
      const std::string number = std::to_string(i);
      const NodeId evidence = node(
          {"Evidence"}, {{"evidence_id", "0192/evidence/" + number}, {"content", texts.at(4)}});
      edge(decision, evidence, "SUPPORTED_BY", {{"strength", 0.25 * i}});
      edge(evidence, atom, "FROM_ATOM", {});
      // Several between the same two nodes, which only the properties tell apart.
      edge(asked, atom, "USED_ATOM", {{"role", "evidence"}, {"sequence", std::int64_t{i}}});
      const NodeId other =
          node({"Alternative"}, {{"alternative_id", "0192/token/1/alternative/" + number},
                                 {"description", texts.at(11)}});
      edge(decision, other, "CONSIDERED_ALTERNATIVE", {{"position", std::int64_t{1}}});
    }
    edge(asked, asked, "INFLUENCED_BY", {{"how", "itself"}});
  }

  void single(const Value& value) {
    node({"Value"}, {{"value", value}, {"a key `with\" marks", value}});
  }

  /// Columns that have one type, columns that have to be widened, and missing fields.
  void typed_columns() {
    node({"Evidence"}, {{"evidence_id", "t1"},
                        {"rank", std::int64_t{1}},
                        {"weight", std::int64_t{1}},
                        {"flag", true}});
    node({"Evidence"},
         {{"evidence_id", "t2"}, {"rank", std::int64_t{2}}, {"weight", 0.5}, {"flag", "no"}});
    node({"Evidence", "Second label"}, {{"evidence_id", "t3"}});
  }

  void random_graph() {
    std::mt19937 random{20261122};
    const std::vector<std::string> types{"KNOWS", "is a", "we`ird\\u0060", "\u00fcber"};
    std::vector<NodeId> ids;
    for (int i = 0; i < 400; ++i) {
      std::string text;
      for (unsigned n = random() % 40; n > 0; --n) text += static_cast<char>(random() % 256);
      ids.push_back(node(i % 3 == 0
                             ? std::vector<std::string>{}
                             : std::vector<std::string>{"Random", "N" + std::to_string(i % 2)},
                         {{"text", text}, {"number", std::int64_t{i}}}));
    }
    for (int i = 0; i < 900; ++i)
      edge(ids[random() % ids.size()], ids[random() % ids.size()],
           types[random() % types.size()],
           {{"weight", static_cast<double>(random() % 1000) / 1000}});
  }

  ScratchGraph graph_;
  Json expected_{{"nodes", Json::array()}, {"edges", Json::array()}};
};

void write(const std::string& path, std::string_view text) {
  prov::exports::FileSink file{path};
  file.write(text);
  file.commit();
}

void export_all(const std::string& folder) {
  const Sample sample;
  write(folder + "/expected.json", sample.expected().dump());
  for (const std::string& name : prov::exports::export_format_names()) {
    prov::exports::ExportRequest request;
    request.format = prov::exports::export_format(name);
    if (request.format == prov::exports::ExportFormat::svg) request.selection = {0, 3};
    if (prov::exports::is_folder_format(request.format)) {
      prov::exports::DiskFolder files{folder + "/" + name};
      (void)prov::exports::export_graph(sample.graph(), request, files);
      files.commit();
    } else {
      prov::exports::FileSink file{folder + "/" + name};
      (void)prov::exports::export_graph(sample.graph(), request, file);
      file.commit();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("export_sample FOLDER\n", stderr);
    return 2;
  }
  try {
    export_all(argv[1]);
    return 0;
  } catch (const hart::Error& error) {
    std::fprintf(stderr, "export_sample: %s\n", error.what());
    return static_cast<int>(error.fault());
  }
}
