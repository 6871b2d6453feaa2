#pragma once

#include <string>
#include <string_view>

// How a text stands in each of the formats that a graph is exported to. Every function appends
// to `out`. What is no UTF-8 becomes U+FFFD, one for each maximal part of a sequence (Unicode
// 15, section 3.9), so that every output is UTF-8 whatever a document held.

namespace hart::prov::exports {

/// The text itself, with nothing but broken UTF-8 replaced.
void append_utf8_text(std::string& out, std::string_view text);

/// A JSON string with its quotation marks (RFC 8259).
void append_json_string(std::string& out, std::string_view text);

/// Character data and attribute values of XML 1.0. Characters that XML cannot hold, not even
/// as a reference (C0 but for tab and line ends, U+FFFE, U+FFFF), become U+FFFD. Line ends and
/// tabs are references, so that a parser does not normalise them.
void append_xml(std::string& out, std::string_view text);

/// A CSV field between quotation marks (RFC 4180).
void append_csv_field(std::string& out, std::string_view text);

/// A string literal of Cypher, between single quotation marks.
void append_cypher_string(std::string& out, std::string_view text);

/// A label, type or key of Cypher: as it is when it is an identifier of ASCII, else between
/// backticks. A backslash is written as \u005C, because Neo4j decodes \uXXXX in names.
void append_cypher_name(std::string& out, std::string_view text);

/// A double-quoted string of DOT that is drawn as the text is: backslashes and the ampersands
/// of character entities lose their meaning.
void append_dot_string(std::string& out, std::string_view text);

/// A string literal of PROV-N between quotation marks (STRING_LITERAL2 of W3C PROV-N).
void append_provn_string(std::string& out, std::string_view text);

/// The local part of a qualified name: every byte but ASCII letters, digits, "_", "-"
/// (but at the front) and "/" is percent-encoded, which PROV-N (PN_LOCAL), PROV-JSON and IRIs
/// all allow.
void append_local_name(std::string& out, std::string_view text);

}  // namespace hart::prov::exports
