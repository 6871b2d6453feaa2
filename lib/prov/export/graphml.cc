#include "prov/export/graphml.h"

#include <algorithm>
#include <array>

#include "prov/export/escape.h"
#include "prov/export/value_form.h"

namespace hart::prov::exports {
namespace {

constexpr std::string_view kGraphMlHead =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\""
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
    " xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns"
    " http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n"
    "  <key id=\"labels\" for=\"node\" attr.name=\"labels\" attr.type=\"string\"/>\n"
    "  <key id=\"label\" for=\"edge\" attr.name=\"label\" attr.type=\"string\"/>\n";

constexpr std::array<const char*, 4> kTypeNames{"boolean", "long", "double", "string"};

}  // namespace

GraphMl::Type GraphMl::type_of(const cypher::Value& value) {
  switch (value.kind()) {
    case cypher::Kind::boolean:
      return Type::boolean;
    case cypher::Kind::integer:
      return Type::integer;
    case cypher::Kind::floating:
      return Type::floating;
    default:
      return Type::string;
  }
}

const GraphMl::Key& GraphMl::key(Domain domain, std::string_view name, Type type) {
  auto& keys = domain == Domain::node ? node_keys_ : edge_keys_;
  const auto known = keys.find(name);
  if (known == keys.end())
    return keys.emplace(name, Key{std::string{name}, domain, keys.size(), type}).first->second;
  Type& before = known->second.type;
  if (before == type) return known->second;
  const auto is_number = [](Type one) { return one == Type::integer || one == Type::floating; };
  before = is_number(before) && is_number(type) ? Type::floating : Type::string;
  return known->second;
}

void GraphMl::append_properties(std::string& out, Domain domain,
                                const cypher::PropertyRow& properties) {
  for (const auto& [name, value] : properties) {
    if (value.is_null()) continue;
    out += "<data key=\"";
    out += domain == Domain::node ? "n" : "e";
    append_integer(out, static_cast<std::int64_t>(key(domain, name, type_of(value)).number));
    out += "\">";
    if (value.kind() == cypher::Kind::string) {
      append_xml(out, value.string());
    } else if (type_of(value) == Type::string) {
      std::string text;
      append_plain(text, value);
      append_xml(out, text);
    } else {
      append_plain(out, value, FloatForm::xml);
    }
    out += "</data>";
  }
}

void GraphMl::node(const ExportedNode& node) {
  std::string& out = body_.text();
  out += "    <node id=\"n";
  append_integer(out, node.id);
  out += "\"><data key=\"labels\">";
  for (const std::string& label : node.labels) {
    out += ':';
    append_xml(out, label);
  }
  out += "</data>";
  append_properties(out, Domain::node, node.properties);
  out += "</node>\n";
  body_.written();
}

void GraphMl::edge(const ExportedEdge& edge) {
  std::string& out = body_.text();
  out += "    <edge id=\"e";
  append_integer(out, edge.edge.id);
  out += "\" source=\"n";
  append_integer(out, edge.edge.start);
  out += "\" target=\"n";
  append_integer(out, edge.edge.end);
  out += "\"><data key=\"label\">";
  append_xml(out, edge.type);
  out += "</data>";
  append_properties(out, Domain::edge, edge.properties);
  out += "</edge>\n";
  body_.written();
}

std::string GraphMl::head() const {
  std::string out{kGraphMlHead};
  for (const auto* keys : {&node_keys_, &edge_keys_}) {
    std::vector<const Key*> ordered;
    for (const auto& entry : *keys) ordered.push_back(&entry.second);
    std::ranges::sort(ordered, {}, &Key::number);
    for (const Key* key : ordered) {
      const bool of_node = key->domain == Domain::node;
      const bool taken = key->name == (of_node ? "labels" : "label");
      out += std::string{"  <key id=\""} + (of_node ? "n" : "e") + std::to_string(key->number) +
             "\" for=\"" + (of_node ? "node" : "edge") + "\" attr.name=\"" +
             (taken ? "property." : "");
      append_xml(out, key->name);
      out += std::string{"\" attr.type=\""} + kTypeNames[static_cast<std::size_t>(key->type)] +
             "\"/>\n";
    }
  }
  return out + "  <graph id=\"provenance\" edgedefault=\"directed\">\n";
}

void GraphMl::finish() {
  body_.flush();
  sink_.write(head());
  spool_.copy_to(sink_);
  sink_.write("  </graph>\n</graphml>\n");
}

}  // namespace hart::prov::exports
