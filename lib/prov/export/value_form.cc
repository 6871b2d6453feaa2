#include "prov/export/value_form.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "prov/cypher/temporal.h"
#include "prov/export/escape.h"

namespace hart::prov::exports {
namespace {

using cypher::Kind;
using cypher::List;
using cypher::Map;
using cypher::Value;

/// "1.0", "2.5e-7"; the exponent without a plus sign, which Cypher does not know.
void append_finite(std::string& out, double value) {
  std::array<char, 40> text;
  const auto done = std::to_chars(text.data(), text.data() + text.size(), value);
  bool whole = true;
  for (const char* c = text.data(); c != done.ptr; ++c) {
    if (*c == '+') continue;
    if (*c == '.' || *c == 'e') whole = false;
    out += *c;
  }
  if (whole) out += ".0";
}

template <typename Items, typename Id>
void append_ids(std::string& out, const Items& items, const Id& id) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    append_integer(out, id(items[i]));
  }
  out += ']';
}

void append_path_json(std::string& out, const cypher::Path& path) {
  out += "{\"nodes\":";
  append_ids(out, path.nodes, [](cypher::NodeId id) { return id; });
  out += ",\"relationships\":";
  append_ids(out, path.edges, [](const cypher::Edge& edge) { return edge.id; });
  out += '}';
}

/// {"node":1}
void append_reference(std::string& out, const char* what, std::int64_t id) {
  out += "{\"";
  out += what;
  out += "\":";
  append_integer(out, id);
  out += '}';
}

bool is_scalar(const Value& value) {
  switch (value.kind()) {
    case Kind::map:
    case Kind::node:
    case Kind::relationship:
    case Kind::list:
    case Kind::path:
    case Kind::null:
      return false;
    default:
      return true;
  }
}

const char* temporal_function(cypher::TemporalKind kind) {
  switch (kind) {
    case cypher::TemporalKind::datetime:
      return "datetime";
    case cypher::TemporalKind::localdatetime:
      return "localdatetime";
    case cypher::TemporalKind::date:
      return "date";
    case cypher::TemporalKind::time:
      return "time";
    case cypher::TemporalKind::localtime:
      return "localtime";
  }
  return "";
}

void append_call(std::string& out, const char* function, const std::string& argument) {
  out += function;
  out += '(';
  append_cypher_string(out, argument);
  out += ')';
}

void append_cypher_float(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "(0.0/0.0)";
  } else if (std::isinf(value)) {
    out += value > 0 ? "(1.0/0.0)" : "(-1.0/0.0)";
  } else {
    append_finite(out, value);
  }
}

/// The least integer has no literal: its digits alone are out of range.
void append_cypher_integer(std::string& out, std::int64_t value) {
  if (value == std::numeric_limits<std::int64_t>::min()) {
    out += "(-9223372036854775807 - 1)";
  } else {
    append_integer(out, value);
  }
}

void append_list_json(std::string& out, const List& list) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ',';
    append_json(out, list[i]);
  }
  out += ']';
}

void append_cypher_list(std::string& out, const List& list) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ", ";
    append_cypher(out, list[i]);
  }
  out += ']';
}

/// {"key":value,...}
template <typename Entries> void append_object(std::string& out, const Entries& entries) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : entries) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, key);
    out += ':';
    append_json(out, value);
  }
  out += '}';
}

}  // namespace

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> text;
  const auto done = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), done.ptr);
}

void append_float(std::string& out, double value, FloatForm form) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    if (value < 0) out += '-';
    out += form == FloatForm::xml ? "INF" : "Infinity";
  } else {
    append_finite(out, value);
  }
}

void append_plain(std::string& out, const Value& value, FloatForm form) {
  switch (value.kind()) {
    case Kind::null:
      return;
    case Kind::string:
      out += value.string();
      return;
    case Kind::boolean:
      out += value.boolean() ? "true" : "false";
      return;
    case Kind::integer:
      append_integer(out, value.integer());
      return;
    case Kind::floating:
      append_float(out, value.floating(), form);
      return;
    case Kind::duration:
      out += cypher::duration_text(value.duration());
      return;
    default:
      break;
  }
  if (value.is_temporal()) {
    out += cypher::temporal_text(value.temporal());
  } else {
    append_json(out, value);
  }
}

void append_json(std::string& out, const Map& map) {
  append_object(out, map);
}

void append_json(std::string& out, const cypher::PropertyRow& properties) {
  append_object(out, properties);
}

void append_json(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
    case Kind::integer:
      append_plain(out, value);
      return;
    case Kind::string:
      append_json_string(out, value.string());
      return;
    case Kind::map:
      append_json(out, value.map());
      return;
    case Kind::node:
      append_reference(out, "node", value.node().id);
      return;
    case Kind::relationship:
      append_reference(out, "relationship", value.edge().id);
      return;
    case Kind::path:
      append_path_json(out, value.path());
      return;
    case Kind::list:
      append_list_json(out, value.list());
      return;
    case Kind::floating:
      if (std::isfinite(value.floating())) {
        append_finite(out, value.floating());
        return;
      }
      break;
    default:
      break;
  }
  out += '"';
  append_plain(out, value);
  out += '"';
}

bool is_uniform_list(const Value& value) {
  if (value.kind() != Kind::list || value.list().empty()) return false;
  const List& list = value.list();
  for (const Value& item : list)
    if (!is_scalar(item) || item.kind() != list.front().kind()) return false;
  return true;
}

void append_cypher(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      append_plain(out, value);
      return;
    case Kind::integer:
      append_cypher_integer(out, value.integer());
      return;
    case Kind::floating:
      append_cypher_float(out, value.floating());
      return;
    case Kind::string:
      append_cypher_string(out, value.string());
      return;
    case Kind::duration:
      append_call(out, "duration", cypher::duration_text(value.duration()));
      return;
    default:
      break;
  }
  if (value.is_temporal()) {
    const cypher::Temporal& time = value.temporal();
    append_call(out, temporal_function(time.kind), cypher::temporal_text(time));
  } else if (value.kind() == Kind::list && (value.list().empty() || is_uniform_list(value))) {
    append_cypher_list(out, value.list());
  } else {
    std::string json;
    append_json(json, value);
    append_cypher_string(out, json);
  }
}

void append_cypher(std::string& out, const cypher::PropertyRow& properties) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : properties) {
    if (value.is_null()) continue;
    if (!first) out += ", ";
    first = false;
    append_cypher_name(out, key);
    out += ": ";
    append_cypher(out, value);
  }
  out += '}';
}

}  // namespace hart::prov::exports
