#include "search/map_points.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/error.h"
#include "geometry/spatialite_blob.h"
#include "search/cluster.h"
#include "store/catalog.h"

namespace hart::search {
namespace {

/// Atoms whose clusters are looked for between the vectors, which tells subjects apart; of
/// more, in the map, which is faster.
constexpr std::size_t kVectorClusters = 20'000;

/// SplitMix64 of Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014: a seeded order of atoms that does not depend on how many there are.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

std::vector<MapPoint> placed_points(store::Store& store, const store::EmbeddingModel& model) {
  store::Statement rows = store.db().prepare(
      "SELECT e.atom_id, e.spatial_key,"
      " (SELECT max(t.importance) FROM my_tenant_atom AS t WHERE t.atom_id = e.atom_id)"
      " FROM my_atom_embedding AS e"
      " WHERE e.embedding_model_id = ? AND e.spatial_key IS NOT NULL");
  rows.with(model.embedding_model_id);
  std::vector<MapPoint> points;
  while (rows.step()) {
    const geometry::PointZM place = geometry::decode_point(rows.blob(1));
    points.push_back(
        {rows.integer(0), place.x, place.y, rows.is_null(2) ? place.m : rows.real(2), 0});
  }
  return points;
}

void sample(std::vector<MapPoint>& points, std::size_t most, std::uint64_t seed) {
  const auto order = [seed](const MapPoint& point) {
    return mix(static_cast<std::uint64_t>(point.atom_id) ^ mix(seed));
  };
  if (points.size() > most) {
    const auto end = points.begin() + static_cast<std::ptrdiff_t>(most);
    std::nth_element(points.begin(), end, points.end(),
                     [&](const MapPoint& a, const MapPoint& b) { return order(a) < order(b); });
    points.erase(end, points.end());
  }
  std::sort(points.begin(), points.end(),
            [](const MapPoint& a, const MapPoint& b) { return a.atom_id < b.atom_id; });
}

std::string modality_of(store::Statement& find, std::int64_t atom_id) {
  std::string name = "none";
  if (find.with(atom_id).step() && !find.is_null(0))
    name = store::modality_name(static_cast<store::Modality>(find.integer(0)));
  find.reset();
  return name;
}

std::vector<std::string> modalities(store::Store& store, const std::vector<MapPoint>& points) {
  store::Statement find =
      store.db().prepare("SELECT min(modality) FROM my_tenant_atom WHERE atom_id = ?");
  std::vector<std::string> names;
  names.reserve(points.size());
  for (const MapPoint& point : points) names.push_back(modality_of(find, point.atom_id));
  return names;
}

std::vector<std::string> kinds(store::Store& store, const std::vector<MapPoint>& points) {
  std::vector<std::string> names;
  for (const MapPoint& point : points) {
    const auto place = store::find_occurrence(store, point.atom_id);
    names.push_back(place ? place->object.kind : "none");
  }
  return names;
}

std::vector<std::string> clusters(store::Store& store, const store::EmbeddingModel& model,
                                  const MapPoints& map, const MapPointOptions& options) {
  ClusterOptions clustering;
  clustering.space = map.placed <= kVectorClusters ? ClusterSpace::vectors : ClusterSpace::map;
  clustering.seed = options.seed;
  clustering.threads = options.threads;
  const Clustering found = cluster_embeddings(store, model, clustering);
  std::vector<std::string> names;
  for (const MapPoint& point : map.points) {
    const auto at = std::lower_bound(found.atoms.begin(), found.atoms.end(), point.atom_id);
    const bool known = at != found.atoms.end() && *at == point.atom_id;
    const std::int32_t label =
        known ? found.labels[static_cast<std::size_t>(at - found.atoms.begin())] : -1;
    names.push_back(label < 0 ? "none" : found.clusters[static_cast<std::size_t>(label)].name);
  }
  return names;
}

/// Numbers the groups, the largest first; those beyond the colours become one.
void group(MapPoints& map, const std::vector<std::string>& names) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& name : names)
    if (name != "none") ++counts[name];
  std::vector<std::pair<std::size_t, std::string>> order;
  order.reserve(counts.size());
  for (const auto& [name, count] : counts) order.emplace_back(count, name);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  const bool more = order.size() > kMostMapGroups;
  if (more) order.resize(kMostMapGroups);
  std::unordered_map<std::string, std::size_t> numbers;
  for (const auto& [count, name] : order) {
    numbers.emplace(name, map.groups.size());
    map.groups.push_back(name);
  }
  map.rest = map.groups.size();
  const std::size_t other = map.groups.size();
  if (more) map.groups.emplace_back("other");
  const std::size_t none = map.groups.size();
  const bool any_none = std::find(names.begin(), names.end(), "none") != names.end();
  if (any_none) map.groups.emplace_back("none");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto number = numbers.find(names[i]);
    map.points[i].group = names[i] == "none"        ? none
                          : number == numbers.end() ? other
                                                    : number->second;
  }
}

/// What a text is about, where it begins as an entry of a dictionary or a heading does: the
/// words before a colon or a bracket; else all of it.
std::string headword(std::string text) {
  constexpr std::size_t kShortest = 3;
  text.erase(0, text.find_first_not_of(" \t\r\n#*->`"));
  const std::size_t end = std::min(text.find(": "), text.find(" ("));
  if (end != std::string::npos && end >= kShortest) text.resize(end);
  return text;
}

/// The first `longest` characters of one line, ended between words where that keeps most of it.
std::string shortened(std::string text, std::size_t longest) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c >= 0 && c <= ' '; }, ' ');
  std::size_t characters = 0;
  std::size_t end = 0;
  std::size_t space = 0;
  while (end < text.size() && characters < longest) {
    if (text[end] == ' ' && characters > longest / 2) space = end;
    do {
      ++end;
    } while (end < text.size() && (text[end] & 0xC0) == 0x80);
    ++characters;
  }
  if (end == text.size()) return text;
  text.resize(space > 0 && text[end] != ' ' ? space : end);
  while (!text.empty() &&
         std::string_view{" ,;:.-("}.find(text.back()) != std::string_view::npos)
    text.pop_back();
  return text + "…";
}

}  // namespace

std::optional<MapColour> find_map_colour(std::string_view name) noexcept {
  if (name == "modality") return MapColour::modality;
  if (name == "cluster") return MapColour::cluster;
  if (name == "kind") return MapColour::kind;
  return std::nullopt;
}

MapPoints read_map_points(store::Store& store, const store::EmbeddingModel& model,
                          const MapPointOptions& options) {
  const store::Snapshot snapshot{store.db()};
  MapPoints map;
  map.points = placed_points(store, model);
  map.placed = map.points.size();
  sample(map.points, options.most, options.seed);
  switch (options.colour) {
    case MapColour::modality:
      group(map, modalities(store, map.points));
      break;
    case MapColour::cluster:
      group(map, clusters(store, model, map, options));
      break;
    case MapColour::kind:
      group(map, kinds(store, map.points));
      break;
  }
  return map;
}

std::string map_label(store::Store& store, std::int64_t atom_id, std::size_t longest) {
  try {
    std::string text = headword(store::atom_text(store, atom_id));
    if (!text.empty()) return shortened(std::move(text), longest);
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
  }
  const auto place = store::find_occurrence(store, atom_id);
  return place ? shortened(place->object.name, longest) : std::string{};
}

}  // namespace hart::search
