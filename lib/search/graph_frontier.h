#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "search/graph.h"
#include "store/edge_walk.h"

namespace hart::search {

/// Keeps the best way to every atom while SQLite brings the edges, level by level. An atom's
/// edges are read once, after it was first reached; until the next level begins a better way of
/// as many hops may still take the place of its first one.
class Frontier final : public store::EdgeWalk {
 public:
  /// Edges heavier than `heaviest` count as that. `options` must outlive it. `wide_ranges`:
  /// atoms of a level with consecutive ids come as one range.
  Frontier(std::int64_t start, const WalkOptions& options, double heaviest, bool wide_ranges);

  std::optional<store::AtomRange> next_range() override;
  void take(const store::EdgeStep& step) override;
  /// Everything reached but the start, in the order of `walk`.
  [[nodiscard]] std::vector<Reached> reached() const;

 private:
  /// How an atom is reached. Those of one level lie together.
  struct Way {
    std::int64_t atom_id = 0;
    double weight = 1;
    std::uint32_t from = 0;  ///< in `ways_`
    std::uint32_t type = 0;  ///< in `types_`
  };
  struct NearAtom {
    std::int64_t atom_id = 0;
    std::uint32_t number = 0;  ///< in `ways_`
  };

  /// False when the walk is over.
  bool begin_level();
  /// The number of the way to an atom, in `ways_`; of the next to be added when there is none.
  [[nodiscard]] std::size_t number_of(std::int64_t atom_id) const;
  [[nodiscard]] std::size_t place_of(std::int64_t atom_id) const;
  void add(const Way& way);
  /// In `ways_`, of an atom of the range that is being read.
  [[nodiscard]] std::uint32_t number_of_near(std::int64_t atom_id);
  [[nodiscard]] std::uint32_t number_of_type(std::string_view type);
  [[nodiscard]] bool may_go(const store::EdgeStep& step) const;
  [[nodiscard]] std::vector<std::uint32_t> ordered_level(std::size_t begin,
                                                         std::size_t end) const;
  [[nodiscard]] bool is_better(const Way& a, const Way& b) const;

  const WalkOptions& options_;
  double heaviest_;
  bool wide_ranges_;
  std::vector<Way> ways_;  ///< the start's first
  /// A hash table with open addressing: the number of a way + 1, or 0 where the place is empty.
  /// A power of two of them, at most half in use.
  std::vector<std::uint32_t> places_;
  std::vector<std::size_t> level_begins_;  ///< in `ways_`, of each level but the start's
  std::vector<std::string> types_;
  std::uint32_t last_type_ = 0;
  // The level whose edges are being read, by ascending atom id.
  std::vector<NearAtom> near_;
  std::size_t next_near_ = 0;  ///< in `near_`, the first that no range has held yet
  std::size_t last_near_ = 0;  ///< in `near_`: edges come in runs of one atom
};

}  // namespace hart::search
