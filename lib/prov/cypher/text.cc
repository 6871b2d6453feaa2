#include "prov/cypher/text.h"

#include <algorithm>

#include "prov/cypher/functions.h"
#include "prov/cypher/temporal.h"

namespace hart::prov::cypher {

namespace {

class TextWriter {
 public:
  TextWriter(const Graph& graph, ListOrder lists) : graph_{graph}, lists_{lists} {}

  std::string write(const Value& value) const {
    switch (value.kind()) {
      case Kind::null:
        return "null";
      case Kind::boolean:
        return value.boolean() ? "true" : "false";
      case Kind::integer:
        return std::to_string(value.integer());
      case Kind::floating:
        // Zeros are the same whatever their sign.
        return number_text(value.floating() == 0 ? 0.0 : value.floating());
      case Kind::string:
        return quoted_text(value.string());
      case Kind::list:
        return list(value.list());
      case Kind::map:
        return map(value.map());
      case Kind::node:
        return node(value.node().id);
      case Kind::relationship:
        return edge(value.edge());
      case Kind::path:
        return path(value.path());
      case Kind::duration:
        return quoted_text(duration_text(value.duration()));
      default:
        return quoted_text(temporal_text(value.temporal()));
    }
  }

 private:
  std::string list(const List& items) const {
    std::vector<std::string> texts;
    for (const Value& item : items) texts.push_back(write(item));
    if (lists_ == ListOrder::sorted) std::sort(texts.begin(), texts.end());
    std::string text = "[";
    for (std::size_t i = 0; i < texts.size(); ++i) text += (i > 0 ? ", " : "") + texts[i];
    return text + "]";
  }

  std::string map(const Map& entries) const {
    std::string text = "{";
    for (const auto& [key, value] : entries)
      text += (text.size() > 1 ? ", " : "") + key + ": " + write(value);
    return text + "}";
  }

  std::string node(NodeId id) const {
    std::vector<std::string> labels = graph_.labels(id);
    std::sort(labels.begin(), labels.end());
    std::string text = "(";
    for (const std::string& label : labels) text += ":" + label;
    const Map properties = graph_.node_properties(id);
    if (!properties.empty()) text += (labels.empty() ? "" : " ") + map(properties);
    return text + ")";
  }

  std::string edge(const Edge& edge) const {
    std::string text = "[:" + graph_.type_name(edge.type);
    const Map properties = graph_.edge_properties(edge);
    if (!properties.empty()) text += " " + map(properties);
    return text + "]";
  }

  std::string path(const Path& path) const {
    std::string text = "<" + node(path.nodes[0]);
    for (std::size_t i = 0; i < path.edges.size(); ++i) {
      const bool forward = path.edges[i].start == path.nodes[i];
      text += (forward ? "-" : "<-") + edge(path.edges[i]) + (forward ? "->" : "-") +
              node(path.nodes[i + 1]);
    }
    return text + ">";
  }

  const Graph& graph_;
  ListOrder lists_;
};

}  // namespace

std::string quoted_text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string value_text(const Value& value, const Graph& graph, ListOrder lists) {
  return TextWriter{graph, lists}.write(value);
}

}  // namespace hart::prov::cypher
