#include "search/fusion.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <unordered_map>

#include "core/error.h"

namespace hart::search {
namespace {

std::vector<FusedAtom> sorted_sums(const std::unordered_map<std::int64_t, double>& sums) {
  std::vector<FusedAtom> fused;
  fused.reserve(sums.size());
  for (const auto& [atom_id, score] : sums) fused.push_back({atom_id, score});
  std::sort(fused.begin(), fused.end(), [](const FusedAtom& a, const FusedAtom& b) {
    return a.score != b.score ? a.score > b.score : a.atom_id < b.atom_id;
  });
  return fused;
}

double parse_weight(std::string_view text) {
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  if (error != std::errc{} || end != text.data() + text.size())
    throw Error{Fault::usage, "weights: '" + std::string{text} + "' is no number"};
  return weight;
}

}  // namespace

std::string_view fusion_name(Fusion fusion) noexcept {
  return fusion == Fusion::ranks ? "rrf" : "weighted";
}

std::optional<Fusion> find_fusion(std::string_view name) noexcept {
  for (const Fusion fusion : {Fusion::ranks, Fusion::scores})
    if (fusion_name(fusion) == name) return fusion;
  return std::nullopt;
}

FusionWeights parse_weights(std::string_view text) {
  FusionWeights weights;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view name = part.substr(0, equals);
    if (equals == part.size() || (name != "vector" && name != "text"))
      throw Error{Fault::usage, "weights: expected vector=WEIGHT or text=WEIGHT, found '" +
                                    std::string{part} + "'"};
    (name == "vector" ? weights.vector : weights.text) = parse_weight(part.substr(equals + 1));
  }
  check_weights(weights);
  return weights;
}

void check_weights(const FusionWeights& weights) {
  const auto is_weight = [](double weight) { return std::isfinite(weight) && weight >= 0; };
  if (!is_weight(weights.vector) || !is_weight(weights.text) ||
      !(weights.vector + weights.text > 0))
    throw Error{Fault::usage, "weights: they are 0 or more, and one of them is above 0"};
}

std::vector<FusedAtom> fuse_ranks(std::span<const ScoredList> lists) {
  std::unordered_map<std::int64_t, double> sums;
  for (const ScoredList& list : lists)
    for (std::size_t i = 0; i < list.atoms.size(); ++i)
      sums[list.atoms[i].atom_id] += list.weight / (kRankOffset + static_cast<double>(i + 1));
  return sorted_sums(sums);
}

std::vector<FusedAtom> fuse_scores(std::span<const ScoredList> lists) {
  std::unordered_map<std::int64_t, double> sums;
  double weights = 0;
  for (const ScoredList& list : lists) weights += list.weight;
  for (const ScoredList& list : lists) {
    if (list.atoms.empty()) continue;
    const double best = list.atoms.front().score;
    const double least = list.least.value_or(list.atoms.back().score);
    for (const FusedAtom& atom : list.atoms) {
      const double share = best > least ? (atom.score - least) / (best - least) : 1;
      sums[atom.atom_id] += list.weight * share / weights;
    }
  }
  return sorted_sums(sums);
}

}  // namespace hart::search
