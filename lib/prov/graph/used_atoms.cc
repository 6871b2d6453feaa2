#include "prov/graph/used_atoms.h"

namespace hart::prov {

std::vector<UsedAtom> used_atoms(OpenedReceipt& opened) {
  std::vector<UsedAtom> used;
  const auto& models = opened.receipt().models;
  const auto& evidence = opened.evidence();
  const auto& subjects = opened.subjects();
  used.reserve(models.size() + evidence.size() + subjects.size());
  for (std::uint32_t i = 0; i < models.size(); ++i)
    used.push_back({AtomRole::model, i, models[i].id, models[i].weight});
  for (std::uint32_t i = 0; i < evidence.size(); ++i)
    if (evidence[i])
      used.push_back({AtomRole::evidence, i, evidence[i]->atom, evidence[i]->weight});
  for (std::uint32_t i = 0; i < subjects.size(); ++i)
    if (subjects[i]) used.push_back({AtomRole::subject, i, subjects[i]->atom, 1});
  return used;
}

}  // namespace hart::prov
