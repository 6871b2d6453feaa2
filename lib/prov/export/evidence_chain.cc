#include "prov/export/evidence_chain.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "core/error.h"
#include "prov/export/value_form.h"

namespace hart::prov::exports {
namespace {

using cypher::PropertyRow;
using cypher::Value;

constexpr std::size_t kAtomsNamed = 5;

std::string chain_text(const PropertyRow& properties, std::string_view key) {
  std::string text;
  append_plain(text, properties.get(key));
  return text;
}

std::optional<double> chain_share(const PropertyRow& properties, std::string_view key) {
  const Value& value = properties.get(key);
  if (!value.is_number()) return std::nullopt;
  return std::clamp(value.number(), 0.0, 1.0);
}

std::string percent_text(double share) {
  std::array<char, 24> text;
  std::snprintf(text.data(), text.size(), "%.1f %%", 100 * share);
  return text.data();
}

/// "sha256:6b86b273ff34…"
std::string short_id(const std::string& id) {
  constexpr std::size_t kShown = 20;
  return id.size() <= kShown ? id : id.substr(0, kShown) + "\u2026";
}

/// "2026-11-22 09:30:00Z"
std::string short_time(std::string text) {
  const std::size_t dot = text.find('.');
  if (dot != std::string::npos && text.ends_with('Z')) text = text.substr(0, dot) + "Z";
  const std::size_t t = text.find('T');
  if (t != std::string::npos) text[t] = ' ';
  return text;
}

void add_fact(ChainBox& box, const std::string& name, const std::string& value) {
  if (!value.empty()) box.facts.push_back(name.empty() ? value : name + " " + value);
}

/// Of a text that is not there nobody knows whether it ever was.
constexpr const char* kNoText = "(none, or erased)";

std::string or_erased(std::string text, const PropertyRow& properties, std::string_view key) {
  return properties.get(key).is_null() ? kNoText : std::move(text);
}

ChainBox prompt_box(const ExportedNode& node) {
  ChainBox box{ChainBox::Kind::prompt, "Asked", {}, {}, {}};
  box.text = or_erased(chain_text(node.properties, "prompt"), node.properties, "prompt");
  add_fact(box, "", short_time(chain_text(node.properties, "timestamp")));
  add_fact(box, "task", chain_text(node.properties, "task_type"));
  add_fact(box, "tokens in", chain_text(node.properties, "tokens_in"));
  add_fact(box, "seed", chain_text(node.properties, "seed"));
  return box;
}

ChainBox decision_box(const ExportedNode* node, const ExportedNode& inference) {
  ChainBox box{ChainBox::Kind::decision, "Answered", kNoText, {}, {}};
  if (node != nullptr) {
    box.text =
        or_erased(chain_text(node->properties, "output_text"), node->properties, "output_text");
    box.share = chain_share(node->properties, "confidence");
  }
  if (box.share) add_fact(box, "confidence", percent_text(*box.share));
  add_fact(box, "tokens out", chain_text(inference.properties, "tokens_out"));
  add_fact(box, "ended by", chain_text(inference.properties, "finish_reason"));
  return box;
}

ChainBox model_box(const PropertyRow& model, const PropertyRow& use) {
  ChainBox box{ChainBox::Kind::model, "Model", chain_text(model, "name"), {}, {}};
  if (box.text.empty()) box.text = short_id(chain_text(model, "model_id"));
  add_fact(box, "", chain_text(model, "type"));
  add_fact(box, "", short_id(chain_text(model, "model_id")));
  const std::optional<double> share = chain_share(use, "contribution_weight");
  // Of a model that worked alone there is nothing to compare.
  if (share && *share < 1) {
    box.share = share;
    add_fact(box, "contribution", percent_text(*share));
  }
  return box;
}

ChainBox alternative_box(const PropertyRow& alternative) {
  ChainBox box{ChainBox::Kind::alternative, "Instead", {}, {}, {}};
  const std::string text =
      or_erased(chain_text(alternative, "description"), alternative, "description");
  box.text = "\u201C";
  for (const char c : text) box.text += c == '\n' ? std::string{"\u21B5"} : std::string(1, c);
  box.text += "\u201D";
  if (text.empty()) box.text = "(no text)";
  const std::string position = chain_text(alternative, "position");
  if (!position.empty()) box.title += " of token " + position;
  box.share = chain_share(alternative, "confidence");
  if (box.share) add_fact(box, "probability", percent_text(*box.share));
  add_fact(box, "", chain_text(alternative, "reason_not_chosen"));
  return box;
}

}  // namespace

void ChainCollector::node(const ExportedNode& node) {
  nodes_.emplace(node.id, node);
}

void ChainCollector::edge(const ExportedEdge& edge) {
  edges_.push_back(edge);
}

/// The relationships of a type that begin at a node, those of the greatest `order_by` (of the
/// relationship, else of the node that it leads to) first.
std::vector<ChainCollector::Link> ChainCollector::links(cypher::NodeId start,
                                                        std::string_view type,
                                                        std::string_view order_by) const {
  std::vector<Link> found;
  for (const ExportedEdge& edge : edges_) {
    if (edge.edge.start != start || edge.type != type) continue;
    const auto node = nodes_.find(edge.edge.end);
    if (node != nodes_.end()) found.push_back({&node->second, &edge});
  }
  const auto rank = [&](const Link& link) {
    const Value& of_edge = link.edge->properties.get(order_by);
    const Value& of_node = link.node->properties.get(order_by);
    return of_edge.is_number() ? of_edge.number() : of_node.is_number() ? of_node.number() : -1;
  };
  std::ranges::stable_sort(found,
                           [&](const Link& a, const Link& b) { return rank(a) > rank(b); });
  return found;
}

ChainBox ChainCollector::evidence_box(const Link& link) const {
  const PropertyRow& properties = link.node->properties;
  ChainBox box{ChainBox::Kind::evidence, chain_text(properties, "source"), {}, {}, {}};
  if (box.title.empty()) box.title = "Evidence";
  box.text = or_erased(chain_text(properties, "content"), properties, "content");
  box.share = chain_share(link.edge->properties, "strength");
  if (box.share) add_fact(box, "strength", percent_text(*box.share));
  const std::string rank = chain_text(properties, "rank");
  if (!rank.empty()) add_fact(box, "found at rank", rank);
  for (const Link& atom : links(link.node->id, "FROM_ATOM", ""))
    add_fact(box, "", short_id(atom.node->name.value));
  return box;
}

ChainBox ChainCollector::influence_box(const Link& link) const {
  const PropertyRow& properties = link.node->properties;
  ChainBox box{ChainBox::Kind::influence, "Earlier answer", {}, {}, {}};
  const auto decisions = links(link.node->id, "RESULTED_IN", "");
  box.text = or_erased(chain_text(properties, "prompt"), properties, "prompt");
  if (!decisions.empty())
    box.text += "\n\u2192 " + chain_text(decisions.front().node->properties, "output_text");
  box.share = chain_share(link.edge->properties, "strength");
  if (box.share) add_fact(box, "strength", percent_text(*box.share));
  add_fact(box, "through", chain_text(link.edge->properties, "how"));
  add_fact(box, "", short_time(chain_text(properties, "timestamp")));
  return box;
}

/// Atoms that were used and stand behind no piece of evidence that is drawn.
std::optional<ChainBox> ChainCollector::atoms_box() const {
  std::set<cypher::NodeId> shown;
  for (const ExportedEdge& edge : edges_)
    if (edge.type == "FROM_ATOM") shown.insert(edge.edge.end);
  ChainBox box{ChainBox::Kind::atoms, "Atoms used", {}, {}, {}};
  std::size_t count = 0;
  for (const Link& link : links(root_, "USED_ATOM", "weight")) {
    if (!shown.insert(link.node->id).second || ++count > kAtomsNamed) continue;
    const std::string name = chain_text(link.node->properties, "name");
    box.text += (name.empty() ? short_id(link.node->name.value) : name) + "\n";
  }
  if (count == 0) return std::nullopt;
  if (count > kAtomsNamed) add_fact(box, "and", std::to_string(count - kAtomsNamed) + " more");
  return box;
}

std::vector<ChainBox> ChainCollector::sources() const {
  std::vector<ChainBox> boxes;
  for (const Link& link : links(root_, "USED_MODEL", "contribution_weight"))
    boxes.push_back(model_box(link.node->properties, link.edge->properties));
  for (const Link& link : links(root_, "USED_REASONING", "weight")) {
    ChainBox box{ChainBox::Kind::reasoning, "Reasoning", {}, {}, {}};
    box.text = chain_text(link.node->properties, "type");
    add_fact(box, "steps", chain_text(link.edge->properties, "num_operations"));
    boxes.push_back(box);
  }
  if (auto atoms = atoms_box()) boxes.push_back(*atoms);
  return boxes;
}

EvidenceChain ChainCollector::chain() const {
  const auto root = nodes_.find(root_);
  if (root == nodes_.end() || root->second.name.known == nullptr ||
      root->second.name.known->label != "Inference")
    throw Error{Fault::usage, "an evidence chain is drawn of an inference only"};
  EvidenceChain chain;
  chain.inference = root->second.name.value;
  chain.prompt = prompt_box(root->second);
  for (const Link& link : links(root_, "INFLUENCED_BY", "strength"))
    chain.influences.push_back(influence_box(link));
  const auto decisions = links(root_, "RESULTED_IN", "");
  chain.decision =
      decision_box(decisions.empty() ? nullptr : decisions.front().node, root->second);
  chain.models = sources();
  if (decisions.empty()) return chain;
  const cypher::NodeId decision = decisions.front().node->id;
  for (const Link& link : links(decision, "SUPPORTED_BY", "strength"))
    chain.evidence.push_back(evidence_box(link));
  for (const Link& link : links(decision, "CONSIDERED_ALTERNATIVE", "confidence"))
    chain.alternatives.push_back(alternative_box(link.node->properties));
  return chain;
}

}  // namespace hart::prov::exports
