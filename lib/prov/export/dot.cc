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

/// What the properties say of a node; empty when they say nothing.
std::string described(const ExportedNode& node, const DotStyle* style, std::size_t limit) {
  if (style == nullptr) return {};
  for (const std::string_view key : style->summary) {
    const cypher::Value& value = node.properties.get(key);
    if (value.is_null()) continue;
    std::string begin;
    if (value.kind() == cypher::Kind::string) {
      begin = shortened(value.string(), limit);
    } else {
      std::string text;
      append_plain(text, value);
      begin = shortened(text, limit);
    }
    if (!begin.empty()) return begin;
  }
  return {};
}

constexpr std::array<std::string_view, 3> kWeightKeys{"strength", "contribution_weight",
                                                      "weight"};

/// The number that says how much a relationship weighs, with two decimals.
void append_weight(std::string& out, const cypher::PropertyRow& properties) {
  for (const std::string_view key : kWeightKeys) {
    const cypher::Value& value = properties.get(key);
    if (!value.is_number()) continue;
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), " %.3g", value.number());
    out += text.data();
    return;
  }
}

}  // namespace

std::string node_summary(const ExportedNode& node, std::size_t limit) {
  if (std::string text = described(node, style_of(node.labels), limit); !text.empty())
    return text;
  return shortened(node.name.text(), limit);
}

Dot::Dot(ByteSink& sink) : out_{sink} {
  out_.put(
      "digraph provenance {\n"
      "  rankdir=LR;\n"
      "  node [fontname=\"Helvetica\", fontsize=10, style=filled, fillcolor=\"#ffffff\"];\n"
      "  edge [fontname=\"Helvetica\", fontsize=8, color=\"#6b7280\"];\n");
}

// The name of a node, which few labels show, is looked up where it is shown.
Wanted Dot::wanted() const {
  Wanted wanted{{kWeightKeys.begin(), kWeightKeys.end()}, false, false};
  for (const DotStyle& style : kDotStyles)
    for (const std::string_view key : style.summary)
      if (!key.empty()) wanted.keys.push_back(key);
  return wanted;
}

void Dot::node(const ExportedNode& node) {
  std::string& out = out_.text();
  out += "  n";
  append_integer(out, node.id);
  out += " [label=";
  label_.clear();
  for (const std::string& one : node.labels) {
    if (!label_.empty()) label_ += ", ";
    label_ += one;
  }
  label_ += '\n';
  const DotStyle* style = style_of(node.labels);
  const std::string text = described(node, style, kLabelCharacters);
  label_ +=
      text.empty() ? shortened(node_name(*graph_, node.id).text(), kLabelCharacters) : text;
  append_dot_string(out, label_);
  if (style != nullptr) {
    out += ", ";
    out += style->attributes;
  }
  out += "];\n";
  out_.written();
}

void Dot::edge(const ExportedEdge& edge) {
  std::string& out = out_.text();
  out += "  n";
  append_integer(out, edge.edge.start);
  out += " -> n";
  append_integer(out, edge.edge.end);
  out += " [label=";
  label_ = edge.type;
  append_weight(label_, edge.properties);
  append_dot_string(out, label_);
  out += "];\n";
  out_.written();
}

void Dot::finish() {
  out_.put("}\n");
  out_.flush();
}

}  // namespace hart::prov::exports
