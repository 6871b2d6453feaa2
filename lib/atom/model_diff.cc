#include "atom/model_diff.h"

#include <map>
#include <unordered_map>

#include "atom/model_view.h"

namespace hart::atom {
namespace {

/// The tensors of B that have no partner yet.
class Candidates {
 public:
  explicit Candidates(const std::vector<CatalogTensor>& tensors) : tensors_{tensors} {
    for (const CatalogTensor& tensor : tensors) by_name_.emplace(tensor.name, &tensor);
  }

  [[nodiscard]] const CatalogTensor* named(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }
  [[nodiscard]] bool taken(const CatalogTensor* tensor) const {
    return taken_[static_cast<std::size_t>(tensor - tensors_.data())];
  }
  void take(const CatalogTensor* tensor) {
    taken_[static_cast<std::size_t>(tensor - tensors_.data())] = true;
  }

 private:
  const std::vector<CatalogTensor>& tensors_;
  std::unordered_map<std::string_view, const CatalogTensor*> by_name_;
  std::vector<bool> taken_ = std::vector<bool>(tensors_.size());
};

void pair_same(std::vector<TensorPair>& pairs, Candidates& candidates) {
  for (TensorPair& pair : pairs) {
    const CatalogTensor* b = candidates.named(pair.a->name);
    if (b == nullptr || b->atom_id != pair.a->atom_id) continue;
    pair.b = b;
    pair.state = TensorState::shared;
    candidates.take(b);
  }
}

/// Equal tensors are paired in the order in which they stand.
void pair_moved(std::vector<TensorPair>& pairs, const std::vector<CatalogTensor>& tensors_b,
                Candidates& candidates) {
  std::multimap<std::int64_t, const CatalogTensor*> by_atom;
  for (const CatalogTensor& b : tensors_b)
    if (!candidates.taken(&b)) by_atom.emplace(b.atom_id, &b);
  for (TensorPair& pair : pairs) {
    if (pair.b != nullptr) continue;
    const auto found = by_atom.lower_bound(pair.a->atom_id);
    if (found == by_atom.end() || found->first != pair.a->atom_id) continue;
    pair.b = found->second;
    pair.state = TensorState::moved;
    candidates.take(pair.b);
    by_atom.erase(found);
  }
}

void pair_named(std::vector<TensorPair>& pairs, Candidates& candidates) {
  for (TensorPair& pair : pairs) {
    if (pair.b != nullptr) continue;
    const CatalogTensor* b = candidates.named(pair.a->name);
    if (b == nullptr || candidates.taken(b)) continue;
    pair.b = b;
    pair.state = b->shape == pair.a->shape ? TensorState::near : TensorState::different;
    candidates.take(b);
  }
}

}  // namespace

std::string_view state_name(TensorState state) noexcept {
  switch (state) {
    case TensorState::shared:
      return "shared";
    case TensorState::moved:
      return "moved";
    case TensorState::near:
      return "near";
    case TensorState::different:
      return "different";
    case TensorState::only_a:
      return "only_a";
    default:
      return "only_b";
  }
}

std::vector<TensorPair> pair_tensors(const std::vector<CatalogTensor>& a,
                                     const std::vector<CatalogTensor>& b) {
  std::vector<TensorPair> pairs;
  pairs.reserve(a.size() + b.size());
  for (const CatalogTensor& tensor : a)
    pairs.push_back({TensorState::only_a, &tensor, nullptr});
  Candidates candidates{b};
  pair_same(pairs, candidates);
  pair_moved(pairs, b, candidates);
  pair_named(pairs, candidates);
  for (const CatalogTensor& tensor : b)
    if (!candidates.taken(&tensor)) pairs.push_back({TensorState::only_b, nullptr, &tensor});
  return pairs;
}

std::uint64_t LayerDiff::tensors() const noexcept {
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) total += count;
  return total;
}

std::vector<LayerDiff> sum_layers(const std::vector<TensorPair>& pairs,
                                  const std::vector<std::optional<TensorDistance>>& distances) {
  std::vector<LayerDiff> layers;
  std::map<std::string, std::size_t, std::less<>> by_name;
  std::vector<bool> scattered;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const TensorPair& pair = pairs[i];
    const std::string_view name = layer_of((pair.a != nullptr ? pair.a : pair.b)->name);
    const auto [found, fresh] = by_name.try_emplace(std::string{name}, layers.size());
    if (fresh) {
      layers.push_back({std::string{name}, {}, {}, {}});
      scattered.push_back(false);
    }
    LayerDiff& layer = layers[found->second];
    ++layer.counts[static_cast<std::size_t>(pair.state)];
    if (distances[i]) layer.distance.merge(*distances[i]);
    if (pair.state != TensorState::shared && pair.state != TensorState::moved) continue;
    const std::string_view place = layer_of(pair.b->name);
    if (layer.moved_to.empty()) layer.moved_to = place;
    if (layer.moved_to != place) scattered[found->second] = true;
  }
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (scattered[i] || layers[i].moved_to == layers[i].name) layers[i].moved_to.clear();
  return layers;
}

}  // namespace hart::atom
