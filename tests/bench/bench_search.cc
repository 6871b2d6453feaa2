// Vector search: nearest points of an R-tree, the exact scan beside plain reading of the same
// memory, and whole searches in a store with their measured recall. One JSON object a line;
// medians.
//
//   bench_search [--smoke] [--dim N] [--threads N]

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "core/parallel.h"
#include "index/exact.h"
#include "index/index.h"
#include "index/rtree_index.h"
#include "store/catalog_writer.h"
#include "tensor/vector_batch.h"

namespace {

using namespace hart;
using index::IndexKind;
using index::PointRtree;
using index::SpatialNeighbor;
using index::VectorQuery;

struct Options {
  std::size_t points = 1'000'000;
  std::size_t scan_bytes = std::size_t{256} << 20;  ///< far beyond the caches
  std::size_t stored = 100'000;
  std::size_t dim = 128;
  int queries = 200;
  unsigned threads = default_threads();
};

void print(const Json& json) {
  std::printf("%s\n", dump_json(json).c_str());
}

/// Median and 99th percentile of `runs` calls, in seconds.
struct Times {
  double median;
  double p99;
};
template <typename Body> Times time_runs(int runs, Body body) {
  std::vector<double> seconds;
  for (int i = 0; i < runs; ++i) {
    const double start = steady_seconds();
    body(i);
    seconds.push_back(steady_seconds() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  return {seconds[seconds.size() / 2], seconds[seconds.size() * 99 / 100]};
}

/// A directory that goes when the benchmark does.
class Scratch {
 public:
  Scratch() {
    path_ = (std::filesystem::temp_directory_path() / "hart-bench-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) throw Error{Fault::io, "no scratch directory"};
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::vector<PointRtree::Item> random_points(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::uniform_real_distribution<double> uniform{-1, 1};
  std::vector<PointRtree::Item> items(n);
  for (std::size_t i = 0; i < n; ++i)
    items[i] = {static_cast<std::int64_t>(i) + 1,
                {uniform(random), uniform(random), uniform(random), 0}};
  return items;
}

/// The k nearest of uniform points, in a database on disk as an index is.
void bench_points(const Options& options) {
  const Scratch scratch;
  store::Connection db{scratch.file("points.db"), store::Connection::Mode::create, 0};
  db.exec("PRAGMA page_size = 65536; PRAGMA journal_mode = WAL; BEGIN");
  PointRtree tree{db, "points"};
  const auto items = random_points(options.points, 1);
  const double started = steady_seconds();
  tree.create(items, {});
  db.exec("COMMIT");
  const double built = steady_seconds() - started;
  const auto queries = random_points(static_cast<std::size_t>(options.queries), 2);
  for (const std::size_t k : {std::size_t{10}, std::size_t{100}}) {
    const store::Snapshot snapshot{db};
    const Times times = time_runs(options.queries, [&](int i) {
      std::size_t found = 0;
      tree.nearest(queries[static_cast<std::size_t>(i)].point,
                   [&](const SpatialNeighbor&) { return ++found < k; });
    });
    print({{"type", "rtree_nearest"},
           {"points", options.points},
           {"k", k},
           {"median_ms", times.median * 1e3},
           {"p99_ms", times.p99 * 1e3},
           {"inserts_per_s", static_cast<double>(options.points) / built}});
  }
}

/// The speed that the memory gives to a loop that does nothing but read.
double read_seconds(const std::vector<float>& values, unsigned threads) {
  std::atomic<std::uint32_t> sink = 0;
  constexpr std::size_t kLanes = 16;
  return time_runs(5,
                   [&](int) {
                     parallel_for(values.size() / kLanes, 1 << 14, threads,
                                  [&](std::size_t begin, std::size_t end) {
                                    const auto* words =
                                        reinterpret_cast<const std::uint32_t*>(values.data());
                                    std::uint32_t sums[kLanes] = {};
                                    for (std::size_t i = begin; i < end; ++i)
                                      for (std::size_t lane = 0; lane < kLanes; ++lane)
                                        sums[lane] ^= words[kLanes * i + lane];
                                    for (const std::uint32_t sum : sums) sink ^= sum;
                                  });
                   })
      .median;
}

/// The exact scan over vectors in memory, beside reading them.
void bench_scan(const Options& options, unsigned threads) {
  index::VectorBlock block;
  block.dim = options.dim;
  const std::size_t n = options.scan_bytes / (sizeof(float) * options.dim);
  std::mt19937 random{3};
  std::uniform_real_distribution<float> uniform{-1, 1};
  std::vector<float> vector(options.dim);
  for (std::size_t i = 0; i < n; ++i) {
    for (float& x : vector) x = uniform(random);
    block.push_back(static_cast<std::int64_t>(i), static_cast<std::int64_t>(i), vector);
  }
  const auto gigabytes = static_cast<double>(n * options.dim * sizeof(float)) / 1e9;
  const double reading = gigabytes / read_seconds(block.values, threads);
  for (const index::Metric metric :
       {index::Metric::dot, index::Metric::cosine, index::Metric::l2}) {
    const double seconds = time_runs(7, [&](int) {
                             index::TopK nearest{10};
                             index::scan_block(block, {vector, 10, metric}, threads, nearest);
                           }).median;
    print({{"type", "exact_scan"},
           {"metric", index::metric_name(metric)},
           {"dims", options.dim},
           {"threads", threads},
           {"gb_per_s", gigabytes / seconds},
           {"plain_read_gb_per_s", reading},
           {"share_of_bandwidth", gigabytes / seconds / reading}});
  }
}

/// Batches of queries over stored rows of each type, in memory: what a query costs, and how
/// much of the memory's bandwidth its reading takes.
void bench_batch(const Options& options) {
  using tensor::DType;
  std::mt19937 random{5};
  std::uniform_int_distribution<int> byte{0, 119};  // no pattern that is infinite or no number
  const std::size_t total = options.scan_bytes / 4;
  std::vector<std::uint8_t> bytes(total + sizeof(float));
  for (std::uint8_t& value : bytes) value = static_cast<std::uint8_t>(byte(random));
  const double reading =
      static_cast<double>(total) / 1e9 / read_seconds(std::vector<float>(total / 4, 1.0f), 1);
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::i8}) {
    tensor::VectorRows rows{dtype, bytes.data(), 0, options.dim};
    rows.n = total / rows.row_bytes();
    const std::vector<float> scales(rows.n, 0.5f);
    if (dtype == DType::i8) rows.scales = scales.data();
    for (const std::size_t batch : {1u, 4u, 16u, 64u}) {
      const std::vector<float> queries(batch * options.dim, 0.25f);
      std::vector<float> out(batch * rows.n);
      const double seconds = time_runs(5, [&](int) {
                               tensor::dot_batch(queries.data(), batch, rows, out.data());
                             }).median;
      print({{"type", "dot_batch"},
             {"dtype", std::string{tensor::dtype_info(dtype).name}},
             {"dims", options.dim},
             {"rows", rows.n},
             {"batch", batch},
             {"ns_per_row_and_query",
              seconds * 1e9 / static_cast<double>(batch) / static_cast<double>(rows.n)},
             {"gb_per_s", static_cast<double>(total) / 1e9 / seconds},
             {"plain_read_gb_per_s", reading}});
    }
  }
}

/// Vectors around a few hundred centres, as those of texts lie.
std::vector<float> clustered_vector(std::mt19937_64& random,
                                    const std::vector<std::vector<float>>& centres) {
  std::normal_distribution<float> normal;
  std::vector<float> vector = centres[random() % centres.size()];
  for (float& x : vector) x += 0.5f * normal(random);
  return vector;
}

void fill_store(store::Store& store, const store::EmbeddingModel& model,
                const Options& options) {
  std::mt19937_64 random{4};
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> centres(300, std::vector<float>(options.dim));
  for (auto& centre : centres)
    for (float& x : centre) x = normal(random);
  store::WriteTransaction transaction{store};
  store::CatalogWriter writer{store};
  for (std::size_t i = 0; i < options.stored; ++i) {
    Id id;
    for (std::size_t b = 0; b < 8; ++b) id.hash[b] = static_cast<std::uint8_t>(i >> (8 * b));
    const std::string text = std::to_string(i);
    const std::int64_t atom =
        writer.put_atom(id, store::AtomForm::inlined, as_bytes(text), text.size());
    writer.hold_atom(atom, store::Modality::text, "word");
    store::put_embedding(store, model, atom, clustered_vector(random, centres));
  }
  transaction.commit();
}

/// Exact search of many queries in one pass over the store.
void bench_store_batch(store::Store& store, const store::EmbeddingModel& model,
                       const Options& options) {
  std::mt19937_64 random{6};
  std::normal_distribution<float> normal;
  std::vector<float> vectors(64 * options.dim);
  for (float& x : vectors) x = normal(random);
  for (const std::size_t batch : {1u, 16u, 64u}) {
    std::vector<VectorQuery> queries;
    for (std::size_t q = 0; q < batch; ++q)
      queries.push_back({std::span{vectors}.subspan(q * options.dim, options.dim), 10});
    const double seconds =
        time_runs(5, [&](int) { (void)index::exact_search(store, model, queries, 1); }).median;
    print({{"type", "store_exact_batch"},
           {"vectors", options.stored},
           {"dims", options.dim},
           {"batch", batch},
           {"ms_per_query", seconds * 1e3 / static_cast<double>(batch)}});
  }
}

/// Whole searches in a store: rows, the flat index, and the R-tree with what it finds.
void bench_store(const Options& options) {
  const Scratch scratch;
  const std::string directory = scratch.file("store");
  store::Store::create(directory, {&store::catalog_schema(), 1});
  store::Store store{{directory, "default", 1000, true}};
  store::EmbeddingModel model;
  {
    store::WriteTransaction transaction{store};
    model = store::ensure_embedding_model(store, "bench", {},
                                          static_cast<std::int64_t>(options.dim));
    transaction.commit();
  }
  fill_store(store, model, options);
  std::vector<float> query(options.dim);
  store::for_each_embedding(store, model.embedding_model_id, 0, [&](const auto& embedding) {
    if (embedding.embedding_id == 1)
      query.assign(embedding.vector.begin(), embedding.vector.end());
  });
  const VectorQuery asked{query, 10};
  const auto measure = [&](const char* how) {
    const double seconds =
        time_runs(9, [&](int) {
          (void)index::exact_search(store, model, {&asked, 1}, options.threads);
        }).median;
    print({{"type", "store_exact"},
           {"from", how},
           {"vectors", options.stored},
           {"dims", options.dim},
           {"threads", options.threads},
           {"median_ms", seconds * 1e3}});
  };
  measure("rows");
  double started = steady_seconds();
  (void)index::build_index(store, model, IndexKind::flat);
  print({{"type", "index_build"}, {"kind", "flat"}, {"seconds", steady_seconds() - started}});
  measure("flat");
  bench_store_batch(store, model, options);
  started = steady_seconds();
  (void)index::build_index(store, model, IndexKind::rtree);
  print({{"type", "index_build"}, {"kind", "rtree"}, {"seconds", steady_seconds() - started}});
  for (const std::size_t candidates : {100u, 1000u, 10000u}) {
    const auto report = index::check_index(store, model, IndexKind::rtree,
                                           {10, candidates, 50, 1, options.threads});
    print({{"type", "store_spatial"},
           {"vectors", options.stored},
           {"dims", options.dim},
           {"candidates", candidates},
           {"recall_at_10", report.recall},
           {"mean_ms", report.indexed_s * 1e3}});
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--smoke") {
      options.points = 5'000;
      options.scan_bytes = std::size_t{4} << 20;
      options.stored = 1'000;
      options.queries = 20;
    } else if (argument == "--dim" && i + 1 < argc) {
      options.dim = std::max(1ul, std::strtoul(argv[++i], nullptr, 10));
    } else if (argument == "--threads" && i + 1 < argc) {
      options.threads = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
    } else {
      std::fprintf(stderr, "usage: bench_search [--smoke] [--dim N] [--threads N]\n");
      return 2;
    }
  }
  bench_points(options);
  bench_scan(options, 1);
  if (options.threads > 1) bench_scan(options, options.threads);
  bench_batch(options);
  bench_store(options);
  return 0;
}
