#pragma once

#include <string>

#include "prov/export/graph_format.h"
#include "prov/export/prov_record.h"

namespace hart::prov::exports {

/// A graph as W3C PROV. The mapping, which hart-prov(1) documents:
///
///     Inference               activity, with its timestamp and completion
///     Model                   entity of type prov:Plan
///     other nodes             entities
///     the tenant              agent
///     RESULTED_IN             wasGeneratedBy(decision, inference)
///     USED_MODEL              wasAssociatedWith(inference, tenant, model as the plan)
///     USED_ATOM,              used(inference, entity); an atom's role is its prov:role
///       USED_REASONING
///     SUPPORTED_BY,           wasDerivedFrom(start, end)
///       FROM_ATOM,
///       HAS_COMPONENT
///     all others              wasInfluencedBy(start, end)
///
/// Properties are attributes in the namespace kProvNamespace, labels and the types of
/// relationships are under prov:type. A type of relationship between nodes of other labels than
/// those that it has in the provenance graph is one of "all others".
class ProvMapping : public GraphFormat {
 public:
  ProvMapping(const std::string& tenant, ProvWriter& writer);

  [[nodiscard]] Wanted wanted() const override { return {{}, true, true}; }
  void node(const ExportedNode& node) override;
  void edge(const ExportedEdge& edge) override;
  void finish() override { writer_.finish(); }

 private:
  std::string tenant_;  ///< the agent's qualified name
  ProvWriter& writer_;
};

}  // namespace hart::prov::exports
