#include "index/index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>

#include "core/error.h"
#include "index/exact.h"
#include "index/rtree_index.h"
#include "store_fixture.h"

namespace {

using hart::Error;
using hart::Fault;
using namespace hart::index;

std::int64_t tables_in_index(hart::store::Store& store) {
  return store.index_db().query_integer(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'rtree_[0-9]*'"
      " AND name NOT GLOB '*_node' AND name NOT GLOB '*_parent' AND name NOT GLOB '*_rowid'");
}

TEST_CASE("recall: the figure is what comparing every pair by hand gives") {
  StoreFixture fixture;
  const auto vectors = random_vectors(300, 1);
  const auto atoms = fixture.put(vectors);
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  CHECK_FALSE(index.recall.has_value());

  constexpr std::size_t kNeighbors = 10;
  constexpr std::size_t kCandidates = 30;
  double sum = 0;
  for (std::size_t q = 0; q < vectors.size(); ++q) {
    std::vector<std::pair<double, std::int64_t>> all;
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      double dot = 0, a = 0, b = 0;
      for (std::size_t d = 0; d < StoreFixture::kDim; ++d) {
        dot += double{vectors[q][d]} * vectors[i][d];
        a += double{vectors[q][d]} * vectors[q][d];
        b += double{vectors[i][d]} * vectors[i][d];
      }
      if (i != q) all.emplace_back(-dot / std::sqrt(a * b), atoms[i]);
    }
    std::sort(all.begin(), all.end());
    std::set<std::int64_t> truth;
    for (std::size_t i = 0; i < kNeighbors; ++i) truth.insert(all[i].second);
    const VectorQuery query{vectors[q], kNeighbors, Metric::cosine, nullptr, atoms[q]};
    for (const Neighbor& neighbor :
         spatial_search(fixture.store(), fixture.model(), index, query, kCandidates, 1))
      sum += static_cast<double>(truth.count(neighbor.atom_id));
  }
  const double by_hand = sum / static_cast<double>(kNeighbors * vectors.size());

  const CheckOptions options{kNeighbors, kCandidates, 1000, 1, 2};
  const auto report = check_index(fixture.store(), fixture.model(), IndexKind::rtree, options);
  CHECK(report.queries == 300);
  CHECK(report.recall == doctest::Approx(by_hand).epsilon(1e-9));
  // Three of sixteen independent dimensions: far from all, and better than 30 random ones of
  // 299.
  CHECK(report.recall < 0.9);
  CHECK(report.recall > 0.1);
  const auto stored =
      find_index(fixture.store(), fixture.model().embedding_model_id, IndexKind::rtree);
  REQUIRE(stored.has_value());
  CHECK(stored->recall == report.recall);
  CHECK(stored->recall_k == 10);
  CHECK(stored->recall_candidates == 30);
}

TEST_CASE("recall: a query's own vector counts neither as truth nor as found") {
  StoreFixture fixture;
  fixture.put(random_vectors(200, 2));
  build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  // With no candidates nothing is found; the query itself would have made it 1.
  const auto report =
      check_index(fixture.store(), fixture.model(), IndexKind::rtree, {1, 0, 50, 1, 1});
  CHECK(report.recall == 0);
}

TEST_CASE("recall: the seed decides the sample, and the figure with it") {
  StoreFixture fixture;
  fixture.put(random_vectors(500, 3));
  const auto index = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  const auto measure = [&](std::uint64_t seed) {
    return measure_recall(fixture.store(), fixture.model(), index, {10, 20, 20, seed, 1})
        .recall;
  };
  CHECK(measure(1) == measure(1));
  CHECK((measure(1) != measure(2) || measure(1) != measure(3)));
}

TEST_CASE("recall: a flat index finds all") {
  StoreFixture fixture;
  fixture.put(random_vectors(300, 4));
  build_index(fixture.store(), fixture.model(), IndexKind::flat);
  const auto report = check_index(fixture.store(), fixture.model(), IndexKind::flat, {});
  CHECK(report.recall == 1);
}

TEST_CASE("index: a build that is interrupted leaves the generation before in use") {
  StoreFixture fixture;
  const auto vectors = random_vectors(5000, 5);
  fixture.put(vectors);
  for (const IndexKind kind : {IndexKind::rtree, IndexKind::flat}) {
    CAPTURE(index_kind_name(kind));
    const auto first = build_index(fixture.store(), fixture.model(), kind);
    const auto interrupt = [](std::uint64_t) { throw std::runtime_error{"interrupted"}; };
    CHECK_THROWS_AS(build_index(fixture.store(), fixture.model(), kind, interrupt),
                    std::runtime_error);
    const auto current = find_index(fixture.store(), fixture.model().embedding_model_id, kind);
    REQUIRE(current.has_value());
    CHECK(current->generation == first.generation);
    CHECK_NOTHROW(require_generation(fixture.store(), *current));
    const auto next = build_index(fixture.store(), fixture.model(), kind);
    CHECK(next.generation > first.generation);
  }
}

TEST_CASE("index: a new generation replaces the one before, and its recall figure") {
  StoreFixture fixture;
  fixture.put(random_vectors(100, 6));
  const auto first = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  check_index(fixture.store(), fixture.model(), IndexKind::rtree, {});
  fixture.put(random_vectors(50, 7), "b");
  const auto second = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  CHECK(second.items == 150);
  CHECK_FALSE(second.recall.has_value());
  CHECK(list_indexes(fixture.store()).size() == 1);
  CHECK(tables_in_index(fixture.store()) == 1);
  CHECK_THROWS_AS(require_generation(fixture.store(), first), Error);
  CHECK_NOTHROW(require_generation(fixture.store(), second));
}

TEST_CASE(
    "index: a generation that was written but never named is not used, and swept up later") {
  StoreFixture fixture;
  fixture.put(random_vectors(100, 8));
  {
    // As after a crash between the two commits.
    GenerationWriter writer{fixture.store(), fixture.model(), IndexKind::rtree};
    PointRtree{fixture.store().index_db(), writer.table()}.create({}, {});
    fixture.store().index_db().exec("INSERT INTO index_generation VALUES (" +
                                    std::to_string(writer.generation()) +
                                    ", 1, 1, 'rtree', 0, 0, 0); COMMIT");
  }
  CHECK(tables_in_index(fixture.store()) == 1);
  CHECK(list_indexes(fixture.store()).empty());
  const auto built = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  CHECK(built.items == 100);
  CHECK(tables_in_index(fixture.store()) == 1);
}

TEST_CASE("index: dropping one forgets it in the catalog and in index.db") {
  StoreFixture fixture;
  fixture.put(random_vectors(100, 9));
  const auto built = build_index(fixture.store(), fixture.model(), IndexKind::rtree);
  CHECK(drop_index(fixture.store(), fixture.model(), IndexKind::rtree));
  CHECK_FALSE(drop_index(fixture.store(), fixture.model(), IndexKind::rtree));
  CHECK(list_indexes(fixture.store()).empty());
  CHECK(tables_in_index(fixture.store()) == 0);
  CHECK_THROWS_AS(require_generation(fixture.store(), built), Error);
}

TEST_CASE("index: there is none to build over nothing, and none to check before it is built") {
  StoreFixture fixture;
  for (const IndexKind kind : {IndexKind::rtree, IndexKind::flat})
    CHECK_THROWS_AS(build_index(fixture.store(), fixture.model(), kind), Error);
  CHECK(list_indexes(fixture.store()).empty());
  CHECK_THROWS_WITH_AS(check_index(fixture.store(), fixture.model(), IndexKind::rtree, {}),
                       "there is no rtree index over test-vectors", Error);
}

TEST_CASE(
    "index: a lost, foreign or unreadable index.db is refused, and a build makes it anew") {
  StoreFixture fixture;
  const auto vectors = random_vectors(100, 10);
  fixture.put(vectors);
  IndexInfo built;
  {
    // Closed before its file is damaged, as a process that ended.
    auto builder = fixture.open();
    built = build_index(builder, fixture.model(), IndexKind::rtree);
  }
  const VectorQuery query{vectors[0], 3};

  SUBCASE("lost") {
    std::filesystem::remove(fixture.path("index.db"));
  }
  SUBCASE("no database") {
    std::ofstream{fixture.path("index.db"), std::ios::trunc} << std::string(200'000, 'x');
  }
  SUBCASE("an empty file") {
    std::ofstream{fixture.path("index.db"), std::ios::trunc};
  }
  std::filesystem::remove(fixture.path("index.db-wal"));
  std::filesystem::remove(fixture.path("index.db-shm"));
  auto again = fixture.open();
  CHECK_THROWS_AS((void)spatial_search(again, fixture.model(), built, query, 10, 1), Error);
  const auto rebuilt = build_index(again, fixture.model(), IndexKind::rtree);
  // The lost generation's number is not used again.
  CHECK(rebuilt.generation > built.generation);
  CHECK(spatial_search(again, fixture.model(), rebuilt, query, 100, 1).size() == 3);
}

}  // namespace
