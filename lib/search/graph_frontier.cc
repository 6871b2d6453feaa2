#include "search/graph_frontier.h"

#include <algorithm>

namespace hart::search {

namespace {

constexpr std::size_t kFewestPlaces = 4096;

}  // namespace

Frontier::Frontier(std::int64_t start, const WalkOptions& options, double heaviest,
                   bool wide_ranges)
    : options_{options},
      heaviest_{heaviest},
      wide_ranges_{wide_ranges},
      places_(kFewestPlaces) {
  add({start, 1, 0, 0});
}

std::size_t Frontier::place_of(std::int64_t atom_id) const {
  // Fibonacci hashing: ids that lie close together come to lie far apart.
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;
  const std::size_t mask = places_.size() - 1;
  std::size_t at = (static_cast<std::uint64_t>(atom_id) * kGoldenRatio >> 32) & mask;
  while (places_[at] != 0 && ways_[places_[at] - 1].atom_id != atom_id) at = (at + 1) & mask;
  return at;
}

std::size_t Frontier::number_of(std::int64_t atom_id) const {
  const std::uint32_t after = places_[place_of(atom_id)];
  return after == 0 ? ways_.size() : after - 1;
}

void Frontier::add(const Way& way) {
  if (2 * ways_.size() >= places_.size()) {
    places_.assign(4 * places_.size(), 0);
    for (std::size_t i = 0; i < ways_.size(); ++i)
      places_[place_of(ways_[i].atom_id)] = static_cast<std::uint32_t>(i + 1);
  }
  const std::size_t place = place_of(way.atom_id);
  ways_.push_back(way);
  places_[place] = static_cast<std::uint32_t>(ways_.size());
}

/// A level is taken as a whole or not at all, so that the limit cuts off the farthest.
bool Frontier::begin_level() {
  const std::size_t begin = level_begins_.empty() ? 0 : level_begins_.back();
  const std::size_t end = ways_.size();
  if (level_begins_.size() == options_.hops || begin == end || end > options_.limit)
    return false;
  near_.clear();
  near_.reserve(end - begin);
  for (std::size_t i = begin; i < end; ++i)
    near_.push_back({ways_[i].atom_id, static_cast<std::uint32_t>(i)});
  const auto by_id = [](const NearAtom& a, const NearAtom& b) { return a.atom_id < b.atom_id; };
  if (!std::is_sorted(near_.begin(), near_.end(), by_id))
    std::sort(near_.begin(), near_.end(), by_id);
  next_near_ = last_near_ = 0;
  level_begins_.push_back(end);
  return true;
}

std::optional<store::AtomRange> Frontier::next_range() {
  if (next_near_ == near_.size() && !begin_level()) return std::nullopt;
  const std::size_t first = next_near_++;
  while (wide_ranges_ && next_near_ < near_.size() &&
         near_[next_near_].atom_id == near_[next_near_ - 1].atom_id + 1)
    ++next_near_;
  return store::AtomRange{near_[first].atom_id, near_[next_near_ - 1].atom_id};
}

std::uint32_t Frontier::number_of_near(std::int64_t atom_id) {
  // The edges of a range come by ascending atom; a second pass over it, for edges in the other
  // direction, begins anew.
  while (last_near_ < near_.size() && near_[last_near_].atom_id < atom_id) ++last_near_;
  if (last_near_ == near_.size() || near_[last_near_].atom_id != atom_id) {
    const auto found = std::lower_bound(
        near_.begin(), near_.end(), atom_id,
        [](const NearAtom& near, std::int64_t id) { return near.atom_id < id; });
    last_near_ = static_cast<std::size_t>(found - near_.begin());
  }
  return near_[last_near_].number;
}

std::uint32_t Frontier::number_of_type(std::string_view type) {
  if (last_type_ < types_.size() && types_[last_type_] == type) return last_type_;
  const auto found = std::find(types_.begin(), types_.end(), type);
  last_type_ = static_cast<std::uint32_t>(found - types_.begin());
  if (found == types_.end()) types_.emplace_back(type);
  return last_type_;
}

bool Frontier::may_go(const store::EdgeStep& step) const {
  if (step.weight < options_.min_weight) return false;
  return options_.types.empty() || std::find(options_.types.begin(), options_.types.end(),
                                             step.type) != options_.types.end();
}

bool Frontier::is_better(const Way& a, const Way& b) const {
  if (a.weight != b.weight) return a.weight > b.weight;
  if (a.from != b.from) return ways_[a.from].atom_id < ways_[b.from].atom_id;
  return types_[a.type] < types_[b.type];
}

void Frontier::take(const store::EdgeStep& step) {
  if (!may_go(step)) return;
  const std::size_t number = number_of(step.far_atom_id);
  if (number < level_begins_.back()) return;  // reached by fewer hops
  const std::uint32_t from = number_of_near(step.near_atom_id);
  const Way way{step.far_atom_id, ways_[from].weight * std::min(step.weight, heaviest_), from,
                number_of_type(step.type)};
  if (number == ways_.size())
    add(way);
  else if (is_better(way, ways_[number]))
    ways_[number] = way;
}

/// The numbers of ways of one level: heaviest first, then by ascending atom id.
std::vector<std::uint32_t> Frontier::ordered_level(std::size_t begin, std::size_t end) const {
  struct Key {
    double weight;
    std::int64_t atom_id;
    std::uint32_t number;
  };
  std::vector<Key> keys;
  keys.reserve(end - begin);
  for (std::size_t i = begin; i < end; ++i)
    keys.push_back({ways_[i].weight, ways_[i].atom_id, static_cast<std::uint32_t>(i)});
  std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.atom_id < b.atom_id;
  });
  std::vector<std::uint32_t> numbers;
  numbers.reserve(keys.size());
  for (const Key& key : keys) numbers.push_back(key.number);
  return numbers;
}

std::vector<Reached> Frontier::reached() const {
  std::vector<Reached> all;
  all.reserve(std::min(ways_.size() - 1, options_.limit));
  for (std::size_t hops = 1; hops <= level_begins_.size(); ++hops) {
    const std::size_t begin = level_begins_[hops - 1];
    const std::size_t end = hops == level_begins_.size() ? ways_.size() : level_begins_[hops];
    for (const std::uint32_t number : ordered_level(begin, end)) {
      if (all.size() == options_.limit) return all;
      const Way& way = ways_[number];
      all.push_back({way.atom_id, hops, way.weight, ways_[way.from].atom_id, types_[way.type]});
    }
  }
  return all;
}

}  // namespace hart::search
