#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "prov/cypher/property_row.h"
#include "prov/cypher/value.h"

// How the values of openCypher are written. Every function appends to `out`, and the same value
// gives the same text always. Floats are the shortest decimals that read back as the same bits.

namespace hart::prov::exports {

/// How a format writes what is no number: "NaN", "Infinity" for CSV, "INF" for XML.
enum class FloatForm : std::uint8_t { plain, xml };

void append_integer(std::string& out, std::int64_t value);
void append_float(std::string& out, double value, FloatForm form = FloatForm::plain);

/// A scalar without quotation marks: a string as it is, a time in ISO 8601, "true", 1, 2.5.
/// Lists, maps, nodes, relationships and paths as JSON. Nothing for null.
void append_plain(std::string& out, const cypher::Value& value,
                  FloatForm form = FloatForm::plain);

/// JSON: times and durations are strings, and so are "NaN", "Infinity" and "-Infinity"; a node
/// is {"node":1}, a relationship {"relationship":1}, a path
/// {"nodes":[1,2],"relationships":[1]}.
void append_json(std::string& out, const cypher::Value& value);
void append_json(std::string& out, const cypher::Map& map);
void append_json(std::string& out, const cypher::PropertyRow& properties);

/// An expression of Cypher that gives the value back: 'text', datetime('...'), (0.0/0.0).
/// What a property cannot hold (maps, nodes, relationships, paths, and lists of anything but
/// scalars of one kind) is a string of JSON.
void append_cypher(std::string& out, const cypher::Value& value);

/// {key: value, ...} without the keys that are null.
void append_cypher(std::string& out, const cypher::PropertyRow& properties);

/// Whether the value is a list that a property of Neo4j can hold: not empty, scalars of one
/// kind, none null.
[[nodiscard]] bool is_uniform_list(const cypher::Value& value);

}  // namespace hart::prov::exports
