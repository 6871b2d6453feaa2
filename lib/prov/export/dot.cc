#include "prov/export/dot.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "prov/export/escape.h"
#include "prov/export/value_form.h"

namespace hart::prov::exports {
namespace {

constexpr std::size_t kLabelCharacters = 60;

/// How the nodes of a label look, and which of their properties says most to a person.
struct DotStyle {
  std::string_view label;
  std::string_view attributes;
  std::array<std::string_view, 2> summary;
};

constexpr std::array<DotStyle, 7> kDotStyles{{
    {"Inference", "shape=box, fillcolor=\"#dbeafe\"", {"prompt", "task_type"}},
    {"Model", "shape=component, fillcolor=\"#ede9fe\"", {"name", "type"}},
    {"Decision",
     "shape=box, style=\"filled,rounded,bold\", fillcolor=\"#dcfce7\"",
     {"output_text", ""}},
    {"Evidence", "shape=note, fillcolor=\"#fef9c3\"", {"content", "source"}},
    {"Alternative",
     "shape=ellipse, style=\"filled,dashed\", fillcolor=\"#f3f4f6\"",
     {"description", ""}},
    {"ReasoningMode", "shape=hexagon, fillcolor=\"#ede9fe\"", {"type", ""}},
    {"Atom", "shape=cylinder, fillcolor=\"#ffedd5\"", {"name", "text"}},
}};

const DotStyle* style_of(const std::vector<std::string>& labels) {
  for (const DotStyle& style : kDotStyles)
    for (const std::string& label : labels)
      if (label == style.label) return &style;
  return nullptr;
}

/// The beginning of a text, on one line.
std::string shortened(std::string_view text, std::size_t limit) {
  std::string clean;
  append_utf8_text(clean, text.substr(0, std::min(text.size(), 8 * limit + 8)));
  std::string out;
  std::size_t characters = 0;
  bool blank = false;
  for (const char c : clean) {
    const bool is_blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (is_blank) {
      blank = !out.empty();
      continue;
    }
    const bool begins = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (begins && ++characters + (blank ? 1 : 0) > limit) return out + "\u2026";
    if (blank) {
      out += ' ';
      ++characters;
    }
    blank = false;
    out += c;
  }
  return text.size() > 8 * limit + 8 ? out + "\u2026" : out;
}

/// The number that says how much a relationship weighs, with two decimals.
std::string weight_of(const cypher::Map& properties) {
  for (const char* key : {"strength", "contribution_weight", "weight"}) {
    const auto found = properties.find(key);
    if (found == properties.end() || !found->second.is_number()) continue;
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), " %.3g", found->second.number());
    return text.data();
  }
  return {};
}

}  // namespace

std::string node_summary(const ExportedNode& node, std::size_t limit) {
  if (const DotStyle* style = style_of(node.labels); style != nullptr)
    for (const std::string_view key : style->summary) {
      const auto found = node.properties.find(key);
      if (found == node.properties.end() || found->second.is_null()) continue;
      std::string text;
      append_plain(text, found->second);
      if (const std::string begin = shortened(text, limit); !begin.empty()) return begin;
    }
  return shortened(node.name.text(), limit);
}

Dot::Dot(ByteSink& sink) : out_{sink} {
  out_.put(
      "digraph provenance {\n"
      "  rankdir=LR;\n"
      "  node [fontname=\"Helvetica\", fontsize=10, style=filled, fillcolor=\"#ffffff\"];\n"
      "  edge [fontname=\"Helvetica\", fontsize=8, color=\"#6b7280\"];\n");
}

void Dot::node(const ExportedNode& node) {
  std::string& out = out_.text();
  out += "  n" + std::to_string(node.id) + " [label=";
  std::string label;
  for (const std::string& one : node.labels) label += (label.empty() ? "" : ", ") + one;
  append_dot_string(out, label + "\n" + node_summary(node, kLabelCharacters));
  if (const DotStyle* style = style_of(node.labels); style != nullptr) {
    out += ", ";
    out += style->attributes;
  }
  out += "];\n";
  out_.written();
}

void Dot::edge(const ExportedEdge& edge) {
  std::string& out = out_.text();
  out += "  n" + std::to_string(edge.edge.start) + " -> n" + std::to_string(edge.edge.end) +
         " [label=";
  append_dot_string(out, edge.type + weight_of(edge.properties));
  out += "];\n";
  out_.written();
}

void Dot::finish() {
  out_.put("}\n");
  out_.flush();
}

}  // namespace hart::prov::exports
