#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "../index/store_fixture.h"
#include "index/cell_index.h"
#include "index/index.h"
#include "search/searcher.h"
#include "search/vector_search.h"

namespace {

using namespace hart::search;
using hart::index::IndexKind;
using hart::store::Modality;

constexpr std::size_t kVectors = 4000;
constexpr std::size_t kQueries = 40;

/// Modalities that stand for shares of the vectors: each n-th is held as one.
struct Share {
  std::size_t every;
  Modality modality;
};
constexpr Share kShares[] = {{2, Modality::image},
                             {10, Modality::audio},
                             {100, Modality::video},
                             {1000, Modality::code}};

/// Unit vectors about some centres, whose numbers have nothing to do with the shares.
std::vector<std::vector<float>> clustered_vectors(std::size_t n, std::uint64_t seed) {
  const auto centres = random_vectors(40, 77);
  auto vectors = random_vectors(n, seed);
  for (std::size_t i = 0; i < n; ++i) {
    double norm = 0;
    for (std::size_t d = 0; d < StoreFixture::kDim; ++d) {
      vectors[i][d] =
          centres[(i * 2654435761U >> 16) % centres.size()][d] + 0.4f * vectors[i][d];
      norm += double{vectors[i][d]} * vectors[i][d];
    }
    for (float& x : vectors[i]) x = static_cast<float>(x / std::sqrt(norm));
  }
  return vectors;
}

void hold_shares(StoreFixture& fixture, const std::vector<std::int64_t>& atoms) {
  hart::store::WriteTransaction transaction{fixture.store()};
  hart::store::CatalogWriter writer{fixture.store()};
  for (const Share& share : kShares)
    for (std::size_t i = 0; i < atoms.size(); i += share.every)
      writer.hold_atom(atoms[i], share.modality, "share");
  transaction.commit();
}

/// A store with every index, made once for all cases.
struct IndexedStore {
  StoreFixture fixture;

  IndexedStore() {
    hold_shares(fixture, fixture.put(clustered_vectors(kVectors, 1)));
    hart::index::build_cell_index(fixture.store(), fixture.model(), {});
    hart::index::build_index(fixture.store(), fixture.model(), IndexKind::rtree);
    hart::index::build_index(fixture.store(), fixture.model(), IndexKind::hilbert);
  }
};

/// The mean share of exact search's ten that a strategy finds.
double measured_recall(Searcher& searcher, StoreFixture& fixture, Strategy strategy,
                       std::optional<Modality> modality, std::size_t* filter_first = nullptr) {
  double found = 0;
  double wanted = 0;
  for (const auto& vector : clustered_vectors(kQueries, 2)) {
    Query query;
    query.vector = vector;
    query.model = fixture.model();
    query.candidates = 400;
    query.filter.modality = modality;
    query.strategy = Strategy::exact;
    const auto truth = searcher.run(query);
    query.strategy = strategy;
    const auto result = searcher.run(query);
    CHECK(result.explain.chosen == strategy);
    CHECK(result.explain.fallbacks.empty());
    if (filter_first != nullptr && result.explain.vector->filter_first) ++*filter_first;
    for (const Hit& hit : truth.hits)
      found += std::any_of(result.hits.begin(), result.hits.end(),
                           [&](const Hit& other) { return other.atom_id == hit.atom_id; });
    wanted += static_cast<double>(truth.hits.size());
  }
  return found / wanted;
}

TEST_CASE("recall: every strategy keeps its recall from all atoms down to one in a thousand") {
  IndexedStore indexed;
  StoreFixture& fixture = indexed.fixture;
  Searcher searcher{fixture.store()};
  for (const Strategy strategy : {Strategy::cells, Strategy::spatial, Strategy::hilbert}) {
    CAPTURE(strategy_name(strategy));
    const double unfiltered = measured_recall(searcher, fixture, strategy, std::nullopt);
    MESSAGE(strategy_name(strategy) << ": recall@10 without a filter " << unfiltered);
    if (strategy == Strategy::cells) CHECK(unfiltered >= 0.95 - 0.03);
    CHECK(unfiltered > 0.4);
    for (const Share& share : kShares) {
      CAPTURE(share.every);
      const double filtered = measured_recall(searcher, fixture, strategy, share.modality);
      MESSAGE("  1 in " << share.every << ": " << filtered);
      // 400 samples of a share: two standard deviations are 0.05 at most.
      CHECK(filtered >= unfiltered - 0.05);
    }
  }
}

TEST_CASE("recall: few admitted atoms are each compared, and then nothing is missed") {
  IndexedStore indexed;
  StoreFixture& fixture = indexed.fixture;
  Searcher searcher{fixture.store()};
  for (const Strategy strategy : {Strategy::cells, Strategy::spatial, Strategy::hilbert}) {
    CAPTURE(strategy_name(strategy));
    std::size_t filter_first = 0;
    CHECK(measured_recall(searcher, fixture, strategy, Modality::code, &filter_first) == 1);
    CHECK(filter_first == kQueries);
  }
}

TEST_CASE("recall: exact search is the same for each selectivity, by atoms or by rows") {
  StoreFixture fixture;
  hold_shares(fixture, fixture.put(clustered_vectors(1000, 3)));
  Searcher searcher{fixture.store()};
  const auto vectors = clustered_vectors(5, 4);
  for (const Share& share : kShares) {
    CAPTURE(share.every);
    Query query;
    query.vector = vectors[0];
    query.model = fixture.model();
    query.strategy = Strategy::exact;
    query.filter.modality = share.modality;
    const auto result = searcher.run(query);
    const auto admitted = admitted_atoms(fixture.store(), query.filter, query.model);
    const hart::index::VectorQuery all{query.vector, query.k, query.metric, &admitted, 0};
    const auto truth =
        hart::index::scan_rows(fixture.store(), fixture.model(), {&all, 1}, 1).front();
    REQUIRE(result.hits.size() == truth.size());
    for (std::size_t i = 0; i < truth.size(); ++i) {
      CHECK(result.hits[i].atom_id == truth[i].atom_id);
      CHECK(*result.hits[i].distance == truth[i].distance);
    }
    CHECK(result.explain.filter->admitted == 1000 / share.every);
    CHECK(result.explain.filter->selectivity == 1.0 / static_cast<double>(share.every));
    CHECK(result.explain.filter->atoms_first == (share.every >= 10));
  }
}

TEST_CASE("recall: the filter comes first when an index would go through more than it admits") {
  CHECK(filter_comes_first(0, 1000, 10, true));
  CHECK(filter_comes_first(100, 1000, 10, true));
  CHECK_FALSE(filter_comes_first(101, 1000, 10, true));
  CHECK(filter_comes_first(125, 1000, 10, false));
  CHECK_FALSE(filter_comes_first(126, 1000, 10, false));
}

}  // namespace
