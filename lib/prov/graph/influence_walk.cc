#include "prov/graph/influence_walk.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>

#include "core/error.h"
#include "store/edge_walk.h"

namespace hart::prov {
namespace {

/// Breadth first. Ranges of one level are read in ascending order, neighbours together.
class InfluenceFrontier final : public store::EdgeWalk {
 public:
  InfluenceFrontier(const std::vector<std::int64_t>& starts, std::uint32_t hops)
      : hops_{hops}, level_{starts} {
    for (const std::int64_t start : starts) reached_.try_emplace(start);
    begin_level();
  }

  std::optional<store::AtomRange> next_range() override {
    while (next_ == level_.size()) {
      if (level_.empty() || depth_ == hops_) return std::nullopt;
      ++depth_;
      level_ = std::move(found_);
      found_.clear();
      begin_level();
      if (depth_ == hops_) return std::nullopt;
    }
    const std::int64_t first = level_[next_++];
    std::int64_t last = first;
    while (next_ < level_.size() && level_[next_] == last + 1) last = level_[next_++];
    return store::AtomRange{first, last};
  }

  void take(const store::EdgeStep& step) override {
    const double strength = reached_.at(step.near_atom_id).strength * step.weight;
    const auto [place, added] = reached_.try_emplace(
        step.far_atom_id,
        InfluenceStep{step.far_atom_id, step.near_atom_id, depth_ + 1, strength});
    if (added) {
      found_.push_back(step.far_atom_id);
    } else if (InfluenceStep& known = place->second;
               known.hops == depth_ + 1 && strength > known.strength) {
      known.from = step.near_atom_id;
      known.strength = strength;
    }
  }

  [[nodiscard]] std::vector<InfluenceStep> steps() const {
    std::vector<InfluenceStep> steps;
    steps.reserve(reached_.size());
    for (const auto& [stream, step] : reached_)
      if (step.hops > 0) steps.push_back(step);
    std::ranges::sort(steps, {}, [](const InfluenceStep& step) {
      return std::tuple{step.hops, -step.strength, step.stream};
    });
    return steps;
  }

 private:
  void begin_level() {
    std::ranges::sort(level_);
    next_ = 0;
  }

  std::uint32_t hops_;
  std::uint32_t depth_ = 0;  ///< hops from the starts to the level that is being read
  std::vector<std::int64_t> level_;
  std::size_t next_ = 0;
  std::vector<std::int64_t> found_;
  std::unordered_map<std::int64_t, InfluenceStep> reached_;
};

std::string walk_sql(Lineage direction) {
  const bool up = direction == Lineage::up;
  const std::string near = up ? "later_stream_id" : "earlier_stream_id";
  const std::string far = up ? "earlier_stream_id" : "later_stream_id";
  return "SELECT (SELECT take_edge(?1, e." + near + ", e." + far +
         ", e.strength_millionths / 1e6, '') FROM my_provenance_influence AS e WHERE e." +
         near + " BETWEEN f.first AND f.last) FROM edge_frontier(?1) AS f";
}

}  // namespace

std::vector<InfluenceStep> walk_influences(store::Store& store,
                                           const std::vector<std::int64_t>& starts,
                                           Lineage direction, std::uint32_t hops) {
  if (hops < 1 || hops > kMostInfluenceHops)
    throw Error{Fault::usage, "influence is followed for 1 to " +
                                  std::to_string(kMostInfluenceHops) + " hops"};
  InfluenceFrontier frontier{starts, hops};
  // The tenant's scope knows no table `edge_frontier`; what is read is the tenant's view alone.
  auto statement = store.db().prepare(walk_sql(direction), store::Scope::owner);
  statement.bind(1, frontier);
  statement.finish();
  return frontier.steps();
}

}  // namespace hart::prov
