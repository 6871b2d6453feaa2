#include "index/cell_index.h"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/error.h"
#include "index/cell_build.h"
#include "index/cell_file.h"
#include "index/index.h"
#include "store_fixture.h"

namespace {

using hart::Error;
using namespace hart::index;

/// Vectors around a few centres, as embeddings are.
std::vector<std::vector<float>> clustered_vectors(std::size_t n, std::uint64_t seed) {
  const auto centres = random_vectors(40, 99);
  auto vectors = random_vectors(n, seed);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t d = 0; d < StoreFixture::kDim; ++d)
      vectors[i][d] = vectors[i][d] * 0.5F + centres[i * 7 % centres.size()][d];
  return vectors;
}

std::vector<Neighbor> by_rows(StoreFixture& fixture, const VectorQuery& query) {
  return scan_rows(fixture.store(), fixture.model(), {&query, 1}, 1).front();
}

double recall(const std::vector<Neighbor>& found, const std::vector<Neighbor>& truth) {
  std::set<std::int64_t> atoms;
  for (const Neighbor& neighbor : truth) atoms.insert(neighbor.atom_id);
  std::size_t hits = 0;
  for (const Neighbor& neighbor : found) hits += atoms.count(neighbor.atom_id);
  return static_cast<double>(hits) / static_cast<double>(truth.size());
}

CellIndex open(StoreFixture& fixture, const IndexInfo& info) {
  return CellIndex{fixture.store(), fixture.model(), info};
}

/// Mean recall@10 over fresh queries.
double mean_recall(StoreFixture& fixture, CellIndex& index, double wanted,
                   const AtomSet* allowed = nullptr, Metric metric = Metric::cosine) {
  const auto queries = clustered_vectors(60, 1234);
  double sum = 0;
  for (const auto& vector : queries) {
    const VectorQuery query{vector, 10, metric, allowed};
    sum += recall(index.search(query, wanted), by_rows(fixture, query));
  }
  return sum / static_cast<double>(queries.size());
}

TEST_CASE("cells: new queries find what was asked for, and distances are exact") {
  StoreFixture fixture;
  fixture.put(clustered_vectors(4000, 1));
  const IndexInfo info = build_cell_index(fixture.store(), fixture.model(), CellBuildOptions{});
  REQUIRE(info.recall.has_value());
  CHECK(*info.recall >= 0.95);
  CHECK(info.recall_interval > 0);
  CellIndex index = open(fixture, info);
  for (const double wanted : {0.8, 0.95, 0.99})
    CHECK(mean_recall(fixture, index, wanted) >= wanted - 0.02);

  const auto vector = clustered_vectors(1, 77).front();
  const VectorQuery query{vector, 10};
  const auto truth = by_rows(fixture, query);
  for (const Neighbor& neighbor : index.search(query, 0.995)) {
    const auto same = std::find_if(truth.begin(), truth.end(), [&](const Neighbor& other) {
      return other.atom_id == neighbor.atom_id;
    });
    if (same != truth.end()) CHECK(*same == neighbor);
  }
}

TEST_CASE("cells: a greater recall costs more work") {
  StoreFixture fixture;
  fixture.put(clustered_vectors(4000, 1));
  CellIndex index = open(fixture, build_cell_index(fixture.store(), fixture.model(), {}));
  const auto vector = clustered_vectors(1, 77).front();
  CellReport low;
  CellReport high;
  (void)index.search({vector, 10}, 0.8, &low);
  (void)index.search({vector, 10}, 0.995, &high);
  CHECK(low.scanned < high.scanned);
  CHECK(low.expected_recall >= 0.8);
  CHECK(high.expected_recall >= 0.995);
  CHECK(high.scanned < 4000 * 2 + 32 * 1000);
}

TEST_CASE("cells: recall holds under filters of every selectivity") {
  StoreFixture fixture;
  const auto atoms = fixture.put(clustered_vectors(4000, 1));
  CellIndex index = open(fixture, build_cell_index(fixture.store(), fixture.model(), {}));
  for (const std::size_t every : {1U, 2U, 10U, 100U, 1000U}) {
    CAPTURE(every);
    std::vector<std::int64_t> some;
    for (std::size_t i = 0; i < atoms.size(); i += every) some.push_back(atoms[i]);
    const AtomSet allowed{some};
    CHECK(mean_recall(fixture, index, 0.95, &allowed) >= 0.93);
  }
  // The calibration knows nothing of filters; where all were compared nothing is missed.
  const auto reported = [&](std::size_t every) {
    std::vector<std::int64_t> some;
    for (std::size_t i = 0; i < atoms.size(); i += every) some.push_back(atoms[i]);
    const AtomSet allowed{some};
    CellReport report;
    (void)index.search({random_vectors(1, 3).front(), 10, Metric::cosine, &allowed}, 0.8,
                       &report);
    return report;
  };
  CHECK_FALSE(reported(1).filter_first);
  CHECK_FALSE(reported(1).expected_recall.has_value());
  CHECK(reported(1000).filter_first);
  CHECK(reported(1000).expected_recall == 1.0);
  const AtomSet none{std::vector<std::int64_t>{}};
  const auto vector = clustered_vectors(1, 7).front();
  CHECK(index.search({vector, 10, Metric::cosine, &none}, 0.95).empty());
}

TEST_CASE("cells: the atom that a query was made from is left out") {
  StoreFixture fixture;
  const auto vectors = clustered_vectors(500, 1);
  const auto atoms = fixture.put(vectors);
  CellIndex index = open(fixture, build_cell_index(fixture.store(), fixture.model(), {}));
  const auto found = index.search({vectors[3], 5, Metric::cosine, nullptr, atoms[3]}, 0.99);
  CHECK(found.size() == 5);
  for (const Neighbor& neighbor : found) CHECK(neighbor.atom_id != atoms[3]);
  CHECK(index.search({vectors[3], 1}, 0.99).front().atom_id == atoms[3]);
}

TEST_CASE("cells: what is added is found at once, what is removed never again") {
  StoreFixture fixture;
  const auto vectors = clustered_vectors(600, 1);
  const auto atoms = fixture.put(vectors);
  CellIndex index = open(fixture, build_cell_index(fixture.store(), fixture.model(), {}));
  const auto added = clustered_vectors(3, 555);
  const auto added_atoms = fixture.put(added, "new");
  fixture.remove_embedding(atoms[5]);
  const auto nearest = [&](const std::vector<float>& vector) {
    return index.search({vector, 1}, 0.99).front().atom_id;
  };
  index.refresh(fixture.store());
  CHECK(nearest(added[1]) == added_atoms[1]);
  CHECK(nearest(vectors[5]) != atoms[5]);
  CHECK(nearest(vectors[6]) == atoms[6]);

  // Another process sees the same, one that was added is removed again, one removed comes back.
  fixture.remove_embedding(added_atoms[1]);
  {
    hart::store::WriteTransaction transaction{fixture.store()};
    hart::store::put_embedding(fixture.store(), fixture.model(), atoms[5], vectors[5]);
    transaction.commit();
  }
  index.refresh(fixture.store());
  CHECK(nearest(added[1]) != added_atoms[1]);
  CHECK(nearest(vectors[5]) == atoms[5]);
  auto other = fixture.open();
  CellIndex reopened{other, fixture.model(), index.info()};
  for (const auto& vector : {vectors[5], added[1], added[2], vectors[100]}) {
    const VectorQuery query{vector, 7};
    CHECK(reopened.search(query, 0.99) == index.search(query, 0.99));
  }
  // A filter that was used before sees removals too.
  const AtomSet two{{atoms[7], atoms[8]}};
  CHECK(index.search({vectors[7], 5, Metric::cosine, &two}, 0.99).size() == 2);
  fixture.remove_embedding(atoms[7]);
  index.refresh(fixture.store());
  CHECK(index.search({vectors[7], 5, Metric::cosine, &two}, 0.99).size() == 1);
}

TEST_CASE("cells: a merge takes in what changed and forgets that it did") {
  StoreFixture fixture;
  const auto vectors = clustered_vectors(400, 1);
  const auto atoms = fixture.put(vectors);
  build_cell_index(fixture.store(), fixture.model(), {});
  const auto more = fixture.put(clustered_vectors(100, 2), "more");
  fixture.remove_embedding(atoms[0]);
  const auto removals = [&] {
    return fixture.store().db().query_integer("SELECT count(*) FROM embedding_removed");
  };
  CHECK(removals() == 1);
  const IndexInfo second = build_cell_index(fixture.store(), fixture.model(), {});
  CHECK(second.items == 499);
  CHECK(removals() == 0);
  CellIndex index = open(fixture, second);
  CellReport report;
  const auto found = index.search({vectors[0], 5}, 0.99, &report);
  CHECK(report.delta == 0);
  for (const Neighbor& neighbor : found) CHECK(neighbor.atom_id != atoms[0]);
  // One generation, one file.
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{fixture.path("indexes")})
    files += entry.is_regular_file() ? 1 : 0;
  CHECK(files == 1);
  CHECK(drop_index(fixture.store(), fixture.model(), IndexKind::cells));
  CHECK(std::filesystem::is_empty(fixture.path("indexes")));
}

TEST_CASE("cells: vectors kept in fewer bits give exact distances all the same") {
  StoreFixture fixture;
  fixture.put(clustered_vectors(3000, 1));
  for (const VectorStorage storage : {VectorStorage::f16, VectorStorage::int8}) {
    CellBuildOptions options;
    options.storage = storage;
    CellIndex index =
        open(fixture, build_cell_index(fixture.store(), fixture.model(), options));
    CHECK(mean_recall(fixture, index, 0.95) >= 0.93);
    const auto vector = clustered_vectors(1, 77).front();
    const VectorQuery query{vector, 3};
    CHECK(index.search(query, 0.995) == by_rows(fixture, query));
  }
}

TEST_CASE("cells: every metric is answered by an index that was built for it") {
  StoreFixture fixture;
  fixture.put(clustered_vectors(3000, 1));
  for (const Metric metric : {Metric::cosine, Metric::l2, Metric::dot})
    for (const VectorStorage storage : {VectorStorage::f32, VectorStorage::int8}) {
      CAPTURE(metric_name(metric));
      CellBuildOptions options;
      options.metric = metric;
      options.storage = storage;
      CellIndex index =
          open(fixture, build_cell_index(fixture.store(), fixture.model(), options));
      CHECK(index.reason_against(metric, 10, 0.95).empty());
      CHECK(mean_recall(fixture, index, 0.95, nullptr, metric) >= 0.92);
      const Metric other = metric == Metric::l2 ? Metric::dot : Metric::l2;
      CHECK_FALSE(index.reason_against(other, 10, 0.95).empty());
    }
}

TEST_CASE("cells: vectors of length 1 are answered under every metric") {
  StoreFixture fixture;
  auto vectors = clustered_vectors(2000, 1);
  for (auto& vector : vectors) {
    double square = 0;
    for (const float x : vector) square += double{x} * x;
    for (float& x : vector) x = static_cast<float>(x / std::sqrt(square));
  }
  fixture.put(vectors);
  CellIndex index = open(fixture, build_cell_index(fixture.store(), fixture.model(), {}));
  for (const Metric metric : {Metric::cosine, Metric::l2, Metric::dot}) {
    CHECK(index.reason_against(metric, 10, 0.95).empty());
    CHECK(mean_recall(fixture, index, 0.95, nullptr, metric) >= 0.93);
  }
}

TEST_CASE("cells: nothing is promised beyond what was calibrated") {
  StoreFixture fixture;
  fixture.put(clustered_vectors(600, 1));
  CellIndex index = open(fixture, build_cell_index(fixture.store(), fixture.model(), {}));
  CHECK(index.reason_against(Metric::cosine, 100, 0.95).empty());
  CHECK_FALSE(index.reason_against(Metric::cosine, 101, 0.95).empty());
  CHECK_FALSE(index.reason_against(Metric::cosine, 10, 0.9999).empty());
  const auto vector = clustered_vectors(1, 3).front();
  CellReport report;
  CHECK(index.search({vector, 300}, 0.95, &report).size() == 300);
  CHECK_FALSE(report.expected_recall.has_value());
}

TEST_CASE("cells: few vectors, equal vectors and zeros are found too") {
  for (const std::size_t n : {1U, 2U, 33U}) {
    StoreFixture fixture;
    std::vector<std::vector<float>> vectors(n, std::vector<float>(StoreFixture::kDim, 0.25F));
    if (n > 2) vectors[2].assign(StoreFixture::kDim, 0);
    const auto atoms = fixture.put(vectors);
    CellIndex index = open(fixture, build_cell_index(fixture.store(), fixture.model(), {}));
    const VectorQuery query{vectors[0], n};
    const auto found = index.search(query, 0.95);
    CHECK(found == by_rows(fixture, query));
  }
  StoreFixture empty;
  CHECK_THROWS_AS(build_cell_index(empty.store(), empty.model(), {}), Error);
}

TEST_CASE("cells: the file and the answers do not depend on the threads") {
  StoreFixture fixture;
  fixture.put(clustered_vectors(3000, 1));
  CellSource source;
  source.dims = StoreFixture::kDim;
  source.items = 3000;
  source.visit = [&](const std::function<void(const VectorBlock&)>& visit) {
    for_each_row_block(fixture.store(), fixture.model(), 0, visit);
  };
  const auto bytes = [&](unsigned threads) {
    CellBuildOptions options;
    options.threads = threads;
    const std::string path = fixture.path(threads == 1 ? "one" : "many");
    build_cell_file(source, options, {}, path, {});
    std::ifstream file{path, std::ios::binary};
    return std::string{std::istreambuf_iterator<char>{file}, {}};
  };
  const std::string one = bytes(1);
  CHECK(one.size() > 100'000);
  CHECK((one == bytes(4)));
}

TEST_CASE("cells: a file that is cut off, changed or another's is refused") {
  StoreFixture fixture;
  fixture.put(clustered_vectors(300, 1));
  const IndexInfo info = build_cell_index(fixture.store(), fixture.model(), {});
  const std::string path = generation_file(fixture.store(), info.kind, info.generation);
  CellFile{path}.verify();
  std::string good;
  {
    std::ifstream file{path, std::ios::binary};
    good.assign(std::istreambuf_iterator<char>{file}, {});
  }
  const auto write = [&](const std::string& bytes) {
    std::filesystem::remove(path);
    std::ofstream{path, std::ios::binary} << bytes;
  };
  for (const std::size_t size : {std::size_t{0}, std::size_t{4095}, good.size() - 1}) {
    write(good.substr(0, size));
    CHECK_THROWS_AS(open(fixture, info), Error);
  }
  std::string damaged = good;
  damaged[30] = static_cast<char>(damaged[30] ^ 1);
  write(damaged);
  CHECK_THROWS_AS(open(fixture, info), Error);
  damaged = good;
  damaged[good.size() / 2] = static_cast<char>(damaged[good.size() / 2] ^ 1);
  write(damaged);
  CHECK_THROWS_AS(CellFile{path}.verify(), Error);
  CHECK_THROWS_AS(check_index(fixture.store(), fixture.model(), IndexKind::cells, {}), Error);
  std::filesystem::remove(path);
  CHECK_THROWS_AS(open(fixture, info), Error);
  write(good);
  IndexInfo other = info;
  other.last_embedding_id += 1;
  CHECK_THROWS_AS(open(fixture, other), Error);
}

TEST_CASE("cells: a build that is killed leaves the generation before in use") {
  StoreFixture fixture;
  const auto vectors = clustered_vectors(3000, 1);
  fixture.put(vectors);
  const IndexInfo first = build_cell_index(fixture.store(), fixture.model(), {});
  for (const std::uint64_t rows : {1U, 2000U}) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto store = fixture.open();
      try {
        build_cell_index(store, fixture.model(), {}, [&](std::uint64_t done) {
          if (done >= rows) ::_exit(9);
        });
      } catch (...) {
      }
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 9);
  }
  auto store = fixture.open();
  const auto info = find_index(store, fixture.model().embedding_model_id, IndexKind::cells);
  REQUIRE(info.has_value());
  CHECK(info->generation == first.generation);
  CellIndex index{store, fixture.model(), *info};
  CHECK(index.search({vectors[9], 1}, 0.99).size() == 1);
  // The next build sweeps what the killed ones left.
  const IndexInfo second = build_cell_index(store, fixture.model(), {});
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{fixture.path("indexes")})
    files += entry.path().filename() == "cells_" + std::to_string(second.generation) ? 1 : 100;
  CHECK(files == 1);
}

TEST_CASE("cells: removals while an index is built are not lost") {
  StoreFixture fixture;
  const auto vectors = clustered_vectors(500, 1);
  const auto atoms = fixture.put(vectors);
  auto other = fixture.open();
  bool removed = false;
  const IndexInfo info = build_cell_index(other, fixture.model(), {}, [&](std::uint64_t) {
    if (!removed) fixture.remove_embedding(atoms[3]);
    removed = true;
  });
  REQUIRE(removed);
  CellIndex index{other, fixture.model(), info};
  CHECK(index.search({vectors[3], 1}, 0.99).front().atom_id != atoms[3]);
}

TEST_CASE("cells: a build that fails leaves no note behind") {
  StoreFixture fixture;
  const auto vectors = clustered_vectors(400, 1);
  const auto atoms = fixture.put(vectors);
  const auto count = [&](const char* table) {
    return fixture.store().db().query_integer("SELECT count(*) FROM " + std::string{table});
  };
  // A build that was killed, of a model that is no more, left one too.
  {
    hart::store::WriteTransaction transaction{fixture.store()};
    fixture.store()
        .db()
        .prepare("INSERT INTO cell_build VALUES (1, 999, 1)", hart::store::Scope::owner)
        .run();
    transaction.commit();
  }
  const auto fail = [&](std::int64_t atom_id) {
    auto other = fixture.open();
    CHECK_THROWS_AS(build_cell_index(other, fixture.model(), {},
                                     [&](std::uint64_t) {
                                       fixture.remove_embedding(atom_id);
                                       throw Error{hart::Fault::internal, "stop"};
                                     }),
                    Error);
  };
  fail(atoms[0]);
  CHECK(count("cell_build") == 0);
  CHECK(count("embedding_removed") == 0);
  fixture.remove_embedding(atoms[1]);
  CHECK(count("embedding_removed") == 0);

  // A generation that is there needs what was removed meanwhile.
  const IndexInfo info = build_cell_index(fixture.store(), fixture.model(), {});
  fail(atoms[2]);
  CHECK(count("cell_build") == 0);
  CHECK(count("embedding_removed") == 1);
  CellIndex index = open(fixture, info);
  CHECK(index.search({vectors[2], 1}, 0.99).front().atom_id != atoms[2]);
}

TEST_CASE("cells: index check measures the recall that was asked for") {
  StoreFixture fixture;
  fixture.put(clustered_vectors(3000, 1));
  build_cell_index(fixture.store(), fixture.model(), {});
  CheckOptions options;
  options.wanted = 0.99;
  const auto report = check_index(fixture.store(), fixture.model(), IndexKind::cells, options);
  CHECK(report.recall >= 0.97);
  CHECK(report.interval < 0.05);
  const auto stored =
      find_index(fixture.store(), fixture.model().embedding_model_id, IndexKind::cells);
  CHECK(stored->recall == report.recall);
  CHECK(stored->recall_interval == report.interval);
}

}  // namespace
