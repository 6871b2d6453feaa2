// Vectors for benchmarks of hart-search: puts clustered random vectors into a store that
// hart-ingest made, prints queries for it as JSON lines, and answers the same queries in
// process.
//
//   hart-bench-vector-store fill STORE VECTORS DIM
//   hart-bench-vector-store queries COUNT DIM array|base64
//   hart-bench-vector-store search STORE COUNT DIM STRATEGY

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <random>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/json.h"
#include "search/searcher.h"
#include "store/catalog_writer.h"
#include "store/embedding.h"

namespace {

using namespace hart;

/// Vectors around a few hundred centres, as those of texts lie. Stored vectors and queries
/// share the centres.
class Vectors {
 public:
  Vectors(std::size_t dim, std::uint64_t seed) : random_{seed} {
    std::mt19937_64 random{1};
    for (auto& centre : centres_) {
      centre.resize(dim);
      for (float& x : centre) x = normal_(random);
    }
  }

  std::vector<float> next() {
    std::vector<float> vector = centres_[random_() % centres_.size()];
    for (float& x : vector) x += 0.7f * normal_(random_);
    return vector;
  }

 private:
  std::mt19937_64 random_;
  std::normal_distribution<float> normal_;
  std::vector<std::vector<float>> centres_{300};
};

constexpr std::uint64_t kStoredSeed = 2;
constexpr std::uint64_t kQuerySeed = 3;

void fill(const std::string& directory, std::size_t n, std::size_t dim) {
  store::Store store{{directory, "default", 1000, true}};
  store::WriteTransaction transaction{store};
  Id content;
  content.hash.fill(1);
  const auto model =
      store::ensure_embedding_model(store, "bench", content, static_cast<std::int64_t>(dim));
  store::CatalogWriter writer{store};
  Vectors vectors{dim, kStoredSeed};
  for (std::size_t i = 0; i < n; ++i) {
    Id id;
    for (std::size_t b = 0; b < 8; ++b) id.hash[b] = static_cast<std::uint8_t>(i >> (8 * b));
    const std::string text = "word" + std::to_string(i);
    const std::int64_t atom =
        writer.put_atom(id, store::AtomForm::inlined, as_bytes(text), text.size());
    writer.hold_atom(atom, store::Modality::text, "word");
    store::put_embedding(store, model, atom, vectors.next());
  }
  transaction.commit();
}

void print_queries(std::size_t count, std::size_t dim, bool base64) {
  Vectors vectors{dim, kQuerySeed};
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<float> vector = vectors.next();
    Json line{{"id", i}};
    if (base64) {
      const ByteView bytes{reinterpret_cast<const std::uint8_t*>(vector.data()),
                           vector.size() * sizeof(float)};
      line["vector"] = {{"dtype", "f32"}, {"base64", to_base64(bytes)}};
    } else {
      line["vector"] = vector;
    }
    std::printf("%s\n", dump_json(line).c_str());
  }
}

/// That this process has used.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// The same queries as `print_queries`, answered without a line read, charged or printed.
void search_in_process(const std::string& directory, std::size_t count, std::size_t dim,
                       const std::string& strategy) {
  store::Store store{{directory, "default", 1000, false}};
  const auto models = store::embedding_models(store);
  if (models.empty()) throw Error{Fault::no_input, "the store holds no vectors"};
  Vectors vectors{dim, kQuerySeed};
  std::vector<search::Query> queries(count);
  for (search::Query& query : queries) {
    query.vector = vectors.next();
    query.model = models.front();
    query.strategy = search::find_strategy(strategy).value_or(search::Strategy::automatic);
  }
  search::Searcher searcher{store};
  std::string chosen;
  std::size_t hits = 0;
  const double started = steady_seconds();
  const double cpu_started = cpu_seconds();
  for (const search::Query& query : queries) {
    const search::Result result = searcher.run(query);
    chosen = search::strategy_name(result.explain.chosen);
    hits += result.hits.size();
  }
  const double cpu_used = cpu_seconds() - cpu_started;
  const double seconds = steady_seconds() - started;
  const double per_query_us = 1e6 / static_cast<double>(count);
  std::printf("%s\n", dump_json({{"type", "bench"},
                                 {"what", "in process"},
                                 {"strategy", chosen},
                                 {"queries", count},
                                 {"hits", hits},
                                 {"us_per_query", seconds * per_query_us},
                                 {"cpu_us_per_query", cpu_used * per_query_us}})
                          .c_str());
}

int run(const std::vector<std::string>& arguments) {
  const auto number = [&](std::size_t i) { return std::stoul(arguments.at(i)); };
  const std::string command = arguments.empty() ? "" : arguments.front();
  if (command == "fill" && arguments.size() == 4)
    fill(arguments[1], number(2), number(3));
  else if (command == "queries" && arguments.size() == 4)
    print_queries(number(1), number(2), arguments[3] == "base64");
  else if (command == "search" && arguments.size() == 5)
    search_in_process(arguments[1], number(2), number(3), arguments[4]);
  else
    throw Error{Fault::usage,
                "usage: hart-bench-vector-store fill STORE VECTORS DIM |"
                " queries COUNT DIM array|base64 | search STORE COUNT DIM STRATEGY"};
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hart-bench-vector-store: %s\n", error.what());
    return 1;
  }
}
