#include "prov/sync/sync_record.h"

#include "prov/export/export.h"
#include "prov/export/value_form.h"

namespace hart::prov {
namespace {

class RecordGatherer : public exports::GraphVisitor {
 public:
  RecordGatherer(cypher::NodeId root, SyncRecord& record) : root_{root}, record_{record} {}

  [[nodiscard]] exports::Wanted wanted() const override { return {{}, true, true}; }

  void node(const exports::ExportedNode& node) override {
    const exports::KnownLabel* known = node.name.known;
    // An earlier inference was delivered before.
    if (node.id != root_ && known != nullptr && known->label == "Inference") return;
    record_.nodes.push_back(node);
  }
  void edge(const exports::ExportedEdge& edge) override { record_.edges.push_back(edge); }

 private:
  cypher::NodeId root_;
  SyncRecord& record_;
};

}  // namespace

void gather(const cypher::Graph& graph, SyncRecord& record) {
  // Inference, decision, evidence, atom.
  constexpr unsigned kHops = 3;
  const cypher::NodeId root = exports::inference_node(graph, uuid_text(record.inference));
  RecordGatherer gatherer{root, record};
  (void)exports::scan(graph, {root, kHops, false}, gatherer);
}

std::string edge_name(const exports::ExportedEdge& edge) {
  std::string name = edge.start.text() + "-[" + edge.type;
  for (const std::string_view key : exports::edge_keys(edge.properties)) {
    name += ' ';
    name += key;
    name += '=';
    exports::append_plain(name, edge.properties.get(key));
  }
  return name + "]->" + edge.end.text();
}

}  // namespace hart::prov
