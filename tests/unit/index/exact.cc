#include "index/exact.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"
#include "index/exact_scan.h"
#include "index/index.h"
#include "store_fixture.h"

namespace {

using hart::Error;
using namespace hart::index;

/// Every vector's distance, sorted: the definition that the scan is judged against.
std::vector<Neighbor> brute_force(const std::vector<std::vector<float>>& vectors,
                                  const std::vector<std::int64_t>& atoms,
                                  const VectorQuery& query) {
  std::vector<Neighbor> all;
  const DistanceFrom distance{query.metric, query.vector};
  for (std::size_t i = 0; i < vectors.size(); ++i)
    if (query.admits(atoms[i])) all.push_back({distance(vectors[i]), atoms[i], 0});
  std::sort(all.begin(), all.end(), nearer);
  all.resize(std::min(all.size(), query.k));
  return all;
}

std::vector<std::int64_t> atoms_of(const std::vector<Neighbor>& neighbors) {
  std::vector<std::int64_t> atoms;
  atoms.reserve(neighbors.size());
  for (const Neighbor& neighbor : neighbors) atoms.push_back(neighbor.atom_id);
  return atoms;
}

std::vector<Neighbor> search_one(StoreFixture& fixture, const VectorQuery& query,
                                 unsigned threads = 1, ScanReport* report = nullptr) {
  return exact_search(fixture.store(), fixture.model(), {&query, 1}, threads, report).front();
}

TEST_CASE("exact search: finds what sorting all distances finds, for every metric") {
  StoreFixture fixture;
  const auto vectors = random_vectors(300, 1);
  const auto atoms = fixture.put(vectors);
  const auto queries = random_vectors(5, 2);
  for (const Metric metric : {Metric::cosine, Metric::l2, Metric::dot})
    for (const std::size_t k : {1u, 10u, 300u, 1000u})
      for (const auto& vector : queries) {
        const VectorQuery query{vector, k, metric};
        CHECK(atoms_of(search_one(fixture, query)) ==
              atoms_of(brute_force(vectors, atoms, query)));
      }
}

TEST_CASE("exact search: equal distances stand by ascending atom id") {
  StoreFixture fixture;
  const std::vector<std::vector<float>> same(20, random_vectors(1, 3).front());
  const auto atoms = fixture.put(same);
  const auto found = atoms_of(search_one(fixture, {same.front(), 7}));
  CHECK(found == std::vector<std::int64_t>(atoms.begin(), atoms.begin() + 7));
}

TEST_CASE("exact search: the number of threads does not change the result") {
  StoreFixture fixture;
  // Few distinct vectors, so that ties abound.
  const auto distinct = random_vectors(40, 4);
  std::vector<std::vector<float>> vectors;
  for (std::size_t i = 0; i < 5000; ++i) vectors.push_back(distinct[i % distinct.size()]);
  fixture.put(vectors);
  const auto query = random_vectors(1, 5).front();
  const auto one = search_one(fixture, {query, 200});
  for (const unsigned threads : {2u, 3u, 8u})
    CHECK(search_one(fixture, {query, 200}, threads) == one);
}

TEST_CASE("exact search: what the filter or the query leaves out is no result") {
  StoreFixture fixture;
  const auto vectors = random_vectors(50, 6);
  const auto atoms = fixture.put(vectors);
  const AtomSet allowed{{atoms[3], atoms[5], atoms[9], 123'456}};
  const VectorQuery query{vectors[5], 10, Metric::cosine, &allowed, atoms[5]};
  CHECK(atoms_of(search_one(fixture, query)) == atoms_of(brute_force(vectors, atoms, query)));
  CHECK(search_one(fixture, query).size() == 2);
}

TEST_CASE("exact search: a batch finds for each query what the query finds alone") {
  StoreFixture fixture;
  const auto vectors = random_vectors(700, 21);
  const auto atoms = fixture.put(vectors);
  const auto asked = random_vectors(23, 22);
  const AtomSet most{{atoms.begin(), atoms.begin() + 600}};
  constexpr Metric kMetrics[] = {Metric::cosine, Metric::l2, Metric::dot};
  std::vector<VectorQuery> queries;
  for (std::size_t q = 0; q < asked.size(); ++q)
    queries.push_back({asked[q], q, kMetrics[q % 3], q % 4 == 0 ? &most : nullptr, atoms[q]});
  const auto found = exact_search(fixture.store(), fixture.model(), queries, 1);
  REQUIRE(found.size() == queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    CAPTURE(q);
    CHECK(found[q] == search_one(fixture, queries[q]));
    CHECK(atoms_of(found[q]) == atoms_of(brute_force(vectors, atoms, queries[q])));
  }
}

TEST_CASE("exact scan: a batch large enough for threads finds the same with any number") {
  VectorBlock block;
  block.dim = 16;
  const auto distinct = random_vectors(50, 23);
  for (std::int64_t i = 0; i < 4000; ++i)
    block.push_back(i + 1, i + 1, distinct[static_cast<std::size_t>(i) % distinct.size()]);
  const auto asked = random_vectors(1000, 24);
  std::vector<VectorQuery> queries;
  queries.reserve(asked.size());
  for (const auto& vector : asked) queries.push_back({vector, 3});
  std::vector<std::vector<Neighbor>> one;
  for (const unsigned threads : {1u, 2u, 3u, 8u}) {
    ExactScan scan{queries, block.dim, threads};
    scan.visit(block);
    if (threads == 1) one = scan.results();
    CHECK(scan.results() == one);
    CHECK(scan.scanned() == 4000);
  }
  CHECK(one.front().size() == 3);
}

TEST_CASE(
    "exact search: few allowed atoms are fetched, many are scanned for, with one result") {
  StoreFixture fixture;
  const auto vectors = random_vectors(400, 25);
  const auto atoms = fixture.put(vectors);
  for (const bool has_flat : {false, true}) {
    if (has_flat) (void)build_index(fixture.store(), fixture.model(), IndexKind::flat);
    for (const std::size_t count : {0u, 1u, 20u, 21u, 400u}) {
      CAPTURE(count);
      const AtomSet allowed{
          {atoms.begin(), atoms.begin() + static_cast<std::ptrdiff_t>(count)}};
      const AtomSet other{{atoms[7], 987'654}};
      std::vector<VectorQuery> queries{{vectors[3], 5, Metric::cosine, &allowed},
                                       {vectors[4], 30, Metric::l2, &allowed, atoms[2]}};
      ScanReport report;
      CHECK(exact_search(fixture.store(), fixture.model(), queries, 1, &report) ==
            scan_rows(fixture.store(), fixture.model(), queries, 1));
      CHECK(report.filter_first == (count <= 20));  // 20 look-ups take as long as 400 rows
      if (report.filter_first) CHECK(report.scanned == count);
      queries.push_back({vectors[7], 5, Metric::dot, &other});
      const auto found = fetch_allowed(fixture.store(), fixture.model(), queries, 1, &report);
      CHECK(found == scan_rows(fixture.store(), fixture.model(), queries, 1));
      CHECK(report.scanned == count + 1);
      CHECK(found[2].size() == 1);
    }
  }
}

TEST_CASE("exact search: an allowed atom that the tenant holds no vector of is no result") {
  StoreFixture fixture;
  fixture.put(random_vectors(30, 26));
  hart::store::EmbeddingModel theirs;
  auto other = fixture.add_tenant("other", theirs);
  const auto mine = random_vectors(30, 27);
  const auto their_atoms = StoreFixture::put(other, theirs, mine, "theirs");
  const AtomSet allowed{{their_atoms[0]}};
  ScanReport report;
  CHECK(search_one(fixture, {mine[0], 5, Metric::cosine, &allowed}, 1, &report).empty());
  CHECK(report.filter_first);
}

TEST_CASE("exact search: a query of another length or with an infinite value is refused") {
  StoreFixture fixture;
  fixture.put(random_vectors(3, 7));
  std::vector<float> query(StoreFixture::kDim - 1, 1.0f);
  CHECK_THROWS_WITH_AS((void)search_one(fixture, {query, 1}),
                       "the query vector has 15 dimensions, those of test-vectors have 16",
                       Error);
  query.assign(StoreFixture::kDim, INFINITY);
  CHECK_THROWS_AS((void)search_one(fixture, {query, 1}), Error);
}

TEST_CASE("exact search: an empty store answers with nothing") {
  StoreFixture fixture;
  const auto query = random_vectors(1, 8).front();
  CHECK(search_one(fixture, {query, 5}).empty());
}

TEST_CASE("flat index: answers as the rows do, while vectors are added, replaced and removed") {
  StoreFixture fixture;
  auto vectors = random_vectors(5000, 9);
  const auto atoms = fixture.put(vectors);
  const auto built = build_index(fixture.store(), fixture.model(), IndexKind::flat);
  CHECK(built.items == 5000);
  const auto query = random_vectors(1, 11).front();
  const auto before = search_one(fixture, {query, 200});
  const auto added = random_vectors(30, 10);
  fixture.put(added, "new");
  // The nearest go, more of them than the scan keeps in reserve, and one comes back elsewhere.
  for (std::size_t i = 0; i < 150; ++i) fixture.remove_embedding(before[i].atom_id);
  {
    hart::store::WriteTransaction transaction{fixture.store()};
    hart::store::put_embedding(fixture.store(), fixture.model(), before[160].atom_id, query);
    transaction.commit();
  }
  ScanReport report;
  const VectorQuery asked{query, 100};
  const auto found = search_one(fixture, asked, 2, &report);
  const auto rows = scan_rows(fixture.store(), fixture.model(), {&asked, 1}, 1).front();
  CHECK(found == rows);
  CHECK(found.front().atom_id == before[160].atom_id);
  CHECK(found.size() == 100);
  CHECK(report.generation == built.generation);
  CHECK(report.delta == 31);
  CHECK(report.fallback.empty());
}

TEST_CASE("flat index: a damaged block is noticed, and the rows answer instead") {
  StoreFixture fixture;
  const auto vectors = random_vectors(100, 12);
  fixture.put(vectors);
  const auto built = build_index(fixture.store(), fixture.model(), IndexKind::flat);
  const VectorQuery query{vectors[17], 10};
  const auto expected = search_one(fixture, query);
  fixture.store().index_db().exec("UPDATE " +
                                  generation_table(IndexKind::flat, built.generation) +
                                  " SET vectors = zeroblob(length(vectors))");
  ScanReport report;
  CHECK(search_one(fixture, query, 1, &report) == expected);
  CHECK_FALSE(report.generation.has_value());
  CHECK(report.fallback.find("damaged") != std::string::npos);
}

TEST_CASE(
    "flat index: a generation that lacks a block is noticed, and the rows answer instead") {
  StoreFixture fixture;
  const auto vectors = random_vectors(9000, 13);
  fixture.put(vectors);
  const auto built = build_index(fixture.store(), fixture.model(), IndexKind::flat);
  const VectorQuery query{vectors[8999], 3};
  const auto expected = search_one(fixture, query);
  fixture.store().index_db().exec("DELETE FROM " +
                                  generation_table(IndexKind::flat, built.generation) +
                                  " WHERE position = 2");
  ScanReport report;
  CHECK(search_one(fixture, query, 1, &report) == expected);
  CHECK_FALSE(report.fallback.empty());
}

}  // namespace
