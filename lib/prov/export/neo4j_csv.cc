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

/// Room for a number, to be set when it is known.
std::size_t append_room(std::string& out) {
  out.append(sizeof(std::uint32_t), '\0');
  return out.size() - sizeof(std::uint32_t);
}

void set_number(std::string& out, std::size_t at, std::size_t value) {
  const auto number = static_cast<std::uint32_t>(value);
  std::memcpy(out.data() + at, &number, sizeof number);
}

void append_number(std::string& out, std::size_t value) {
  set_number(out, append_room(out), value);
}

/// "a;b" from ["a","b"]
std::string array_field(std::string_view json) {
  std::string out;
  const Json items = parse_json(json, "a list of an export");
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ';';
    out += items[i].is_string() ? items[i].get<std::string>() : dump_json(items[i]);
  }
  return out;
}

/// Reads back what Neo4jTable spooled, row by row.
class RowReader {
 public:
  explicit RowReader(Spool& spool) : spool_{spool} { spool_.rewind(); }

  /// Goes on to the next row; false at the end. What was read of the row before is gone.
  bool next() {
    if (!gather(sizeof(std::uint32_t))) return false;
    row_ = std::string_view{buffer_}.substr(at_, sizeof(std::uint32_t));
    const std::size_t size = sizeof(std::uint32_t) + number();
    (void)gather(size);
    row_ = std::string_view{buffer_}.substr(at_, size).substr(sizeof(std::uint32_t));
    at_ += size;
    return true;
  }
  std::uint32_t number() {
    const std::string_view bytes = take(sizeof(std::uint32_t));
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string_view text() { return take(number()); }

 private:
  std::string_view take(std::size_t size) {
    if (size > row_.size()) throw Error{Fault::internal, "a spooled row is too short"};
    const std::string_view taken = row_.substr(0, size);
    row_.remove_prefix(size);
    return taken;
  }
  /// Brings `size` bytes behind `at_`; false when nothing is left.
  bool gather(std::size_t size) {
    if (buffer_.size() - at_ >= size) return true;
    buffer_.erase(0, at_);
    at_ = 0;
    while (buffer_.size() < size) {
      const std::string_view chunk = spool_.read(1 << 17);
      if (chunk.empty() && buffer_.empty()) return false;
      if (chunk.empty()) throw Error{Fault::internal, "a spool ends inside a row"};
      buffer_ += chunk;
    }
    return true;
  }

  Spool& spool_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::string_view row_;
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

Neo4jTable::Column& Neo4jTable::column(std::size_t place, std::string_view key,
                                       const ColumnType& type) {
  if (place < last_row_.size() && last_row_[place]->first == key)
    return last_row_[place]->second;
  auto found = columns_.find(key);
  if (found == columns_.end()) {
    const auto number = static_cast<std::uint32_t>(columns_.size());
    found = columns_.emplace(key, Column{number, type}).first;
  }
  last_row_.resize(std::max(last_row_.size(), place + 1), &*found);
  last_row_[place] = &*found;
  return found->second;
}

void Neo4jTable::add(std::string_view fixed, const cypher::PropertyRow& properties) {
  row_.clear();
  (void)append_room(row_);
  append_number(row_, fixed.size());
  row_ += fixed;
  const std::size_t count_at = append_room(row_);
  std::size_t place = 0;
  for (const auto& [key, value] : properties) {
    if (value.is_null()) continue;
    const ColumnType type = column_type(value);
    Column& column = this->column(place++, key, type);
    if (column.type != type) column.type = wider(column.type, type);
    append_number(row_, column.number);
    const std::size_t at = append_room(row_);
    append_plain(row_, value);
    set_number(row_, at, row_.size() - at - sizeof(std::uint32_t));
  }
  set_number(row_, count_at, place);
  set_number(row_, 0, row_.size() - sizeof(std::uint32_t));
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
  std::vector<std::optional<std::string_view>> cells(columns_.size());
  for (RowReader rows{rows_}; rows.next();) {
    std::string& text = out.text();
    text += rows.text();
    for (auto& cell : cells) cell.reset();
    for (auto left = rows.number(); left > 0; --left) {
      const auto number = rows.number();
      cells[number] = rows.text();
    }
    for (const std::uint32_t number : order) {
      text += ',';
      if (!cells[number]) continue;
      const ColumnType& type = types[number];
      if (!is_quoted(type)) {
        text += *cells[number];
      } else if (type.is_list) {
        append_csv_field(text, array_field(*cells[number]));
      } else {
        append_csv_field(text, *cells[number]);
      }
    }
    text += '\n';
    out.written();
  }
  out.flush();
}

void Neo4jCsv::node(const ExportedNode& node) {
  const KnownLabel* known = known_label(node.labels, node.properties);
  if (node_table_ == nullptr || known != node_label_) {
    node_label_ = known;
    node_table_ =
        &nodes_[known == nullptr ? "nodes.csv" : "nodes_" + std::string{known->label} + ".csv"];
  }
  std::string labels;
  for (const std::string& label : node.labels) {
    if (!labels.empty()) labels += ';';
    labels += label;
  }
  fixed_.clear();
  append_integer(fixed_, node.id);
  fixed_ += ',';
  append_csv_field(fixed_, labels);
  node_table_->add(fixed_, node.properties);
}

void Neo4jCsv::edge(const ExportedEdge& edge) {
  if (edge_table_ == nullptr || edge.type != edge_type_) {
    edge_type_ = edge.type;
    const bool known = std::ranges::find(kKnownTypes, edge.type) != kKnownTypes.end();
    edge_table_ = &edges_[known ? "relationships_" + edge.type + ".csv" : "relationships.csv"];
  }
  fixed_.clear();
  append_integer(fixed_, edge.edge.start);
  fixed_ += ',';
  append_integer(fixed_, edge.edge.end);
  fixed_ += ',';
  append_csv_field(fixed_, edge.type);
  edge_table_->add(fixed_, edge.properties);
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
