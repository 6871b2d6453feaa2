#include "prov/sync/sync_encoding.h"

#include "prov/export/byte_sink.h"
#include "prov/export/cypher_script.h"
#include "prov/export/escape.h"
#include "prov/export/value_form.h"

namespace hart::prov {
namespace {

using exports::append_json;
using exports::append_json_string;

EncodedRecord counted(const SyncRecord& record) {
  return {record.leaf_index, record.nodes.size(), record.edges.size(), {}};
}

/// "name":"value", after a comma unless it is the first.
void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

void append_labels(std::string& out, const std::vector<std::string>& labels) {
  out += '[';
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, labels[i]);
  }
  out += ']';
}

class JsonLines : public SyncEncoding {
 public:
  explicit JsonLines(std::string tenant) : tenant_{std::move(tenant)} {}

  [[nodiscard]] EncodedRecord encode(const SyncRecord& record) const override {
    EncodedRecord encoded = counted(record);
    std::string& out = encoded.parts[0];
    out = "{";
    append_member(out, "type", "provenance");
    append_member(out, "tenant", tenant_);
    out += ",\"leaf_index\":" + std::to_string(record.leaf_index);
    append_member(out, "inference", uuid_text(record.inference));
    append_member(out, "receipt", "sha256:" + to_hex(record.receipt_hash));
    out += ",\"nodes\":[";
    for (std::size_t i = 0; i < record.nodes.size(); ++i) {
      if (i > 0) out += ',';
      append_node(out, record.nodes[i]);
    }
    out += "],\"edges\":[";
    for (std::size_t i = 0; i < record.edges.size(); ++i) {
      if (i > 0) out += ',';
      append_edge(out, record.edges[i]);
    }
    out += "]}\n";
    return encoded;
  }

  [[nodiscard]] std::string assemble(std::span<const EncodedRecord> records) const override {
    std::string out;
    for (const EncodedRecord& record : records) out += record.parts[0];
    return out;
  }

  [[nodiscard]] std::string extension() const override { return "jsonl"; }

 private:
  static void append_node(std::string& out, const exports::ExportedNode& node) {
    out += '{';
    append_member(out, "name", node.name.text());
    out += ",\"labels\":";
    append_labels(out, node.labels);
    out += ",\"properties\":";
    append_json(out, node.properties);
    out += '}';
  }
  static void append_edge(std::string& out, const exports::ExportedEdge& edge) {
    out += '{';
    append_member(out, "name", edge_name(edge));
    append_member(out, "start", edge.start.text());
    append_member(out, "end", edge.end.text());
    append_member(out, "type", edge.type);
    out += ",\"properties\":";
    append_json(out, edge.properties);
    out += '}';
  }

  std::string tenant_;
};

class CypherStatements : public SyncEncoding {
 public:
  [[nodiscard]] EncodedRecord encode(const SyncRecord& record) const override {
    EncodedRecord encoded = counted(record);
    exports::StringSink sink;
    exports::CypherScript script{sink, false};
    for (const exports::ExportedNode& node : record.nodes) script.node(node);
    for (const exports::ExportedEdge& edge : record.edges) script.edge(edge);
    script.finish();
    encoded.parts[0] = std::move(sink.text);
    return encoded;
  }

  [[nodiscard]] std::string assemble(std::span<const EncodedRecord> records) const override {
    std::string out = exports::cypher_constraints();
    for (const EncodedRecord& record : records) out += record.parts[0];
    return out;
  }

  [[nodiscard]] std::string extension() const override { return "cypher"; }
};

/// JSON without \u0000.
std::string without_nul(std::string_view json) {
  std::string out;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '\\') {
      out += json[i];
    } else if (json.substr(i, 6) == "\\u0000") {
      out += "\uFFFD";
      i += 5;
    } else {
      out += json.substr(i, 2);
      ++i;
    }
  }
  return out;
}

/// A field of COPY's text format. Source: PostgreSQL 15, "COPY", "Text Format".
void append_copy_field(std::string& out, std::string_view text) {
  std::string clean;
  exports::append_utf8_text(clean, text);
  for (const char c : clean) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\0':
        out += "\uFFFD";
        break;
      default:
        out += c;
    }
  }
}

void append_row(std::string& out, std::initializer_list<std::string_view> fields) {
  bool first = true;
  for (const std::string_view field : fields) {
    if (!first) out += '\t';
    first = false;
    append_copy_field(out, field);
  }
  out += '\n';
}

constexpr std::string_view kTables = R"sql(SET client_min_messages = warning;
BEGIN;
CREATE TABLE IF NOT EXISTS hart_receipt (
  inference uuid PRIMARY KEY, tenant text NOT NULL, leaf_index bigint NOT NULL,
  receipt text NOT NULL);
CREATE TABLE IF NOT EXISTS hart_node (
  tenant text NOT NULL, name text NOT NULL, labels jsonb NOT NULL, properties jsonb NOT NULL,
  PRIMARY KEY (tenant, name));
CREATE TABLE IF NOT EXISTS hart_edge (
  tenant text NOT NULL, name text NOT NULL, start_name text NOT NULL, end_name text NOT NULL,
  type text NOT NULL, properties jsonb NOT NULL, PRIMARY KEY (tenant, name));
CREATE INDEX IF NOT EXISTS hart_edge_by_start ON hart_edge (tenant, start_name);
CREATE INDEX IF NOT EXISTS hart_edge_by_end ON hart_edge (tenant, end_name);
)sql";

constexpr std::array<std::string_view, 3> kTableNames{"hart_receipt", "hart_node", "hart_edge"};

class SqlScript : public SyncEncoding {
 public:
  explicit SqlScript(std::string tenant) : tenant_{std::move(tenant)} {}

  [[nodiscard]] EncodedRecord encode(const SyncRecord& record) const override {
    EncodedRecord encoded = counted(record);
    append_row(encoded.parts[0],
               {uuid_text(record.inference), tenant_, std::to_string(record.leaf_index),
                "sha256:" + to_hex(record.receipt_hash)});
    for (const exports::ExportedNode& node : record.nodes) {
      std::string labels;
      append_labels(labels, node.labels);
      append_row(encoded.parts[1],
                 {tenant_, node.name.text(), without_nul(labels), properties(node.properties)});
    }
    for (const exports::ExportedEdge& edge : record.edges)
      append_row(encoded.parts[2], {tenant_, edge_name(edge), edge.start.text(),
                                    edge.end.text(), edge.type, properties(edge.properties)});
    return encoded;
  }

  [[nodiscard]] std::string assemble(std::span<const EncodedRecord> records) const override {
    std::string out{kTables};
    for (std::size_t i = 0; i < kTableNames.size(); ++i) {
      const std::string table{kTableNames[i]};
      out += "CREATE TEMPORARY TABLE new_" + table + " (LIKE " + table +
             ") ON COMMIT DROP;\nCOPY new_" + table + " FROM STDIN;\n";
      for (const EncodedRecord& record : records) out += record.parts[i];
      out += "\\.\nINSERT INTO " + table + " SELECT * FROM new_" + table +
             " ON CONFLICT DO NOTHING;\n";
    }
    return out + "COMMIT;\n";
  }

  [[nodiscard]] std::string extension() const override { return "sql"; }

 private:
  static std::string properties(const cypher::PropertyRow& row) {
    std::string json;
    append_json(json, row);
    return without_nul(json);
  }

  std::string tenant_;
};

}  // namespace

std::unique_ptr<SyncEncoding> json_lines_encoding(std::string tenant) {
  return std::make_unique<JsonLines>(std::move(tenant));
}

std::unique_ptr<SyncEncoding> cypher_encoding() {
  return std::make_unique<CypherStatements>();
}

std::unique_ptr<SyncEncoding> sql_encoding(std::string tenant) {
  return std::make_unique<SqlScript>(std::move(tenant));
}

}  // namespace hart::prov
