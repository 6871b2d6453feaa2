// Influence followed over five hops of a provenance graph of a million relationships, and the
// same asked in the query language; how fast receipts come into the graph. JSON lines.
//
// Each inference is influenced by eight earlier ones: of the latest 64, or of all at random,
// which is the worst that the rule allows.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/uuid.h"
#include "crypto/sha256.h"
#include "prov/cypher/query.h"
#include "prov/graph/derivation.h"
#include "prov/graph/influence_walk.h"
#include "prov/graph/store_graph.h"
#include "prov/receipt_sink.h"
#include "prov/schema.h"
#include "prov/stream.h"
#include "scratch_directory.h"

namespace {

using namespace hart;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kInfluences = 8;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

store::Store open_store(const bench::ScratchDirectory& directory) {
  const std::array<store::SchemaModule, 2> modules{store::catalog_schema(),
                                                   prov::prov_schema()};
  store::Store::create(directory.store(), modules);
  return store::Store{{directory.store(), "default", 60'000, true}};
}

/// Influences among receipts that are not there: the walk reads nothing else.
void put_influences(store::Store& store, std::int64_t inferences, std::int64_t reach) {
  std::mt19937_64 random{7};
  store.db().exec("PRAGMA foreign_keys = OFF");
  store::WriteTransaction transaction{store};
  auto insert = store.db().prepare(
      "INSERT INTO provenance_influence (later_stream_id, rank, tenant_id, earlier_stream_id,"
      " strength_millionths) VALUES (?, ?, 1, ?, 500000)",
      store::Scope::owner);
  for (std::int64_t later = 2; later <= inferences; ++later) {
    const std::int64_t earliest = std::max<std::int64_t>(1, later - reach);
    std::vector<std::int64_t> earlier;
    while (static_cast<std::int64_t>(earlier.size()) <
           std::min(kInfluences, later - earliest)) {
      const auto one = std::uniform_int_distribution{earliest, later - 1}(random);
      if (std::ranges::find(earlier, one) == earlier.end()) earlier.push_back(one);
    }
    std::int64_t rank = 0;
    for (const std::int64_t one : earlier) insert.run(later, rank++, one);
  }
  transaction.commit();
}

void measure_walks(const char* shape, std::int64_t inferences, std::int64_t reach) {
  const bench::ScratchDirectory directory;
  store::Store store = open_store(directory);
  put_influences(store, inferences, reach);
  std::mt19937_64 random{11};
  for (const auto& [name, direction] :
       {std::pair{"up", prov::Lineage::up}, std::pair{"down", prov::Lineage::down}}) {
    std::vector<double> times;
    std::size_t reached = 0;
    for (int i = 0; i < 101; ++i) {
      const auto start =
          std::uniform_int_distribution{inferences / 4, inferences / 4 * 3}(random);
      const store::Snapshot snapshot{store.db()};
      const Clock::time_point begin = Clock::now();
      reached += prov::walk_influences(store, {start}, direction, 5).size();
      times.push_back(milliseconds_since(begin));
    }
    std::printf("%s\n", dump_json({{"type", "benchmark"},
                                   {"name", "five hops"},
                                   {"shape", shape},
                                   {"direction", name},
                                   {"relationships", inferences * kInfluences},
                                   {"reached_mean", reached / 101},
                                   {"median_ms", median(times)},
                                   {"slowest_ms", *std::ranges::max_element(times)}})
                            .c_str());
  }
}

GenerationBegin answer(int number) {
  GenerationBegin begin;
  begin.started = 1'700'000'000'000'000 + number;
  begin.inference = make_uuid7(begin.started);
  begin.operation = "generate_text";
  begin.models = {{{IdSpace::structure, crypto::sha256(as_bytes("model"))}, "model.gguf"}};
  begin.prompt = "what is it?";
  for (int i = 0; i < 5; ++i) {
    const std::string text = "passage " + std::to_string((number * 3 + i * i) % 997);
    begin.evidence.push_back(
        {{IdSpace::content, crypto::sha256(as_bytes(text))}, 0.5, text, "book.md"});
  }
  return begin;
}

void measure_derivation(int receipts) {
  const bench::ScratchDirectory directory;
  store::Store store = open_store(directory);
  store.db().exec("PRAGMA synchronous = OFF");
  prov::ReceiptSink sink{store};
  for (int i = 0; i < receipts; ++i) {
    sink.begin(answer(i));
    GeneratedToken token;
    token.text = "it";
    sink.token(token);
    sink.end({1'700'000'001'000'000 + i, "it", "stop", 5, 1});
  }
  Clock::time_point begin = Clock::now();
  prov::derive_graph(store);
  const double seconds = milliseconds_since(begin) / 1000;
  std::printf("%s\n", dump_json({{"type", "benchmark"},
                                 {"name", "derivation"},
                                 {"receipts", receipts},
                                 {"receipts_per_second", receipts / seconds}})
                          .c_str());
  const prov::StoreGraph graph{store};
  const prov::cypher::Query query{
      "MATCH (i:Inference {inference_id: $id})-[:INFLUENCED_BY*1..5]->(j)"
      " RETURN count(DISTINCT j)"};
  const auto newest = prov::stream_at(store, static_cast<std::uint64_t>(receipts) - 1);
  const prov::cypher::Map parameters{{"id", uuid_text(newest->uuid)}};
  const store::Snapshot snapshot{store.db()};
  begin = Clock::now();
  prov::cypher::Budget budget;
  std::int64_t reached = 0;
  query.run(graph, parameters, budget, [&](std::span<const prov::cypher::Value> row) {
    reached = row[0].integer();
    return true;
  });
  std::printf("%s\n", dump_json({{"type", "benchmark"},
                                 {"name", "five hops as a query"},
                                 {"reached", reached},
                                 {"milliseconds", milliseconds_since(begin)}})
                          .c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  const std::int64_t inferences = smoke ? 1'000 : 125'000;
  measure_walks("of the latest 64", inferences, 64);
  measure_walks("of all", inferences, inferences);
  measure_derivation(smoke ? 100 : 10'000);
}
