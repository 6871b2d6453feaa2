#include "index/code_assigner.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>
#include <set>

#include "index/cell_build.h"
#include "index/cell_file.h"
#include "index/cell_scan.h"
#include "index/kmeans.h"
#include "tensor/vector.h"

namespace {

using namespace hart::index;

constexpr std::size_t kDim = 24;

/// Rows of length 1 around `centres` centres.
std::vector<float> unit_rows(std::size_t n, std::size_t centres, std::uint64_t seed) {
  std::mt19937_64 random{77};
  std::normal_distribution<float> normal;
  std::vector<float> middle(centres * kDim);
  for (float& x : middle) x = normal(random);
  random.seed(seed);
  std::vector<float> rows(n * kDim);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t centre = random() % centres;
    for (std::size_t j = 0; j < kDim; ++j)
      rows[i * kDim + j] = middle[centre * kDim + j] + normal(random);
    hart::tensor::normalize({rows.data() + i * kDim, kDim});
  }
  return rows;
}

KmeansOptions with_cells(std::size_t cells, bool spherical = true) {
  KmeansOptions options;
  options.cells = cells;
  options.spherical = spherical;
  return options;
}

struct Assignment {
  std::vector<std::uint32_t> cells;
  std::vector<float> scores;
  std::vector<std::uint32_t> second;
  bool operator==(const Assignment&) const = default;
};

template <typename Assigning>
Assignment assign(const Assigning& assigner, const std::vector<float>& rows,
                  unsigned threads = 1) {
  const std::size_t n = rows.size() / kDim;
  Assignment found{std::vector<std::uint32_t>(n), std::vector<float>(n),
                   std::vector<std::uint32_t>(n)};
  assigner.assign(rows.data(), n, threads, found.cells.data(), found.scores.data(),
                  found.second.data());
  return found;
}

TEST_CASE("near cells: the best are kept in order whatever order they are offered in") {
  const std::vector<float> scores{0.5F, 2, 2, -1, 3, 2, 0};
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  do {
    NearCells near{4};
    for (const std::uint32_t cell : order) near.offer(scores[cell], cell);
    REQUIRE(near.size() == 4);
    const std::vector<std::uint32_t> found{near.cell(0), near.cell(1), near.cell(2),
                                           near.cell(3)};
    REQUIRE(found == std::vector<std::uint32_t>{4, 1, 2, 5});
    REQUIRE(near.score(0) == 3);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("near cells: a row whose only near cell is its own spills nowhere else") {
  const std::vector<float> centroids(2 * kDim, 1);
  const std::vector<float> row(kDim, 1);
  NearCells near{kSpillChoices};
  near.offer(1, 1);
  CHECK(spill_cell(row, near, centroids) == 1);
  near.offer(1, 0);
  CHECK(spill_cell(row, near, centroids) == 1);
}

TEST_CASE("code assigner: nearly every row gets the cell that a comparison with all finds") {
  const auto rows = unit_rows(8000, 300, 1);
  for (const bool spherical : {true, false}) {
    const auto centroids = kmeans(rows, 8000, kDim, with_cells(600, spherical));
    const auto all = assign(Assigner{centroids, kDim}, rows);
    const auto coded = assign(CodeAssigner{centroids, kDim}, rows);
    std::size_t same = 0;
    for (std::size_t i = 0; i < all.cells.size(); ++i) {
      same += all.cells[i] == coded.cells[i] ? 1 : 0;
      CHECK(coded.scores[i] <= all.scores[i] + 1e-5F);
      CHECK(coded.cells[i] < 600);
      CHECK(coded.second[i] != coded.cells[i]);
    }
    CHECK(static_cast<double>(same) >= 0.9 * static_cast<double>(all.cells.size()));
  }
}

TEST_CASE("code assigner: rows around centres without order keep their cells") {
  // Cells whose neighbours are as far as all the others.
  const auto rows = unit_rows(6000, 2000, 1);
  const auto centroids = unit_rows(700, 700, 9);
  const auto all = assign(Assigner{centroids, kDim}, rows);
  const auto coded = assign(CodeAssigner{centroids, kDim}, rows);
  std::size_t same = 0;
  for (std::size_t i = 0; i < all.cells.size(); ++i)
    same += all.cells[i] == coded.cells[i] ? 1 : 0;
  CHECK(static_cast<double>(same) >= 0.9 * static_cast<double>(all.cells.size()));
}

TEST_CASE("code assigner: where few cells are, all are compared") {
  const auto rows = unit_rows(500, 20, 1);
  for (const std::size_t cells : {1U, 2U, 31U, 32U}) {
    CAPTURE(cells);
    const auto centroids = kmeans(rows, 500, kDim, with_cells(cells));
    const auto all = assign(Assigner{centroids, kDim}, rows);
    const auto coded = assign(CodeAssigner{centroids, kDim}, rows);
    CHECK((coded.cells == all.cells));
    CHECK((coded.second == all.second));
  }
  const std::vector<float> equal(40 * kDim, 0.25F);
  const auto found = assign(CodeAssigner{equal, kDim}, equal);
  CHECK(std::set<std::uint32_t>(found.cells.begin(), found.cells.end()).size() == 1);
}

TEST_CASE("code assigner: cells fitted by codes fit as well as cells that are compared") {
  const auto rows = unit_rows(8000, 300, 1);
  auto options = with_cells(400);
  const auto compared = kmeans(rows, 8000, kDim, options);
  options.coded = true;
  const auto coded = kmeans(rows, 8000, kDim, options);
  options.threads = 4;
  CHECK((kmeans(rows, 8000, kDim, options) == coded));
  const auto fit = [&](const std::vector<float>& centroids) {
    const auto scores = assign(Assigner{centroids, kDim}, rows).scores;
    return std::accumulate(scores.begin(), scores.end(), 0.0) / 8000;
  };
  CHECK(fit(coded) == doctest::Approx(fit(compared)).epsilon(0.005));
}

/// An index of rows in a file that lives as long as it.
class RowIndex {
 public:
  RowIndex(const std::vector<float>& rows, CellAssignment assignment, unsigned threads = 1,
           std::size_t cells = 500) {
    CellSource source;
    source.dims = kDim;
    source.items = rows.size() / kDim;
    source.visit = [&](const std::function<void(const VectorBlock&)>& visit) {
      VectorBlock block;
      block.dim = kDim;
      for (std::size_t i = 0; i < source.items; ++i) {
        const auto id = static_cast<std::int64_t>(i);
        block.push_back(id, id, {rows.data() + i * kDim, kDim});
      }
      visit(block);
    };
    CellBuildOptions options;
    options.cells = cells;
    options.assignment = assignment;
    options.threads = threads;
    std::string name = (std::filesystem::temp_directory_path() / "hart-code-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    directory_ = name;
    path_ = name + "/index";
    build_cell_file(source, options, {}, path_, {});
  }
  ~RowIndex() { std::filesystem::remove_all(directory_); }
  RowIndex(const RowIndex&) = delete;
  RowIndex& operator=(const RowIndex&) = delete;

  [[nodiscard]] std::string bytes() const {
    std::ifstream file{path_, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  /// Which rows the `k` nearest of each query are found to be.
  [[nodiscard]] std::vector<std::set<std::int64_t>> find(const std::vector<float>& queries,
                                                         const CellSettings& settings) const {
    const CellFile file{path_};
    CellScanner scanner{file};
    std::vector<std::set<std::int64_t>> found;
    for (std::size_t at = 0; at < queries.size(); at += kDim) {
      ScanCounts counts;
      found.emplace_back();
      for (const ScoredPosition& one :
           scanner.search({queries.data() + at, kDim}, 10, settings, {}, counts))
        found.back().insert(file.embedding_ids()[one.position]);
    }
    return found;
  }

 private:
  std::string directory_;
  std::string path_;
};

// Under the sanitizers this figure takes minutes and shows nothing that the other cases do not.
#ifndef HART_SANITIZED
TEST_CASE("code assigner: at the same probes an index loses less than half a point of recall") {
  const auto rows = unit_rows(16'000, 300, 1);
  const auto queries = unit_rows(1000, 300, 2);
  const RowIndex compared{rows, CellAssignment::compared};
  const RowIndex coded{rows, CellAssignment::coded};
  const auto truth = compared.find(queries, {500, 16'000, 10});
  const auto recall = [&](const RowIndex& index, std::uint32_t probes) {
    const auto found = index.find(queries, {probes, 400, 10});
    std::size_t hits = 0;
    for (std::size_t q = 0; q < found.size(); ++q)
      for (const std::int64_t id : found[q]) hits += truth[q].count(id);
    return static_cast<double>(hits) / static_cast<double>(10 * found.size());
  };
  double lost = 0;
  for (const std::uint32_t probes : {8U, 16U, 32U}) {
    CHECK(recall(compared, probes) > 0.85);
    lost += recall(compared, probes) - recall(coded, probes);
  }
  CHECK(lost / 3 < 0.005);
}
#endif

TEST_CASE("code assigner: the file of an index made by codes does not depend on the threads") {
  const auto rows = unit_rows(6000, 100, 1);
  const std::string coded = RowIndex{rows, CellAssignment::coded}.bytes();
  CHECK((coded == RowIndex{rows, CellAssignment::coded, 4}.bytes()));
  // Few cells are compared unless codes are asked for.
  const std::string compared = RowIndex{rows, CellAssignment::compared}.bytes();
  CHECK((compared == RowIndex{rows, CellAssignment::automatic}.bytes()));
  CHECK_FALSE((compared == coded));
}

TEST_CASE("code assigner: many cells are found by codes") {
  const auto rows = unit_rows(2500, 100, 1);
  const std::string chosen = RowIndex{rows, CellAssignment::automatic, 1, 2100}.bytes();
  CHECK((chosen == RowIndex{rows, CellAssignment::coded, 1, 2100}.bytes()));
}

TEST_CASE("code assigner: equal and few vectors make an index by codes") {
  for (const std::size_t n : {1U, 2U, 700U}) {
    const std::vector<float> rows(n * kDim, 0.25F);
    const RowIndex index{rows, CellAssignment::coded};
    const auto found = index.find(std::vector<float>(kDim, 1), {500, 700, 3});
    CHECK(found.front().size() == std::min<std::size_t>(n, 10));
  }
}

}  // namespace
