#include "atom/passage_diff.h"

#include <deque>
#include <unordered_map>

#include "core/error.h"

namespace hart::atom {
namespace {

std::vector<store::Atom> passages_of(store::Store& store, const store::Object& object) {
  if (object.kind != "document")
    throw Error{Fault::data, object.name + ": is a " + object.kind + ", not a document"};
  if (object.structure_id == 0)
    throw Error{Fault::data,
                object.name + ": its passages are not kept; add it with --materialize all"};
  std::vector<store::Atom> passages;
  store::for_each_component(store, object.structure_id, [&](const store::Component& component) {
    // What stands between passages is a leaf.
    if (component.atom.form == store::AtomForm::descriptor) passages.push_back(component.atom);
  });
  return passages;
}

}  // namespace

std::vector<PassageDiff> diff_passages(store::Store& store, const store::Object& a,
                                       const store::Object& b) {
  const store::Snapshot snapshot{store.db()};
  const std::vector<store::Atom> passages_b = passages_of(store, b);
  std::unordered_map<std::int64_t, std::deque<std::uint64_t>> places;
  for (std::size_t i = 0; i < passages_b.size(); ++i)
    places[passages_b[i].atom_id].push_back(i);

  std::vector<PassageDiff> result;
  std::vector<bool> paired(passages_b.size());
  std::uint64_t index = 0;
  for (store::Atom& atom : passages_of(store, a)) {
    PassageDiff passage{std::move(atom), index++, std::nullopt};
    const auto found = places.find(passage.atom.atom_id);
    if (found != places.end() && !found->second.empty()) {
      passage.index_b = found->second.front();
      paired[found->second.front()] = true;
      found->second.pop_front();
    }
    result.push_back(std::move(passage));
  }
  for (std::size_t i = 0; i < passages_b.size(); ++i)
    if (!paired[i]) result.push_back({passages_b[i], std::nullopt, i});
  return result;
}

}  // namespace hart::atom
