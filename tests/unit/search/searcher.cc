#include "search/searcher.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "../index/store_fixture.h"
#include "core/error.h"
#include "index/cell_index.h"
#include "index/index.h"
#include "result_atoms.h"
#include "store/relation.h"

namespace {

using namespace hart::search;
using hart::index::IndexKind;
using hart::store::Modality;

Query query_for(StoreFixture& fixture, const std::vector<float>& vector, Strategy strategy) {
  Query query;
  query.vector = vector;
  query.model = fixture.model();
  query.strategy = strategy;
  return query;
}

void hold_as_code(hart::store::Store& store, std::int64_t atom) {
  hart::store::WriteTransaction transaction{store};
  hart::store::CatalogWriter{store}.hold_atom(atom, Modality::code, "token");
  transaction.commit();
}

TEST_CASE("searcher: a filter's atoms are found again after any change, own or another's") {
  StoreFixture fixture;
  const auto vectors = random_vectors(20, 1);
  const auto atoms = fixture.put(vectors);
  Searcher searcher{fixture.store()};
  Query query = query_for(fixture, vectors[0], Strategy::exact);
  query.filter.modality = Modality::code;
  CHECK(searcher.run(query).hits.empty());
  hold_as_code(fixture.store(), atoms[3]);
  CHECK(atoms_of(searcher.run(query)) == std::vector{atoms[3]});
  CHECK(atoms_of(searcher.run(query)) == std::vector{atoms[3]});
  auto other = fixture.open();
  hold_as_code(other, atoms[4]);
  CHECK(searcher.run(query).hits.size() == 2);
  query.filter.modality = Modality::image;
  CHECK(searcher.run(query).hits.empty());
}

TEST_CASE("searcher: nothing that a rolled back transaction showed is kept") {
  StoreFixture fixture;
  const auto vectors = random_vectors(20, 2);
  const auto atoms = fixture.put(vectors);
  Searcher searcher{fixture.store()};
  Query query = query_for(fixture, vectors[0], Strategy::exact);
  query.filter.modality = Modality::code;
  {
    hart::store::WriteTransaction transaction{fixture.store()};
    hart::store::CatalogWriter{fixture.store()}.hold_atom(atoms[3], Modality::code, "token");
    CHECK(searcher.run(query).hits.size() == 1);
  }
  CHECK(searcher.run(query).hits.empty());
}

TEST_CASE("searcher: own changes that concern no answer may be declared so") {
  StoreFixture fixture;
  const auto vectors = random_vectors(20, 3);
  const auto atoms = fixture.put(vectors);
  Searcher searcher{fixture.store()};
  Query query = query_for(fixture, vectors[0], Strategy::exact);
  query.filter.modality = Modality::code;
  CHECK(searcher.run(query).hits.empty());
  hold_as_code(fixture.store(), atoms[3]);
  searcher.keep_across_own_changes();
  // The promise was false, which is how the test sees that it was believed.
  CHECK(searcher.run(query).hits.empty());
  auto other = fixture.open();
  hold_as_code(other, atoms[4]);
  CHECK(searcher.run(query).hits.size() == 2);
}

TEST_CASE("searcher: an index that is built, replaced or dropped between queries is noticed") {
  StoreFixture fixture;
  const auto vectors = random_vectors(600, 4);
  const auto atoms = fixture.put(vectors);
  Searcher searcher{fixture.store()};
  const Query query = query_for(fixture, vectors[7], Strategy::cells);
  CHECK(searcher.run(query).explain.chosen == Strategy::exact);
  const auto first = hart::index::build_cell_index(fixture.store(), fixture.model(), {});
  auto result = searcher.run(query);
  CHECK(result.explain.chosen == Strategy::cells);
  CHECK(result.explain.vector->generation == first.generation);
  CHECK(result.hits.front().atom_id == atoms[7]);

  fixture.remove_embedding(atoms[7]);
  const auto added = fixture.put({vectors[7]}, "again");
  result = searcher.run(query);
  CHECK(result.hits.front().atom_id == added[0]);
  const auto found = atoms_of(result);
  CHECK(std::count(found.begin(), found.end(), atoms[7]) == 0);

  const auto second = hart::index::build_cell_index(fixture.store(), fixture.model(), {});
  CHECK(searcher.run(query).explain.vector->generation == second.generation);
  hart::index::drop_index(fixture.store(), fixture.model(), IndexKind::cells);
  CHECK(searcher.run(query).explain.chosen == Strategy::exact);
}

TEST_CASE("searcher: auto takes the cells, whose recall is known, and says why") {
  StoreFixture fixture;
  const auto vectors = random_vectors(600, 5);
  fixture.put(vectors);
  hart::index::build_cell_index(fixture.store(), fixture.model(), {});
  Searcher searcher{fixture.store()};
  Query query = query_for(fixture, vectors[1], Strategy::automatic);
  auto result = searcher.run(query);
  CHECK(result.explain.chosen == Strategy::cells);
  CHECK(result.explain.reason == "the cell index is calibrated for recall 0.95");
  CHECK(result.explain.vector->expected_recall.value_or(0) >= 0.95);
  const hart::Json json = explain_json(result.explain);
  CHECK(json["vector"]["cells"].is_number());
  // Random normal vectors are of several lengths: their dot product is another order.
  query.metric = hart::index::Metric::dot;
  result = searcher.run(query);
  CHECK(result.explain.chosen == Strategy::exact);
  CHECK(result.explain.reason.starts_with("the cell index cannot tell its recall"));
  query.strategy = Strategy::cells;
  result = searcher.run(query);
  CHECK(result.explain.chosen == Strategy::exact);
  CHECK(result.explain.fallbacks.size() == 1);
}

TEST_CASE("searcher: a store that is shown as it was is searched exactly, for what it held") {
  StoreFixture fixture;
  const auto vectors = random_vectors(300, 6);
  const auto before = fixture.put(vectors);
  const hart::TimeUs instant = fixture.store().now();
  const auto later = fixture.put(random_vectors(5, 7), "later");
  hart::index::build_cell_index(fixture.store(), fixture.model(), {});
  hart::index::build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  hart::store::OpenOptions options{fixture.path(""), "default", 1000, false};
  options.as_of = instant;
  hart::store::Store past{options};
  Searcher searcher{past};
  for (const Strategy strategy :
       {Strategy::automatic, Strategy::cells, Strategy::spatial, Strategy::hilbert}) {
    CAPTURE(strategy_name(strategy));
    Query query = query_for(fixture, vectors[9], strategy);
    query.k = 400;
    const auto result = searcher.run(query);
    CHECK(result.explain.chosen == Strategy::exact);
    CHECK(result.hits.size() == before.size());
    CHECK(result.hits.front().atom_id == before[9]);
    for (const std::int64_t atom : atoms_of(result))
      CHECK(std::count(later.begin(), later.end(), atom) == 0);
  }
}

TEST_CASE("searcher: graph reaches what no word and no vector found, through an edge") {
  StoreFixture fixture;
  const auto vectors = random_vectors(30, 8);
  const auto atoms = fixture.put(vectors);
  Query query = query_for(fixture, vectors[0], Strategy::exact);
  query.k = 30;
  const auto ranked = atoms_of(search(fixture.store(), query));
  const std::int64_t last = ranked.back();
  {
    hart::store::WriteTransaction transaction{fixture.store()};
    hart::store::RelationWriter edges{fixture.store()};
    edges.put(atoms[0], last, "cites", 1);
    transaction.commit();
  }
  query.strategy = Strategy::graph;
  query.k = 3;
  query.candidates = 5;
  const auto result = search(fixture.store(), query);
  CHECK(result.explain.chosen == Strategy::graph);
  CHECK(result.explain.graph->seeds == 5);
  CHECK(result.hits[0].atom_id == atoms[0]);
  CHECK(result.hits[0].distance == doctest::Approx(0));
  const auto found = atoms_of(result);
  CHECK(std::count(found.begin(), found.end(), last) == 1);
  query.filter.modality = Modality::image;
  CHECK(search(fixture.store(), query).hits.empty());
}

}  // namespace
