#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "prov/export/folder_sink.h"
#include "prov/export/graph_format.h"

namespace hart::prov::exports {

/// The type of a column as neo4j-admin names it. A list is the type of its items with
/// `is_list`.
struct ColumnType {
  enum class Base : std::uint8_t {
    boolean,
    integer,
    floating,
    string,
    datetime,
    localdatetime,
    date,
    time,
    localtime,
    duration,
  };
  Base base = Base::string;
  bool is_list = false;

  bool operator==(const ColumnType&) const = default;
  [[nodiscard]] std::string name() const;  ///< "long", "datetime", "string[]"
};

/// The type of a value's column: of a list that a property of Neo4j can hold (and a field:
/// items neither empty nor with a semicolon) that of its items, of everything else that is no
/// scalar, string.
[[nodiscard]] ColumnType column_type(const cypher::Value& value);
/// A type that holds both: double for a long and a double, else string.
[[nodiscard]] ColumnType wider(const ColumnType& a, const ColumnType& b);

/// Rows of one file of an import, kept until its columns and their types are known.
class Neo4jTable {
 public:
  /// Adds a row: fixed fields, as they are, and properties.
  void add(std::string_view fixed, const cypher::PropertyRow& properties);
  /// Writes the header, `fixed` before the property columns in the order of their names, and
  /// the rows.
  void write(const std::string& fixed, ByteSink& sink);
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }

 private:
  struct Column {
    std::uint32_t number;
    ColumnType type;
  };
  using Columns = std::map<std::string, Column, std::less<>>;
  /// The column of a key, which is made when it is new. Where the row before had the key at the
  /// same place nothing is searched.
  Column& column(std::size_t place, std::string_view key, const ColumnType& type);

  Columns columns_;
  std::vector<Columns::value_type*> last_row_;  ///< the columns of the row before
  Spool rows_;
  std::string row_;
};

/// The files that `neo4j-admin database import full` takes: nodes_LABEL.csv for each label of
/// the provenance graph, relationships_TYPE.csv for each of its types, nodes.csv and
/// relationships.csv for what else there is, and import.args, which names them:
///
///     cd DIR && neo4j-admin database import full @import.args DATABASE
///
/// Fields are quoted where they are strings; a missing property is an empty field without
/// quotation marks. Maps, and lists of mixed items, are JSON.
class Neo4jCsv : public GraphFormat {
 public:
  explicit Neo4jCsv(FolderSink& folder) : folder_{folder} {}

  [[nodiscard]] Wanted wanted() const override { return {{}, false, false}; }
  void node(const ExportedNode& node) override;
  void edge(const ExportedEdge& edge) override;
  void finish() override;

 private:
  FolderSink& folder_;
  std::map<std::string, Neo4jTable> nodes_;  ///< by the file's name
  std::map<std::string, Neo4jTable> edges_;
  // Where the node and the relationship before went, and why.
  Neo4jTable* node_table_ = nullptr;
  const KnownLabel* node_label_ = nullptr;
  Neo4jTable* edge_table_ = nullptr;
  std::string edge_type_;
  std::string fixed_;
};

}  // namespace hart::prov::exports
