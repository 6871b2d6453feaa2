#include "search/cluster.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "../index/store_fixture.h"
#include "core/error.h"
#include "index/projection_store.h"
#include "learn/dbscan.h"
#include "search/cluster_terms.h"
#include "search/embedding_rows.h"

namespace {

using namespace hart::search;
using Vectors = std::vector<std::vector<float>>;

constexpr std::size_t kWide = 96;  // wide enough for sketches

/// Groups of vectors around random directions, and scattered ones; the i-th belongs to group
/// i mod (groups + 1), the last of which is scattered.
Vectors grouped_vectors(std::size_t n, std::size_t dim, std::size_t groups, float spread,
                        std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::normal_distribution<float> normal;
  Vectors centres(groups, std::vector<float>(dim));
  for (auto& centre : centres)
    for (float& x : centre) x = normal(random);
  Vectors vectors(n, std::vector<float>(dim));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < dim; ++c)
      vectors[i][c] = i % (groups + 1) < groups
                          ? centres[i % (groups + 1)][c] + spread * normal(random)
                          : normal(random);
  return vectors;
}

hart::store::EmbeddingModel wide_model(StoreFixture& fixture) {
  hart::store::WriteTransaction transaction{fixture.store()};
  hart::Id content;
  content.hash.fill(9);
  const auto model =
      hart::store::ensure_embedding_model(fixture.store(), "wide", content, kWide);
  transaction.commit();
  return model;
}

/// Leaves that say `texts`, with their vectors.
std::vector<std::int64_t> put_texts(StoreFixture& fixture, const Vectors& vectors,
                                    const std::vector<std::string>& texts) {
  std::vector<std::int64_t> atoms;
  hart::store::WriteTransaction transaction{fixture.store()};
  hart::store::CatalogWriter writer{fixture.store()};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    atoms.push_back(StoreFixture::put_leaf(writer, texts[i]));
    hart::store::put_embedding(fixture.store(), fixture.model(), atoms.back(), vectors[i]);
  }
  transaction.commit();
  return atoms;
}

double chord(const EmbeddingRows& rows, std::size_t a, std::size_t b) {
  double sum = 0;
  for (std::size_t c = 0; c < rows.dim; ++c) {
    const double difference = double{rows.row(a)[c]} - double{rows.row(b)[c]};
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

/// The partition that a definition of clusters gives: for each pair of core points, whether
/// they share a cluster is checked through single links.
void check_labels(const EmbeddingRows& rows, const Clustering& found, std::size_t min_points) {
  const std::size_t n = rows.size();
  std::vector<std::vector<std::size_t>> near(n);
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b)
      if (chord(rows, a, b) <= found.eps) near[a].push_back(b);
  const auto is_core = [&](std::size_t i) { return near[i].size() >= min_points; };
  std::vector<int> expected(n, -1);
  int clusters = 0;
  for (std::size_t first = 0; first < n; ++first) {
    if (!is_core(first) || expected[first] >= 0) continue;
    std::vector<std::size_t> open{first};
    expected[first] = clusters;
    while (!open.empty()) {
      const std::size_t point = open.back();
      open.pop_back();
      for (const std::size_t other : near[point]) {
        if (!is_core(other) || expected[other] >= 0) continue;
        expected[other] = clusters;
        open.push_back(other);
      }
    }
    ++clusters;
  }
  REQUIRE(found.clusters.size() == static_cast<std::size_t>(clusters));
  std::map<int, std::int32_t> renamed;
  for (std::size_t i = 0; i < n; ++i)
    if (expected[i] >= 0)
      CHECK(renamed.emplace(expected[i], found.labels[i]).first->second == found.labels[i]);
  CHECK(renamed.size() == static_cast<std::size_t>(clusters));
  for (std::size_t i = 0; i < n; ++i) {
    if (expected[i] >= 0) continue;
    std::set<std::int32_t> reachable;
    for (const std::size_t other : near[i])
      if (is_core(other)) reachable.insert(found.labels[other]);
    CHECK((reachable.empty() ? found.labels[i] == -1 : reachable.count(found.labels[i]) == 1));
  }
}

bool same(const Clustering& a, const Clustering& b) {
  if (a.labels != b.labels || a.atoms != b.atoms || a.eps != b.eps || a.noise != b.noise)
    return false;
  return std::equal(a.clusters.begin(), a.clusters.end(), b.clusters.begin(), b.clusters.end(),
                    [](const Cluster& x, const Cluster& y) {
                      return x.size == y.size && x.name == y.name && x.centre == y.centre &&
                             x.radius == y.radius && x.examples == y.examples;
                    });
}

TEST_CASE(
    "cluster: labels are those of all pairs of whole vectors, in few and many dimensions") {
  StoreFixture fixture;
  const auto wide = wide_model(fixture);
  StoreFixture::put(fixture.store(), wide, grouped_vectors(600, kWide, 5, 0.6F, 3), "w");
  fixture.put(grouped_vectors(500, StoreFixture::kDim, 4, 0.4F, 4));
  for (const auto& model : {fixture.model(), wide}) {
    const EmbeddingRows rows = read_embedding_rows(fixture.store(), model);
    for (const double eps : {0.3, 0.6, 0.75, 1.1, 1.9}) {
      ClusterOptions options;
      options.eps = eps;
      const Clustering found = cluster_embeddings(fixture.store(), model, options);
      CAPTURE(model.name);
      CAPTURE(eps);
      CHECK(found.eps == eps);
      CHECK(found.atoms == rows.atoms);
      check_labels(rows, found, 5);
    }
  }
}

TEST_CASE("cluster: planted groups are found with a chosen eps, whatever the threads") {
  StoreFixture fixture;
  const auto wide = wide_model(fixture);
  const std::size_t groups = 4;
  StoreFixture::put(fixture.store(), wide, grouped_vectors(800, kWide, groups, 0.3F, 8), "w");
  const Clustering one = cluster_embeddings(fixture.store(), wide, {});
  REQUIRE(one.clusters.size() == groups);
  // A few loose members may be left out; no groups may be mixed.
  std::vector<std::set<std::size_t>> planted(groups);
  for (std::size_t i = 0; i < one.labels.size(); ++i)
    if (one.labels[i] >= 0) planted[static_cast<std::size_t>(one.labels[i])].insert(i % 5);
  for (std::size_t i = 0; i < groups; ++i) {
    CHECK(planted[i].size() == 1);
    CHECK(planted[i].count(groups) == 0);
    CHECK(one.clusters[i].size >= 150);
  }
  for (const unsigned threads : {2u, 5u}) {
    ClusterOptions options;
    options.threads = threads;
    CHECK(same(one, cluster_embeddings(fixture.store(), wide, options)));
  }
}

TEST_CASE("cluster: one group is one cluster with a chosen eps, in either space") {
  StoreFixture fixture;
  // Every second vector is scattered: a tenth of those stays.
  const Vectors mixed = grouped_vectors(400, StoreFixture::kDim, 1, 0.3F, 5);
  Vectors vectors;
  for (std::size_t i = 0; i < mixed.size(); ++i)
    if (i % 2 == 0 || i % 20 == 1) vectors.push_back(mixed[i]);
  fixture.put(vectors);
  ClusterOptions options;
  for (const auto space : {ClusterSpace::vectors, ClusterSpace::map}) {
    options.space = space;
    const Clustering found = cluster_embeddings(fixture.store(), fixture.model(), options);
    REQUIRE(!found.clusters.empty());
    CAPTURE(static_cast<int>(space));
    CHECK(found.clusters[0].size >= 180);
    if (found.clusters.size() > 1) CHECK(found.clusters[1].size < 15);
  }
}

TEST_CASE("cluster: in the map, distances are those of the places") {
  StoreFixture fixture;
  fixture.put(grouped_vectors(400, StoreFixture::kDim, 3, 0.2F, 6));
  hart::index::fit_projection(fixture.store(), fixture.model(), {});
  ClusterOptions options;
  options.space = ClusterSpace::map;
  options.eps = 0.05;
  const Clustering found = cluster_embeddings(fixture.store(), fixture.model(), options);
  std::vector<double> places;
  for (const auto& place : found.places)
    places.insert(places.end(), {place.x, place.y, place.z});
  const auto expected = hart::learn::dbscan(places, {0.05, 5, 1});
  REQUIRE(found.clusters.size() == expected.clusters);
  REQUIRE(expected.clusters >= 3);
  for (std::size_t a = 0; a < found.labels.size(); ++a) {
    CHECK((found.labels[a] < 0) == (expected.labels[a] < 0));
    for (std::size_t b = 0; b < a; ++b)
      if ((found.labels[a] == found.labels[b]) != (expected.labels[a] == expected.labels[b]))
        FAIL_CHECK("pair " << a << ", " << b);
  }
}

TEST_CASE("cluster: the largest comes first, with its size, place, radius and examples") {
  StoreFixture fixture;
  Vectors vectors = grouped_vectors(90, StoreFixture::kDim, 1, 0.1F, 2);
  // Every second vector is scattered: make twenty of those a second, smaller group.
  for (std::size_t i = 1; i < 41; i += 2) {
    vectors[i].assign(StoreFixture::kDim, static_cast<float>(i));
    vectors[i][i % StoreFixture::kDim] *= 1.1F;
  }
  const auto atoms = fixture.put(vectors);
  ClusterOptions options;
  options.eps = 0.3;
  options.examples = 2;
  const Clustering found = cluster_embeddings(fixture.store(), fixture.model(), options);
  REQUIRE(found.clusters.size() == 2);
  CHECK(found.clusters[0].size == 45);
  CHECK(found.clusters[1].size == 20);
  CHECK(found.noise == 25);
  for (std::size_t number = 0; number < 2; ++number) {
    const Cluster& cluster = found.clusters[number];
    CHECK(cluster.examples.size() == 2);
    double furthest = 0;
    hart::geometry::PointZM mean;
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      if (found.labels[i] != static_cast<std::int32_t>(number)) continue;
      mean.x += found.places[i].x / static_cast<double>(cluster.size);
      furthest = std::max(furthest, std::hypot(found.places[i].x - cluster.centre.x,
                                               found.places[i].y - cluster.centre.y,
                                               found.places[i].z - cluster.centre.z));
    }
    CHECK(cluster.centre.x == doctest::Approx(mean.x));
    CHECK(cluster.radius == doctest::Approx(furthest));
    for (const std::int64_t example : cluster.examples) {
      const auto at = std::find(found.atoms.begin(), found.atoms.end(), example);
      REQUIRE(at != found.atoms.end());
      CHECK(found.labels[static_cast<std::size_t>(at - found.atoms.begin())] ==
            static_cast<std::int32_t>(number));
    }
  }
}

TEST_CASE("cluster: names come from what the members say and the others do not") {
  StoreFixture fixture;
  const Vectors vectors = grouped_vectors(60, StoreFixture::kDim, 2, 0.1F, 12);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 60; ++i) {
    const char* const said[] = {"the Whale and its ocean animal ", "a merkle tree, of hashes ",
                                "an animal of no group "};
    texts.push_back(said[i % 3] + std::to_string(i));
  }
  put_texts(fixture, vectors, texts);
  ClusterOptions options;
  options.eps = 0.4;
  options.terms = 2;
  const Clustering found = cluster_embeddings(fixture.store(), fixture.model(), options);
  REQUIRE(found.clusters.size() == 2);
  const std::size_t whales = found.labels[0] == 0 ? 0 : 1;
  CHECK(found.clusters[whales].terms == std::vector<std::string>{"ocean", "whale"});
  CHECK(found.clusters[whales].name == "ocean, whale, animal");
  CHECK(found.clusters[1 - whales].name == "hashes, merkle, tree");
}

TEST_CASE("cluster: an empty model, too few vectors, and options that mean nothing") {
  StoreFixture fixture;
  CHECK(cluster_embeddings(fixture.store(), fixture.model(), {}).atoms.empty());
  fixture.put(random_vectors(3, 1));
  const Clustering few = cluster_embeddings(fixture.store(), fixture.model(), {});
  CHECK(few.labels == std::vector<std::int32_t>{-1, -1, -1});
  CHECK(few.noise == 3);
  ClusterOptions options;
  for (const double eps : {0.0, -1.0, std::nan("")}) {
    options.eps = eps;
    CHECK_THROWS_AS((void)cluster_embeddings(fixture.store(), fixture.model(), options),
                    hart::Error);
  }
  options = {};
  options.min_points = 0;
  CHECK_THROWS_AS((void)cluster_embeddings(fixture.store(), fixture.model(), options),
                  hart::Error);
}

TEST_CASE("cluster: nothing but duplicates is one cluster") {
  StoreFixture fixture;
  fixture.put(Vectors(30, std::vector<float>(StoreFixture::kDim, 0.5F)));
  const Clustering found = cluster_embeddings(fixture.store(), fixture.model(), {});
  REQUIRE(found.clusters.size() == 1);
  CHECK(found.clusters[0].size == 30);
  CHECK(found.clusters[0].radius == doctest::Approx(0));
}

TEST_CASE("cluster: another tenant's vectors take no part") {
  StoreFixture fixture;
  fixture.put(grouped_vectors(60, StoreFixture::kDim, 2, 0.1F, 12));
  hart::store::EmbeddingModel model;
  hart::store::Store other = fixture.add_tenant("other", model);
  CHECK(cluster_embeddings(other, model, {}).atoms.empty());
}

TEST_CASE("class terms: a word that every class says often tells none apart") {
  ClassTerms terms{2};
  terms.add(0, "noun noun noun noun noun noun whale whale reef reef");
  terms.add(1, "noun noun noun noun noun noun merkle tree tree tree");
  CHECK(terms.strongest(0, 3) == std::vector<std::string>{"reef", "whale", "noun"});
  CHECK(terms.strongest(1, 2) == std::vector<std::string>{"tree", "merkle"});
}

TEST_CASE("class terms: of one class, the most frequent words come first") {
  ClassTerms terms{2};
  terms.add(0, "reef whale noun whale noun noun");
  CHECK(terms.strongest(0, 2) == std::vector<std::string>{"noun", "whale"});
  CHECK(terms.strongest(1, 2).empty());
}

TEST_CASE("subject words: function words, numbers, short words and punctuation are left out") {
  std::vector<std::string> words;
  for_each_subject_word(
      "The \xE2\x80\x9CWhale\xE2\x80\x9D swam in 1851; caf\xC3\xA9\xE2\x80\x94x86 is"
      " \xC2\xA7 Stra\xC3\x9F"
      "e \xE2\x80",
      [&](std::string_view word) { words.emplace_back(word); });
  CHECK(words == std::vector<std::string>{"whale", "swam", "caf\xC3\xA9", "x86",
                                          std::string{"stra\xC3\x9F"}.append("e")});
}

}  // namespace
