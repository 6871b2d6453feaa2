#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/embedding.h"
#include "store/store.h"

namespace hart::search {

/// What the colours of a map tell apart.
enum class MapColour {
  modality,  ///< what the tenant holds the atom as
  cluster,   ///< of the vectors (cluster.h); of more than 20 000 atoms, of places in the map
  kind,      ///< of the newest object that contains the atom: document, model, file
};
[[nodiscard]] std::optional<MapColour> find_map_colour(std::string_view name) noexcept;

/// An atom on the map.
struct MapPoint {
  std::int64_t atom_id = 0;
  double x = 0;
  double y = 0;
  double importance = 0;
  std::size_t group = 0;  ///< index into MapPoints::groups
};

struct MapPoints {
  std::vector<MapPoint> points;     ///< ascending atom ids
  std::vector<std::string> groups;  ///< largest first; "other" and "none" always last
  std::size_t rest = 0;             ///< groups from here on are no groups of their own
  std::size_t placed = 0;           ///< how many the map has, shown or not
};

struct MapPointOptions {
  std::size_t most = 5'000;  ///< points shown; of more, a sample
  std::uint64_t seed = 1;    ///< which sample
  MapColour colour = MapColour::modality;
  unsigned threads = 1;  ///< never changes the result
};

/// The most groups that colours can tell apart; smaller groups become "other".
inline constexpr std::size_t kMostMapGroups = 8;

/// Where the acting tenant's embeddings of `model` lie in its map, and what they are.
[[nodiscard]] MapPoints read_map_points(store::Store& store, const store::EmbeddingModel& model,
                                        const MapPointOptions& options);

/// A few words for an atom, at most `longest` characters: the beginning of its text, up to
/// a colon or a bracket, else the name of its object; empty where it has neither.
[[nodiscard]] std::string map_label(store::Store& store, std::int64_t atom_id,
                                    std::size_t longest);

}  // namespace hart::search
