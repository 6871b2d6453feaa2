// Nearest neighbours by the cell index beside hnswlib, on the same vectors in the same run, one
// thread. One JSON object a line: an engine at a setting, its recall@10 against exact search
// and what a query costs; then what building costs.
//
//   bench_vectors [--smoke] [--vectors FILE --queries FILE --dims D] [--items N] [--centres N]
//                 [--cells N] [--coded 0|1] [--no-peer]
//
// FILE holds little-endian f32 rows. Without files: a mixture of Gaussians around a hundredth
// as many centres, or N.

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#ifdef HART_HAVE_HNSWLIB
#include <hnswlib/hnswlib.h>
#endif

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "index/cell_build.h"
#include "index/cell_file.h"
#include "index/cell_scan.h"
#include "tensor/dot_matrix.h"
#include "tensor/vector.h"

namespace {

using namespace hart;
using namespace hart::index;

constexpr std::size_t kNeighbors = 10;
constexpr int kRounds = 3;

struct Options {
  std::string vectors;
  std::string queries;
  std::size_t dims = 384;
  std::size_t items = 100'000;
  std::size_t query_count = 1000;
  std::size_t centres = 0;
  CellBuildOptions build;
  bool peer = true;
};

struct Data {
  std::size_t dims = 0;
  std::vector<float> base;
  std::vector<float> queries;
  std::vector<std::vector<std::uint32_t>> truth;
  [[nodiscard]] std::size_t items() const { return base.size() / dims; }
  [[nodiscard]] std::size_t query_count() const { return queries.size() / dims; }
  [[nodiscard]] const float* row(std::size_t i) const { return base.data() + i * dims; }
  [[nodiscard]] const float* query(std::size_t i) const { return queries.data() + i * dims; }
};

std::vector<float> read_rows(const std::string& path) {
  std::ifstream file{path, std::ios::binary | std::ios::ate};
  if (!file) throw Error{Fault::no_input, path + ": cannot be read"};
  std::vector<float> rows(static_cast<std::size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(rows.data()),
            static_cast<std::streamsize>(rows.size() * sizeof(float)));
  return rows;
}

/// Points around centres, as far from them as these are from each other.
void make_mixture(const Options& options, Data& data) {
  std::mt19937_64 random{1};
  std::normal_distribution<float> normal;
  const std::size_t centres =
      options.centres > 0 ? options.centres : std::max<std::size_t>(10, options.items / 100);
  std::vector<float> centre(centres * options.dims);
  for (float& value : centre) value = normal(random);
  const auto fill = [&](std::vector<float>& rows, std::size_t n) {
    rows.resize(n * options.dims);
    for (std::size_t i = 0; i < n; ++i) {
      const float* near = centre.data() + random() % centres * options.dims;
      for (std::size_t j = 0; j < options.dims; ++j)
        rows[i * options.dims + j] = near[j] + normal(random);
    }
  };
  fill(data.base, options.items);
  fill(data.queries, options.query_count);
}

/// Unit vectors, so that every engine ranks by the same product.
Data make_data(const Options& options) {
  Data data;
  data.dims = options.dims;
  if (options.vectors.empty()) {
    make_mixture(options, data);
  } else {
    data.base = read_rows(options.vectors);
    data.queries = read_rows(options.queries);
  }
  for (std::vector<float>* rows : {&data.base, &data.queries})
    for (std::size_t i = 0; i + options.dims <= rows->size(); i += options.dims)
      tensor::normalize({rows->data() + i, options.dims});
  constexpr std::size_t kBlock = 512;
  std::vector<std::vector<std::pair<float, std::uint32_t>>> nearest(data.query_count());
  std::vector<float> products(data.query_count() * kBlock);
  for (std::size_t first = 0; first < data.items(); first += kBlock) {
    const std::size_t n = std::min(kBlock, data.items() - first);
    tensor::dot_matrix(data.queries.data(), data.query_count(), data.row(first), n, data.dims,
                       products.data());
    for (std::size_t q = 0; q < data.query_count(); ++q) {
      auto& best = nearest[q];
      for (std::size_t i = 0; i < n; ++i)
        best.emplace_back(-products[q * n + i], static_cast<std::uint32_t>(first + i));
      const std::size_t kept = std::min(best.size(), kNeighbors);
      std::partial_sort(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(kept),
                        best.end());
      best.resize(kept);
    }
  }
  for (const auto& best : nearest) {
    data.truth.emplace_back();
    for (const auto& [score, id] : best) data.truth.back().push_back(id);
  }
  return data;
}

/// Runs every query; `find(query, out)` writes the ids it found, 10 at most, and returns how
/// many.
template <typename Find>
Json measure(const Data& data, const char* engine, const std::string& setting, Find find) {
  const std::size_t n = data.query_count();
  std::vector<double> latency(n, 1e9);
  std::size_t hits = 0;
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    hits = 0;
    const double began = steady_seconds();
    for (std::size_t q = 0; q < n; ++q) {
      std::uint32_t found[kNeighbors];
      const double start = steady_seconds();
      const std::size_t count = find(data.query(q), found);
      latency[q] = std::min(latency[q], steady_seconds() - start);
      for (std::size_t i = 0; i < count; ++i)
        hits += static_cast<std::size_t>(
            std::count(data.truth[q].begin(), data.truth[q].end(), found[i]));
    }
    best = std::min(best, steady_seconds() - began);
  }
  std::sort(latency.begin(), latency.end());
  const double recall = static_cast<double>(hits) / static_cast<double>(n * kNeighbors);
  return {{"bench", "vectors"},
          {"engine", engine},
          {"setting", setting},
          {"recall", std::round(recall * 1e4) / 1e4},
          {"queries_per_s", std::round(static_cast<double>(n) / best)},
          {"median_us", std::round(latency[n / 2] * 1e7) / 10},
          {"p99_us", std::round(latency[n * 99 / 100] * 1e7) / 10}};
}

void print(const Json& json) {
  std::printf("%s\n", dump_json(json).c_str());
  std::fflush(stdout);
}

CellSource source_of(const Data& data) {
  CellSource source;
  source.dims = data.dims;
  source.items = data.items();
  source.visit = [&](const std::function<void(const VectorBlock&)>& visit) {
    VectorBlock block;
    block.dim = data.dims;
    for (std::size_t i = 0; i < data.items(); ++i) {
      const auto id = static_cast<std::int64_t>(i);
      block.push_back(id, id, {data.row(i), data.dims});
      if (block.size() < rows_per_block(data.dims) && i + 1 < data.items()) continue;
      visit(block);
      block.clear();
    }
  };
  return source;
}

void bench_cells(const Data& data, const CellBuildOptions& options) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("hart-bench-" + std::to_string(::getpid())))
          .string();
  const std::clock_t clock_began = std::clock();
  const double began = steady_seconds();
  build_cell_file(source_of(data), options, {}, path, {});
  const double built = steady_seconds() - began;
  const double used = static_cast<double>(std::clock() - clock_began) / CLOCKS_PER_SEC;
  const double opening = steady_seconds();
  const CellFile file{path};
  CellScanner scanner{file};
  const double opened = steady_seconds() - opening;
  for (const CellCalibration& calibration : file.calibrations()) {
    if (calibration.k != kNeighbors) continue;
    ScanCounts counts;
    const auto find = [&](const float* query, std::uint32_t* out) {
      const auto found =
          scanner.search({query, data.dims}, kNeighbors, calibration.settings, {}, counts);
      for (std::size_t i = 0; i < found.size(); ++i)
        out[i] = static_cast<std::uint32_t>(file.embedding_ids()[found[i].position]);
      return found.size();
    };
    char setting[96];
    std::snprintf(setting, sizeof setting, "recall %.3f: %u cells, %u kept",
                  static_cast<double>(calibration.target), calibration.settings.cells,
                  calibration.settings.rerank);
    print(measure(data, "cells", setting, find));
  }
  const auto bytes = static_cast<double>(std::filesystem::file_size(path));
  print({{"bench", "vectors_build"},
         {"engine", "cells"},
         {"items", data.items()},
         {"seconds", std::round(built * 100) / 100},
         {"cpu_seconds", std::round(used * 100) / 100},
         {"open_ms", std::round(opened * 1e5) / 100},
         {"bytes_to_raw",
          std::round(bytes / static_cast<double>(data.base.size() * 4) * 1000) / 1000}});
  std::filesystem::remove(path);
}

#ifdef HART_HAVE_HNSWLIB
void bench_hnswlib(const Data& data) {
  hnswlib::InnerProductSpace space{data.dims};
  hnswlib::HierarchicalNSW<float> graph{&space, data.items(), 16, 200};
  const double began = steady_seconds();
  for (std::size_t i = 0; i < data.items(); ++i) graph.addPoint(data.row(i), i);
  const double built = steady_seconds() - began;
  for (const std::size_t width : {16U, 32U, 48U, 64U, 96U, 128U, 192U, 256U}) {
    graph.setEf(width);
    const auto find = [&](const float* query, std::uint32_t* out) {
      auto found = graph.searchKnn(query, kNeighbors);
      std::size_t count = 0;
      for (; !found.empty(); found.pop())
        out[count++] = static_cast<std::uint32_t>(found.top().second);
      return count;
    };
    print(measure(data, "hnswlib", "M 16, ef " + std::to_string(width), find));
  }
  print({{"bench", "vectors_build"},
         {"engine", "hnswlib"},
         {"items", data.items()},
         {"seconds", std::round(built * 100) / 100}});
}
#endif

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const auto is = [&](const char* name) { return std::strcmp(argv[i], name) == 0; };
    if (is("--smoke")) {
      options.items = 2000;
      options.dims = 64;
      options.query_count = 50;
    } else if (is("--no-peer")) {
      options.peer = false;
    } else if (i + 1 < argc && is("--vectors")) {
      options.vectors = argv[++i];
    } else if (i + 1 < argc && is("--queries")) {
      options.queries = argv[++i];
    } else if (i + 1 < argc && is("--dims")) {
      options.dims = std::strtoul(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && is("--coded")) {
      options.build.assignment =
          std::strcmp(argv[++i], "1") == 0 ? CellAssignment::coded : CellAssignment::compared;
    } else if (i + 1 < argc && is("--items")) {
      options.items = std::strtoul(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && is("--centres")) {
      options.centres = std::strtoul(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && is("--cells")) {
      options.build.cells = std::strtoul(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "bench_vectors: unknown argument %s\n", argv[i]);
      return 64;
    }
  }
  try {
    const Data data = make_data(options);
    bench_cells(data, options.build);
#ifdef HART_HAVE_HNSWLIB
    if (options.peer) bench_hnswlib(data);
#endif
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_vectors: %s\n", error.what());
    return 70;
  }
  return 0;
}
