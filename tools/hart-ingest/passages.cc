#include "passages.h"

#include <unordered_set>

#include "session.h"
#include "store/text_index.h"

namespace hart::ingest {

Passages passages_of(store::Store& store, store::Modality modality, std::int64_t structure_id) {
  Passages passages;
  if (modality != store::Modality::text || structure_id == 0) return passages;
  store::for_each_component(store, structure_id, [&](const store::Component& component) {
    if (component.atom.form == store::AtomForm::descriptor)
      passages.emplace_back(component.atom.atom_id, std::string{});
  });
  for (auto& [atom_id, text] : passages) text = store::atom_text(store, atom_id);
  return passages;
}

void forget_passages(store::Store& store, const Passages& passages,
                     std::span<const std::int64_t> gone) {
  const std::unordered_set<std::int64_t> atoms{gone.begin(), gone.end()};
  for (const auto& [atom_id, text] : passages)
    if (atoms.contains(atom_id)) store::unindex_passage(store, atom_id, text);
}

void take_up_passages(store::Store& store, const Passages& passages,
                      std::span<const std::int64_t> back) {
  if (passages.empty() || back.empty()) return;
  const std::unordered_set<std::int64_t> atoms{back.begin(), back.end()};
  store::TextIndexWriter index{store};
  const auto embedder = PassageEmbedder::open(store);
  for (const auto& [atom_id, text] : passages) {
    if (!atoms.contains(atom_id)) continue;
    index.add(atom_id, text);
    if (embedder) embedder->add(atom_id, text);
  }
}

}  // namespace hart::ingest
