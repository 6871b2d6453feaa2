#include "nn/json_schema_writer.h"

#include <array>

#include "core/error.h"

namespace hart::nn {
namespace {

struct Primitive {
  std::string_view name;
  std::string_view body;
  std::array<std::string_view, 6> needs;
};

/// Source of the syntax: RFC 8259. Lengths are limited, so that a number ends.
constexpr Primitive kPrimitives[] = {
    {"value",
     R"(object | array | string | number | boolean | null)",
     {"object", "array", "string", "number", "boolean", "null"}},
    {"object",
     R"x("{" space (string ":" space value space ("," space string ":" space value space)*)? "}")x",
     {"space", "string", "value"}},
    {"array", R"x("[" space (value space ("," space value space)*)? "]")x", {"space", "value"}},
    {"string", R"x("\"" char* "\"")x", {"char"}},
    {"char",
     R"x([^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" ([0-9a-cefA-CEF] hex{3} | [dD] [0-7] hex{2} | [dD] [89abAB] hex{2} "\\u" [dD] [c-fC-F] hex{2})))x",
     {"hex"}},
    {"hex", "[0-9a-fA-F]", {}},
    {"number", R"x(integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,2})?)x", {"integer"}},
    {"integer", R"x("-"? ("0" | [1-9] [0-9]{0,15}))x", {}},
    {"boolean", R"x("true" | "false")x", {}},
    {"null", R"x("null")x", {}},
    {"space", R"x(" "? | "\n" [ \t]{0,20})x", {}},
};

}  // namespace

void refuse_schema(const std::string& pointer, const std::string& message) {
  throw Error{Fault::data, "json schema: " + pointer + ": " + message};
}

GbnfWriter::GbnfWriter() {
  for (const Primitive& primitive : kPrimitives) names_.emplace(primitive.name);
}

std::string GbnfWriter::literal(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte < 0x20 || byte == 0x7F)
      ((out += "\\x") += kDigits[byte / 16]) += kDigits[byte % 16];
    else
      out += c;
  }
  return out + '"';
}

std::string GbnfWriter::choice(const std::vector<std::string>& alternatives) {
  std::string out = "(";
  for (const std::string& alternative : alternatives)
    out += (out.size() > 1 ? " | " : "") + alternative;
  return out + ")";
}

std::string GbnfWriter::reserve(const std::string& hint) {
  std::string name;
  for (const char c : hint.substr(0, 60)) {
    const bool fits =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (fits)
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (name.ends_with('-')) name.pop_back();
  if (name.empty()) name = "rule";
  std::string unique = name;
  for (int i = 2; !names_.insert(unique).second; ++i) unique = name + "-" + std::to_string(i);
  return unique;
}

std::string GbnfWriter::shared(const std::string& hint, const std::string& body) {
  const auto known = by_body_.find(body);
  if (known != by_body_.end()) return known->second;
  const std::string name = reserve(hint);
  define(name, body);
  by_body_.emplace(body, name);
  return name;
}

std::string GbnfWriter::primitive(const std::string& name) {
  if (rules_.contains(name)) return name;
  for (const Primitive& primitive : kPrimitives) {
    if (primitive.name != name) continue;
    define(name, std::string{primitive.body});
    for (const std::string_view needed : primitive.needs)
      if (!needed.empty()) (void)this->primitive(std::string{needed});
  }
  return name;
}

std::string GbnfWriter::text() const {
  std::string out;
  const auto write = [&](const std::string& name, const std::string& body) {
    out += name + " ::= " + body + "\n";
  };
  if (const auto root = rules_.find("root"); root != rules_.end()) write("root", root->second);
  for (const auto& [name, body] : rules_)
    if (name != "root") write(name, body);
  return out;
}

}  // namespace hart::nn
