#include "index/hilbert_index.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"
#include "index/index.h"
#include "store_fixture.h"

namespace {

using hart::Error;
using namespace hart::index;

TEST_CASE("Hilbert search: with as many candidates as vectors it is exact search") {
  StoreFixture fixture;
  // More than one block of a curve, so that walks cross from block to block.
  const auto vectors = random_vectors(2500, 4);
  fixture.put(vectors);
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::hilbert);
  CHECK(index.items == 2500);
  CHECK(index.parameters.value("projection_version", 0) == 1);
  CHECK(index.parameters.value("curves", 0) == 8);
  for (const Metric metric : {Metric::cosine, Metric::l2, Metric::dot}) {
    const VectorQuery query{vectors[13], 25, metric};
    SpatialReport report;
    CHECK(hilbert_search(fixture.store(), fixture.model(), index, query, 2500, 1, &report) ==
          scan_rows(fixture.store(), fixture.model(), {&query, 1}, 1).front());
    CHECK(report.candidates == 2500);
    CHECK(report.popped == 2500);
  }
}

TEST_CASE("Hilbert search: candidates are the vectors around the query, each counted once") {
  StoreFixture fixture;
  const auto vectors = random_vectors(2500, 5);
  const auto atoms = fixture.put(vectors);
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::hilbert);
  SpatialReport report;
  for (const std::size_t at : {0u, 77u, 2499u}) {
    const VectorQuery query{vectors[at], 3};
    const auto found =
        hilbert_search(fixture.store(), fixture.model(), index, query, 20, 1, &report);
    REQUIRE(found.size() == 3);
    CHECK(found.front().atom_id == atoms[at]);
    CHECK(report.candidates == 20);
    CHECK(report.popped == 20);
  }
  const VectorQuery query{vectors[0], 3};
  CHECK(hilbert_search(fixture.store(), fixture.model(), index, query, 0, 1).empty());
}

TEST_CASE("Hilbert search: more candidates find more, and half of them find most of the ten") {
  StoreFixture fixture;
  fixture.put(random_vectors(2000, 6));
  (void)build_index(fixture.store(), fixture.model(), IndexKind::hilbert);
  CheckOptions options;
  options.samples = 60;
  options.candidates = 40;
  const auto few = check_index(fixture.store(), fixture.model(), IndexKind::hilbert, options);
  options.candidates = 1000;
  const auto many = check_index(fixture.store(), fixture.model(), IndexKind::hilbert, options);
  CHECK(many.recall > few.recall);
  CHECK(many.recall > 0.7);
  CHECK(find_index(fixture.store(), fixture.model().embedding_model_id, IndexKind::hilbert)
            ->recall == many.recall);
}

TEST_CASE("Hilbert search: a vector is found right after it was added, and gone once removed") {
  StoreFixture fixture;
  fixture.put(random_vectors(500, 5));
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::hilbert);
  const auto added = random_vectors(1, 7);
  const auto atom = fixture.put(added, "new").front();
  const VectorQuery query{added.front(), 3};
  SpatialReport report;
  auto found = hilbert_search(fixture.store(), fixture.model(), index, query, 10, 1, &report);
  CHECK(found.front().atom_id == atom);
  CHECK(report.delta == 1);
  CHECK(report.candidates == 10);

  fixture.remove_embedding(atom);
  const auto gone = found[1].atom_id;
  fixture.remove_embedding(gone);
  found = hilbert_search(fixture.store(), fixture.model(), index, query, 10, 1, &report);
  for (const Neighbor& neighbor : found) {
    CHECK(neighbor.atom_id != atom);
    CHECK(neighbor.atom_id != gone);
  }
  CHECK(report.delta == 0);
  CHECK(report.candidates == 10);
}

TEST_CASE("Hilbert search: the filter is applied before candidates are counted") {
  StoreFixture fixture;
  const auto vectors = random_vectors(600, 8);
  const auto atoms = fixture.put(vectors);
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::hilbert);
  std::vector<std::int64_t> some;
  for (std::size_t i = 0; i < atoms.size(); i += 60) some.push_back(atoms[i]);
  const AtomSet allowed{some};
  const VectorQuery query{vectors[1], 10, Metric::cosine, &allowed};
  CHECK(hilbert_search(fixture.store(), fixture.model(), index, query, 10, 1) ==
        scan_rows(fixture.store(), fixture.model(), {&query, 1}, 1).front());
}

TEST_CASE("Hilbert search: a tenant cannot use another's generation") {
  StoreFixture fixture;
  const auto vectors = random_vectors(100, 9);
  fixture.put(vectors, "mine");
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::hilbert);
  hart::store::EmbeddingModel other_model;
  hart::store::Store other = fixture.add_tenant("other", other_model);
  StoreFixture::put(other, other_model, vectors, "theirs");
  const VectorQuery query{vectors[3], 5};
  CHECK_THROWS_AS((void)hilbert_search(other, other_model, index, query, 10, 1), Error);
}

TEST_CASE("Hilbert search: a damaged block and a query of another length are refused") {
  StoreFixture fixture;
  const auto vectors = random_vectors(50, 10);
  fixture.put(vectors);
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::hilbert);
  const VectorQuery shorter{std::span{vectors[0]}.first(3), 5};
  CHECK_THROWS_AS((void)hilbert_search(fixture.store(), fixture.model(), index, shorter, 10, 1),
                  Error);
  const VectorQuery query{vectors[0], 5};
  CHECK_NOTHROW((void)hilbert_search(fixture.store(), fixture.model(), index, query, 10, 1));
  fixture.store().index_db().exec("UPDATE " +
                                  generation_table(IndexKind::hilbert, index.generation) +
                                  " SET entries = zeroblob(length(entries)) WHERE curve = 3");
  CHECK_THROWS_AS((void)hilbert_search(fixture.store(), fixture.model(), index, query, 10, 1),
                  Error);
}

TEST_CASE("Hilbert index: nothing is published over no vectors, and dropping frees the table") {
  StoreFixture fixture;
  CHECK_THROWS_AS((void)build_index(fixture.store(), fixture.model(), IndexKind::hilbert),
                  Error);
  CHECK_FALSE(
      find_index(fixture.store(), fixture.model().embedding_model_id, IndexKind::hilbert));
  fixture.put(random_vectors(30, 11));
  std::uint64_t told = 0;
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::hilbert,
                                 [&](std::uint64_t done) { told = done; });
  CHECK(told == 30);
  const std::string tables = "SELECT count(*) FROM sqlite_schema WHERE tbl_name = '" +
                             generation_table(IndexKind::hilbert, index.generation) + "'";
  CHECK(fixture.store().index_db().query_integer(tables) == 2);
  CHECK(drop_index(fixture.store(), fixture.model(), IndexKind::hilbert));
  CHECK(fixture.store().index_db().query_integer(tables) == 0);
}

}  // namespace
