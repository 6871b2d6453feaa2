#include "prov/export/cypher_script.h"

#include "prov/export/escape.h"
#include "prov/export/value_form.h"

namespace hart::prov::exports {
namespace {

constexpr std::string_view kNumberedLabel = "HartNode";
// A statement is parsed whole, so it is kept small; a transaction of a few hundred rows is
// where Neo4j's manual sees the best rate.
constexpr std::uint32_t kRowsOfStatement = 500;
constexpr std::size_t kBytesOfStatement = 1 << 18;
constexpr std::size_t kStatementsAtOnce = 64;

void append_constraint(std::string& out, std::string_view label, std::string_view key) {
  out += "CREATE CONSTRAINT hart_";
  for (const char c : label) out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  out += " IF NOT EXISTS FOR (n:";
  out += label;
  out += ") REQUIRE n.";
  out += key;
  out += " IS UNIQUE;\n";
}

std::string_view key_of(const NodeName& name) {
  return name.known == nullptr ? kNumberKey : name.known->key;
}

/// (a:Inference {inference_id: row.a})
std::string merge_pattern(const char* variable, const NodeName& name) {
  std::string text = "(";
  text += variable;
  text += ':';
  text += name.known == nullptr ? kNumberedLabel : name.known->label;
  text += " {";
  text += key_of(name);
  text += ": row.";
  text += variable;
  return text + "})";
}

void append_key(std::string& out, const NodeName& name) {
  append_cypher(out,
                name.known == nullptr ? cypher::Value{name.id} : cypher::Value{name.value});
}

/// Labels beside the one that the node is found by.
std::string other_labels(const ExportedNode& node) {
  std::string text;
  for (const std::string& label : node.labels) {
    if (node.name.known != nullptr && label == node.name.known->label) continue;
    text += ':';
    append_cypher_name(text, label);
  }
  return text;
}

/// {role: row.p.role, sequence: row.p.sequence}
std::string edge_pattern(const std::vector<std::string_view>& keys) {
  std::string text;
  for (const std::string_view key : keys) {
    text += text.empty() ? " {" : ", ";
    text += key;
    text += ": row.p.";
    text += key;
  }
  return text.empty() ? text : text + "}";
}

}  // namespace

std::string cypher_constraints() {
  std::string text;
  for (const KnownLabel& known : known_labels())
    append_constraint(text, known.label, known.key);
  append_constraint(text, kNumberedLabel, kNumberKey);
  return text;
}

CypherScript::CypherScript(ByteSink& sink, bool with_constraints) : out_{sink} {
  if (with_constraints) out_.put(cypher_constraints());
}

void CypherScript::node(const ExportedNode& node) {
  std::string statement = "MERGE " + merge_pattern("n", node.name) + "\nSET n = row.p";
  if (const std::string labels = other_labels(node); !labels.empty())
    statement += "\nSET n" + labels;
  row_ = "{n: ";
  append_key(row_, node.name);
  row_ += ", p: ";
  if (node.name.known == nullptr) {
    cypher::PropertyRow properties = node.properties;
    properties.set(kNumberKey, node.id);
    append_cypher(row_, properties);
  } else {
    append_cypher(row_, node.properties);
  }
  row_ += '}';
  add_row(nodes_, statement, row_);
}

void CypherScript::edge(const ExportedEdge& edge) {
  const bool numbered = edge.start.known == nullptr || edge.end.known == nullptr;
  const std::vector<std::string_view> keys =
      numbered ? std::vector{kNumberKey} : edge_keys(edge.properties);
  std::string statement = "MERGE " + merge_pattern("a", edge.start) + "\nMERGE " +
                          merge_pattern("b", edge.end) + "\nMERGE (a)-[r:";
  append_cypher_name(statement, edge.type);
  statement += edge_pattern(keys) + "]->(b)\nSET r = row.p";
  row_ = "{a: ";
  append_key(row_, edge.start);
  row_ += ", b: ";
  append_key(row_, edge.end);
  row_ += ", p: ";
  if (numbered) {
    cypher::PropertyRow properties = edge.properties;
    properties.set(kNumberKey, edge.edge.id);
    append_cypher(row_, properties);
  } else {
    append_cypher(row_, edge.properties);
  }
  row_ += '}';
  add_row(edges_, statement, row_);
}

void CypherScript::add_row(Batches& batches, const std::string& statement,
                           const std::string& row) {
  if (batches.size() >= kStatementsAtOnce && !batches.contains(statement)) write_all(batches);
  Batch& batch = batches[statement];
  batch.rows += batch.count == 0 ? "  " : ",\n  ";
  batch.rows += row;
  if (++batch.count < kRowsOfStatement && batch.rows.size() < kBytesOfStatement) return;
  write(statement, batch);
}

void CypherScript::write(const std::string& statement, Batch& batch) {
  if (batch.count == 0) return;
  out_.put("UNWIND [\n");
  out_.put(batch.rows);
  out_.put("\n] AS row\n");
  out_.put(statement);
  out_.put(";\n");
  batch.rows.clear();
  batch.count = 0;
}

void CypherScript::write_all(Batches& batches) {
  for (auto& [statement, batch] : batches) write(statement, batch);
  batches.clear();
}

void CypherScript::finish() {
  write_all(nodes_);
  write_all(edges_);
  out_.flush();
}

}  // namespace hart::prov::exports
