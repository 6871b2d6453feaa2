#include "prov/graph/used_atoms.h"

#include <algorithm>

#include "prov/graph/node_key.h"

namespace hart::prov {

std::vector<UsedAtom> used_atoms(OpenedReceipt& opened) {
  std::vector<UsedAtom> used;
  const auto& models = opened.receipt().models;
  const auto& evidence = opened.evidence();
  const auto& hits = opened.hits();
  const auto& subjects = opened.subjects();
  const std::size_t numbered = std::min<std::size_t>(hits.size(), kMostEvidence);
  used.reserve(models.size() + evidence.size() + numbered + subjects.size());
  for (std::uint32_t i = 0; i < models.size(); ++i)
    used.push_back({AtomRole::model, i, models[i].id, models[i].weight});
  for (std::uint32_t i = 0; i < evidence.size(); ++i)
    if (evidence[i])
      used.push_back({AtomRole::evidence, i, evidence[i]->atom, evidence[i]->weight});
  for (std::uint32_t i = 0; i < numbered; ++i)
    if (const auto& hit = hits[i].evidence)
      used.push_back({AtomRole::evidence, kFirstHit + i, hit->atom, hit->weight});
  for (std::uint32_t i = 0; i < subjects.size(); ++i)
    if (subjects[i]) used.push_back({AtomRole::subject, i, subjects[i]->atom, 1});
  return used;
}

}  // namespace hart::prov
