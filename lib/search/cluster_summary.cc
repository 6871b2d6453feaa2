#include "search/cluster_summary.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/parallel.h"
#include "learn/nearest_neighbors.h"
#include "search/cluster_terms.h"
#include "store/catalog.h"

namespace hart::search {
namespace {

constexpr std::size_t kTextsRead = 1'000;  ///< members whose text is read for the terms
constexpr std::size_t kBytesRead = std::size_t{64} << 10U;  ///< of one text
constexpr std::size_t kTermsInName = 3;

using Members = std::vector<std::vector<std::uint32_t>>;

/// The rows of each cluster, ascending, and those of the noise last; the labels follow the new
/// order of the clusters.
Members members_of(std::size_t clusters, std::vector<std::int32_t>& labels) {
  Members members(clusters + 1);
  for (std::size_t row = 0; row < labels.size(); ++row)
    members[labels[row] < 0 ? clusters : static_cast<std::size_t>(labels[row])].push_back(
        static_cast<std::uint32_t>(row));
  std::sort(members.begin(), members.end() - 1, [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() > b.size() : a.front() < b.front();
  });
  for (std::size_t cluster = 0; cluster < clusters; ++cluster)
    for (const std::uint32_t row : members[cluster])
      labels[row] = static_cast<std::int32_t>(cluster);
  return members;
}

/// Centre and radius in the map.
void place_cluster(const std::vector<std::uint32_t>& members,
                   const std::vector<geometry::PointZM>& places, Cluster& cluster) {
  geometry::PointZM& centre = cluster.centre;
  for (const std::uint32_t row : members) {
    centre.x += places[row].x / static_cast<double>(members.size());
    centre.y += places[row].y / static_cast<double>(members.size());
    centre.z += places[row].z / static_cast<double>(members.size());
  }
  for (const std::uint32_t row : members)
    cluster.radius =
        std::max(cluster.radius, std::hypot(places[row].x - centre.x, places[row].y - centre.y,
                                            places[row].z - centre.z));
}

/// The members nearest to the mean of the members.
std::vector<std::int64_t> examples_of(const std::vector<std::uint32_t>& members,
                                      const EmbeddingRows& rows, std::size_t count) {
  std::vector<double> mean(rows.dim);
  for (const std::uint32_t row : members)
    for (std::size_t c = 0; c < rows.dim; ++c)
      mean[c] += double{rows.row(row)[c]} / static_cast<double>(members.size());
  learn::NearestList nearest{count};
  for (const std::uint32_t row : members) {
    double squared = 0;
    for (std::size_t c = 0; c < rows.dim; ++c)
      squared += (rows.row(row)[c] - mean[c]) * (rows.row(row)[c] - mean[c]);
    nearest.offer(squared, row);
  }
  std::vector<std::int64_t> atoms;
  for (const auto& item : nearest.items()) atoms.push_back(rows.atoms[item.row]);
  return atoms;
}

/// What the member says, where it is text.
std::string text_of(store::Store& store, std::int64_t atom_id) {
  try {
    std::string text = store::atom_text(store, atom_id);
    if (text.size() > kBytesRead) text.resize(kBytesRead);
    return text;
  } catch (const Error& error) {
    if (error.fault() != Fault::data && error.fault() != Fault::no_input) throw;
    return {};
  }
}

/// The noise is a class as well: what it says often too names nobody.
ClassTerms read_terms(store::Store& store, const EmbeddingRows& rows, const Members& members) {
  ClassTerms terms{members.size()};
  const store::Snapshot snapshot{store.db()};
  for (std::size_t group = 0; group < members.size(); ++group) {
    const std::size_t read = std::min(kTextsRead, members[group].size());
    for (std::size_t i = 0; i < read; ++i)
      terms.add(group,
                text_of(store, rows.atoms[members[group][i * members[group].size() / read]]));
  }
  return terms;
}

std::string name_of(const std::vector<std::string>& terms, std::size_t number) {
  if (terms.empty()) return "cluster " + std::to_string(number);
  std::string name;
  for (std::size_t i = 0; i < std::min(kTermsInName, terms.size()); ++i)
    name += (i == 0 ? "" : ", ") + terms[i];
  return name;
}

}  // namespace

void summarise_clusters(store::Store& store, const EmbeddingRows& rows, std::size_t clusters,
                        const ClusterOptions& options, Clustering& clustering) {
  const Members members = members_of(clusters, clustering.labels);
  clustering.noise = members.back().size();
  clustering.clusters.resize(clusters);
  parallel_for(clusters, 1, options.threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Cluster& cluster = clustering.clusters[i];
      cluster.size = members[i].size();
      place_cluster(members[i], clustering.places, cluster);
      cluster.examples = examples_of(members[i], rows, options.examples);
    }
  });
  if (clusters == 0) return;
  const ClassTerms terms = read_terms(store, rows, members);
  for (std::size_t i = 0; i < clusters; ++i) {
    Cluster& cluster = clustering.clusters[i];
    cluster.terms = terms.strongest(i, std::max(options.terms, kTermsInName));
    cluster.name = name_of(cluster.terms, i);
    cluster.terms.resize(std::min(cluster.terms.size(), options.terms));
  }
}

}  // namespace hart::search
