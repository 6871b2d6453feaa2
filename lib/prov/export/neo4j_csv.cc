#include "prov/export/neo4j_csv.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "prov/export/escape.h"
#include "prov/export/value_form.h"

namespace hart::prov::exports {
namespace {

using Base = ColumnType::Base;

constexpr std::array<const char*, 10> kBaseNames{
    "boolean",       "long", "double", "string",    "datetime",
    "localdatetime", "date", "time",   "localtime", "duration"};

/// The types of relationships of the provenance graph; others share a file, so that the number
/// of files does not grow with what users call their relations.
constexpr std::array<std::string_view, 11> kKnownTypes{
    "USED_MODEL", "USED_REASONING", "RESULTED_IN",   "SUPPORTED_BY",  "CONSIDERED_ALTERNATIVE",
    "USED_ATOM",  "FROM_ATOM",      "INFLUENCED_BY", "HAS_COMPONENT", "HAS_LAYER",
    "HAS_TENSOR"};

Base base_of(cypher::Kind kind) {
  switch (kind) {
    case cypher::Kind::boolean:
      return Base::boolean;
    case cypher::Kind::integer:
      return Base::integer;
    case cypher::Kind::floating:
      return Base::floating;
    case cypher::Kind::datetime:
      return Base::datetime;
    case cypher::Kind::localdatetime:
      return Base::localdatetime;
    case cypher::Kind::date:
      return Base::date;
    case cypher::Kind::time:
      return Base::time;
    case cypher::Kind::localtime:
      return Base::localtime;
    case cypher::Kind::duration:
      return Base::duration;
    default:
      return Base::string;
  }
}

bool fits_array_field(const cypher::Value& item) {
  return item.kind() != cypher::Kind::string ||
         (!item.string().empty() && item.string().find(';') == std::string::npos);
}

template <typename T> void append_number(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

/// "a;b" from ["a","b"]
std::string array_field(const std::string& json) {
  std::string out;
  const Json items = parse_json(json, "a list of an export");
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ';';
    out += items[i].is_string() ? items[i].get<std::string>() : dump_json(items[i]);
  }
  return out;
}

/// Reads back what Neo4jTable spooled.
class RowReader {
 public:
  explicit RowReader(Spool& spool) : spool_{spool} { spool_.rewind(); }

  bool at_end() {
    if (at_ == chunk_.size()) refill();
    return chunk_.empty();
  }
  template <typename T> T number() {
    const std::string bytes = take(sizeof(T));
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string text() { return take(number<std::uint32_t>()); }

 private:
  void refill() {
    chunk_ = spool_.read(1 << 17);
    at_ = 0;
  }
  std::string take(std::size_t size) {
    std::string out;
    while (out.size() < size) {
      if (at_ == chunk_.size()) refill();
      if (chunk_.empty()) throw Error{Fault::internal, "a spool ends inside a row"};
      const std::string_view part = chunk_.substr(at_, size - out.size());
      out += part;
      at_ += part.size();
    }
    return out;
  }

  Spool& spool_;
  std::string_view chunk_;
  std::size_t at_ = 0;
};

/// Whether a field of this type may hold what needs quotation marks.
bool is_quoted(const ColumnType& type) {
  return type.is_list || type.base == Base::string;
}

}  // namespace

std::string ColumnType::name() const {
  return std::string{kBaseNames[static_cast<std::size_t>(base)]} + (is_list ? "[]" : "");
}

ColumnType column_type(const cypher::Value& value) {
  if (!is_uniform_list(value)) return {base_of(value.kind()), false};
  if (!std::ranges::all_of(value.list(), fits_array_field)) return {Base::string, false};
  return {base_of(value.list().front().kind()), true};
}

ColumnType wider(const ColumnType& a, const ColumnType& b) {
  if (a == b) return a;
  const auto is_number = [](Base base) {
    return base == Base::integer || base == Base::floating;
  };
  if (a.is_list == b.is_list && is_number(a.base) && is_number(b.base))
    return {Base::floating, a.is_list};
  return {Base::string, false};
}

void Neo4jTable::add(const std::string& fixed, const cypher::Map& properties) {
  row_.clear();
  append_number(row_, static_cast<std::uint32_t>(fixed.size()));
  row_ += fixed;
  const auto present = static_cast<std::uint32_t>(std::ranges::count_if(
      properties, [](const auto& entry) { return !entry.second.is_null(); }));
  append_number(row_, present);
  for (const auto& [key, value] : properties) {
    if (value.is_null()) continue;
    const ColumnType type = column_type(value);
    const auto number = static_cast<std::uint32_t>(columns_.size());
    const auto [column, is_new] = columns_.try_emplace(key, Column{number, type});
    if (!is_new) column->second.type = wider(column->second.type, type);
    append_number(row_, column->second.number);
    const std::size_t at = row_.size();
    append_number(row_, std::uint32_t{0});
    append_plain(row_, value);
    const auto size = static_cast<std::uint32_t>(row_.size() - at - sizeof(std::uint32_t));
    std::memcpy(row_.data() + at, &size, sizeof size);
  }
  rows_.write(row_);
}

void Neo4jTable::write(const std::string& fixed, ByteSink& sink) {
  TextWriter out{sink};
  std::vector<std::uint32_t> order;  // numbers of columns, as they stand in the file
  std::vector<ColumnType> types(columns_.size());
  std::string heading = fixed;
  for (const auto& [key, column] : columns_) {
    order.push_back(column.number);
    types[column.number] = column.type;
    heading += ',';
    append_csv_field(heading, key + ":" + column.type.name());
  }
  out.put(heading + "\n");
  std::vector<std::optional<std::string>> cells(columns_.size());
  for (RowReader rows{rows_}; !rows.at_end();) {
    std::string& text = out.text();
    text += rows.text();
    for (auto& cell : cells) cell.reset();
    for (auto left = rows.number<std::uint32_t>(); left > 0; --left) {
      const auto number = rows.number<std::uint32_t>();
      cells[number] = rows.text();
    }
    for (const std::uint32_t number : order) {
      text += ',';
      if (!cells[number]) continue;
      const ColumnType& type = types[number];
      if (is_quoted(type)) {
        append_csv_field(text, type.is_list ? array_field(*cells[number]) : *cells[number]);
      } else {
        text += *cells[number];
      }
    }
    text += '\n';
    out.written();
  }
  out.flush();
}

void Neo4jCsv::node(const ExportedNode& node) {
  const std::string file = node.name.known == nullptr
                               ? "nodes.csv"
                               : "nodes_" + std::string{node.name.known->label} + ".csv";
  std::string labels;
  for (const std::string& label : node.labels) labels += (labels.empty() ? "" : ";") + label;
  fixed_ = std::to_string(node.id) + ",";
  append_csv_field(fixed_, labels);
  nodes_[file].add(fixed_, node.properties);
}

void Neo4jCsv::edge(const ExportedEdge& edge) {
  const bool known = std::ranges::find(kKnownTypes, edge.type) != kKnownTypes.end();
  const std::string file = known ? "relationships_" + edge.type + ".csv" : "relationships.csv";
  fixed_ = std::to_string(edge.edge.start) + "," + std::to_string(edge.edge.end) + ",";
  append_csv_field(fixed_, edge.type);
  edges_[file].add(fixed_, edge.properties);
}

void Neo4jCsv::finish() {
  std::string arguments = "--multiline-fields=true\n";
  for (auto& [file, table] : nodes_) {
    table.write(":ID,:LABEL", folder_.file(file));
    arguments += "--nodes=" + file + "\n";
  }
  for (auto& [file, table] : edges_) {
    table.write(":START_ID,:END_ID,:TYPE", folder_.file(file));
    arguments += "--relationships=" + file + "\n";
  }
  folder_.file("import.args").write(arguments);
}

}  // namespace hart::prov::exports
